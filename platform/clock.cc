#include "platform/clock.h"

#include <chrono>

namespace timebank::platform {
namespace {

template <typename Unit, typename Clock>
std::uint64_t Now() {
  const auto since = std::chrono::duration_cast<Unit>(Clock::now().time_since_epoch()).count();
  // A system clock before 1970 is a broken machine; zero keeps the value meaningful.
  return since < 0 ? 0 : static_cast<std::uint64_t>(since);
}

}  // namespace

Millis WallTime() { return Millis(Now<std::chrono::milliseconds, std::chrono::system_clock>()); }

std::uint64_t MonotonicMs() { return Now<std::chrono::milliseconds, std::chrono::steady_clock>(); }

std::uint64_t MonotonicUs() { return Now<std::chrono::microseconds, std::chrono::steady_clock>(); }

}  // namespace timebank::platform
