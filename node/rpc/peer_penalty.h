// What misbehaviour costs a peer: nothing is taken from it for a while, twice as long each time.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "node/replica/ports.h"

namespace timebank::rpc {

inline constexpr std::uint64_t kPenaltyFirstMs = 1'000;
inline constexpr std::uint64_t kPenaltyMaxMs = 60'000;
// So long without misbehaviour, and the next penalty is the first again.
inline constexpr std::uint64_t kPenaltyForgivenMs = 600'000;

class PeerPenalties {
 public:
  // Bars `peer` from now on and gives for how many milliseconds. Empty while it is barred already:
  // what it had under way is part of the same offence.
  std::optional<std::uint64_t> Punish(const replica::PeerKey& peer, std::uint64_t now_ms);
  // Milliseconds until `peer` is taken again; 0: it is not barred.
  [[nodiscard]] std::uint64_t BarredFor(const replica::PeerKey& peer, std::uint64_t now_ms) const;

 private:
  struct Penalty {
    std::uint64_t pause_ms = 0;
    std::uint64_t until_ms = 0;
  };
  mutable std::mutex mutex_;
  std::map<replica::PeerKey, Penalty> penalties_;  // only of who may be linked
};

}  // namespace timebank::rpc
