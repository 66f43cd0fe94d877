// The two clocks of a process. Ledger time comes from blocks, never from here; a development
// network adds its own offset on top of WallTime().
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace timebank::platform {

// Milliseconds since the Unix epoch by the system clock; may jump.
[[nodiscard]] Millis WallTime();
// Milliseconds and microseconds since an arbitrary moment; never go back.
[[nodiscard]] std::uint64_t MonotonicMs();
[[nodiscard]] std::uint64_t MonotonicUs();

}  // namespace timebank::platform
