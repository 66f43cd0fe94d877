// The node log's only way to the disk: one directory of files. The real one uses POSIX calls; the
// one of the tests (testing/faulty_files.h) loses and tears what was not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "platform/status.h"

namespace timebank::storage {

class LogFile {
 public:
  virtual ~LogFile() = default;
  // Writes all bytes at `offset`; not durable before Sync.
  [[nodiscard]] virtual platform::Status Write(std::uint64_t offset, ByteView bytes) = 0;
  // fdatasync: what was written before is durable when it succeeds. After a failure nothing is
  // known about the file's content on disk, so that it must not be called again.
  [[nodiscard]] virtual platform::Status Sync() = 0;
  // Fills `out` from `offset`; an end of file before that is a failure.
  [[nodiscard]] virtual platform::Status Read(std::uint64_t offset,
                                              std::span<std::byte> out) const = 0;
  [[nodiscard]] virtual platform::Result<std::uint64_t> Size() const = 0;
};

// Calls for different names may come from different threads; SyncDirectory from any.
class LogFiles {
 public:
  virtual ~LogFiles() = default;
  // Names in no particular order.
  [[nodiscard]] virtual platform::Result<std::vector<std::string>> List() const = 0;
  [[nodiscard]] virtual platform::Result<std::unique_ptr<LogFile>> Open(
      const std::string& name) const = 0;
  // An empty file; fails when the name is taken.
  [[nodiscard]] virtual platform::Result<std::unique_ptr<LogFile>> Create(
      const std::string& name) = 0;
  // Replaces `to` where it exists.
  [[nodiscard]] virtual platform::Status Rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual platform::Status Remove(const std::string& name) = 0;
  // Makes creations, renames and removals durable.
  [[nodiscard]] virtual platform::Status SyncDirectory() = 0;
  // For messages: the path of a name.
  [[nodiscard]] virtual std::string PathOf(const std::string& name) const = 0;
};

// Files in `directory`, which is created where absent.
[[nodiscard]] platform::Result<std::unique_ptr<LogFiles>> OpenLogDirectory(std::string directory);

}  // namespace timebank::storage
