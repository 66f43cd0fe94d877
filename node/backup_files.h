// Copies of a node's files with a hash of each, and the list of them: SHA256SUMS, which
// `sha256sum -c` reads. No file is larger than 1 GiB (platform/file.h).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "node/storage/log_scan.h"
#include "platform/status.h"

namespace timebank::node {

inline constexpr char kSumsFile[] = "SHA256SUMS";
// Names relative to the backup, as "log/00000001.log".
using FileSums = std::map<std::string, Hash>;

// All copies are new files of mode 0600, synced.
class FileCopier {
 public:
  FileCopier(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

  // The name must not exist in `to`. `subdirectory` of both: "" or "kv".
  [[nodiscard]] platform::Status CopyFile(const std::string& name);
  // Every file of a database directory but its lock and its notes.
  [[nodiscard]] platform::Status CopyDatabase(const std::string& from);
  // Segments up to `end`; what lies behind it is left zero. Empty: all there is.
  [[nodiscard]] platform::Status CopyLog(const std::optional<storage::LogPosition>& end);
  [[nodiscard]] platform::Status Write(const std::string& name, ByteView content);
  [[nodiscard]] platform::Status WriteSums();

  [[nodiscard]] const FileSums& sums() const { return sums_; }

 private:
  const std::string from_;
  const std::string to_;
  FileSums sums_;
};

// The list of a backup, whose files have these hashes; the error names the first that has not, is
// missing, or is there without being listed.
[[nodiscard]] platform::Result<FileSums> CheckSums(const std::string& backup);

}  // namespace timebank::node
