#include "node/rpc/peer_penalty.h"

#include <algorithm>

namespace timebank::rpc {

std::optional<std::uint64_t> PeerPenalties::Punish(const replica::PeerKey& peer,
                                                   std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  Penalty& penalty = penalties_[peer];
  if (now_ms < penalty.until_ms) return std::nullopt;
  const bool forgiven = penalty.pause_ms == 0 || now_ms - penalty.until_ms > kPenaltyForgivenMs;
  penalty.pause_ms = forgiven ? kPenaltyFirstMs : std::min(2 * penalty.pause_ms, kPenaltyMaxMs);
  penalty.until_ms = now_ms + penalty.pause_ms;
  return penalty.pause_ms;
}

std::uint64_t PeerPenalties::BarredFor(const replica::PeerKey& peer, std::uint64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  const auto penalty = penalties_.find(peer);
  if (penalty == penalties_.end() || now_ms >= penalty->second.until_ms) return 0;
  return penalty->second.until_ms - now_ms;
}

}  // namespace timebank::rpc
