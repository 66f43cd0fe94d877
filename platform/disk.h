// Free space of the disk below a path, and the watermark under which a node takes no new
// transactions while it goes on voting.
#pragma once

#include <cstdint>
#include <string>

#include "platform/status.h"

namespace timebank::platform {

struct DiskSpace {
  std::uint64_t free_bytes = 0;  // What a process without privileges may still write.
  std::uint64_t total_bytes = 0;
};

[[nodiscard]] Result<DiskSpace> SpaceOf(const std::string& path);

// True when fewer than `watermark_bytes` are free, or when that cannot be found out: a disk that
// does not answer is no place to accept more work.
[[nodiscard]] bool IsDiskLow(const std::string& path, std::uint64_t watermark_bytes);

}  // namespace timebank::platform
