// What the operating system lets this process use.
#pragma once

#include <cstdint>

#include "platform/status.h"

namespace timebank::platform {

// Raises the soft limit of open files and connections to the hard one. Gives the limit now in
// force.
[[nodiscard]] Result<std::uint64_t> RaiseDescriptorLimit();

}  // namespace timebank::platform
