#include "platform/status.h"

#include <cerrno>
#include <system_error>

namespace timebank::platform {

Unexpected<std::string> FailErrno(std::string what) {
  const int error = errno;
  return Fail(std::move(what) + ": " + std::generic_category().message(error));
}

}  // namespace timebank::platform
