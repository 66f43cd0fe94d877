#include "platform/disk.h"

#include <sys/statvfs.h>

namespace timebank::platform {

Result<DiskSpace> SpaceOf(const std::string& path) {
  struct statvfs info = {};
  if (::statvfs(path.c_str(), &info) != 0) return FailErrno("cannot ask for free space of " + path);
  const std::uint64_t unit = info.f_frsize;
  return DiskSpace{.free_bytes = unit * info.f_bavail, .total_bytes = unit * info.f_blocks};
}

bool IsDiskLow(const std::string& path, std::uint64_t watermark_bytes) {
  const auto space = SpaceOf(path);
  return !space || space->free_bytes < watermark_bytes;
}

}  // namespace timebank::platform
