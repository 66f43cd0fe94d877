// How far the clock of a peer is ahead of this node's, from the ledger times in its frames. For
// people only: no rule depends on it. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/strong.h"

namespace timebank::rpc {

// A frame that took longer makes a clock look slower, never faster: of the frames of so long a time
// the one that looks fastest counts.
inline constexpr std::uint64_t kPeerClockWindowMs = 15'000;
// What a peer says beyond this counts as this: a hundred years.
inline constexpr std::int64_t kPeerClockAheadMaxMs = std::int64_t{36'525} * 86'400'000;

class PeerClock {
 public:
  // Forgets what was noted: a new stream of the peer, or a clock that was set.
  void Begin();
  // `theirs` was written into a frame that arrived when this node's clock said `ours`.
  void Note(Millis theirs, Millis ours, std::uint64_t steady_ms);
  // Negative: behind. Empty: it has not said yet.
  [[nodiscard]] std::optional<std::int64_t> ahead_ms() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::int64_t> best_ms_;     // of the window that ends
  std::optional<std::int64_t> current_ms_;  // of the window that runs
  std::uint64_t began_ms_ = 0;              // of the window that runs
};

}  // namespace timebank::rpc
