// The file of `workload run --record`: one line per transaction whose proof was verified, written
// before the run goes on, so that what it names may be asked of the network after any crash.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"

namespace timebank::cli {

class RecordFile {
 public:
  // An existing file is appended to. The error says what is wrong with the path.
  [[nodiscard]] static Expected<std::unique_ptr<RecordFile>, std::string> Create(
      const std::string& path);
  // The ids of a file; a torn last line is left out. The error names the first bad line.
  [[nodiscard]] static Expected<std::vector<Hash>, std::string> Read(const std::string& path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  // "<id> <height>\n", handed to the operating system before it returns. Thread-safe.
  void Add(const Hash& id, Height height);

 private:
  explicit RecordFile(int file) : file_(file) {}
  std::mutex mutex_;
  const int file_;
};

}  // namespace timebank::cli
