#include "node/rpc/peer_clock.h"

#include <algorithm>

namespace timebank::rpc {

void PeerClock::Begin() {
  const std::scoped_lock lock(mutex_);
  best_ms_.reset();
  current_ms_.reset();
}

void PeerClock::Note(Millis theirs, Millis ours, std::uint64_t steady_ms) {
  const auto ahead = std::clamp(static_cast<std::int64_t>(theirs.value() - ours.value()),
                                -kPeerClockAheadMaxMs, kPeerClockAheadMaxMs);
  const std::scoped_lock lock(mutex_);
  if (current_ms_ && steady_ms - began_ms_ < kPeerClockWindowMs) {
    current_ms_ = std::max(*current_ms_, ahead);
    return;
  }
  best_ms_ = current_ms_;
  current_ms_ = ahead;
  began_ms_ = steady_ms;
}

std::optional<std::int64_t> PeerClock::ahead_ms() const {
  const std::scoped_lock lock(mutex_);
  return best_ms_ ? std::max(best_ms_, current_ms_) : current_ms_;
}

}  // namespace timebank::rpc
