#include "platform/limits.h"

#include <sys/resource.h>

namespace timebank::platform {

Result<std::uint64_t> RaiseDescriptorLimit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return FailErrno("cannot read the limit of open files");
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return FailErrno("cannot raise the limit of open files");
  }
  return static_cast<std::uint64_t>(limit.rlim_cur);
}

}  // namespace timebank::platform
