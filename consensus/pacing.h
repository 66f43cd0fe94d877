// How long to wait, for whom: the arithmetic of timers, leaders and silence. No timers themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"

namespace timebank::consensus {

// `base_ms` times 3/2 to the power `views_without_finality`, at most kBackoffMax times (CONSENSUS
// 4). Derived from positions, not counted, so that all validators agree on it.
[[nodiscard]] std::uint64_t BackedOff(std::uint64_t base_ms, std::uint64_t views_without_finality);

// epoch_seed mod n, from the digest of the epoch's boundary block (FORMATS 5).
[[nodiscard]] std::uint64_t LeaderOffset(const Hash& boundary, std::size_t validators);
[[nodiscard]] ReplicaIndex LeaderOf(std::uint64_t offset, View view, std::size_t validators);

// `base_ms` +- 20%, spread by a hash of who and how often: the core has no random numbers.
[[nodiscard]] std::uint64_t Jittered(std::uint64_t base_ms, std::uint64_t own,
                                     std::uint64_t counter);

// In which view each validator was last heard with a valid vote.
class Activity {
 public:
  Activity(std::size_t validators, std::size_t quorum, View now);
  void Heard(ReplicaIndex validator, View view);
  // Silent for n views while q others were not: nobody need wait for it.
  [[nodiscard]] bool IsSilent(ReplicaIndex validator, View now) const;

 private:
  std::size_t quorum_;
  std::vector<View> last_heard_;
};

// So many tokens a second, the same number at once. Requires: tokens of one call below 2^40.
class TokenBucket {
 public:
  explicit TokenBucket(std::uint64_t per_second)
      : per_second_(static_cast<std::int64_t>(per_second)), tokens_milli_(per_second_ * 1000) {}
  // Takes `tokens` or, when there are fewer, none.
  [[nodiscard]] bool Take(Millis now, std::uint64_t tokens);
  // Takes as many as there are, up to `tokens`.
  [[nodiscard]] std::uint64_t TakeUpTo(Millis now, std::uint64_t tokens);
  // Takes what was spent before its size was known: there may be less than none afterwards.
  void Charge(Millis now, std::uint64_t tokens);

 private:
  void Refill(Millis now);

  std::int64_t per_second_;
  std::int64_t tokens_milli_;  // thousandths, so that a refill after 1 ms is exact
  Millis refilled_at_;
};

}  // namespace timebank::consensus
