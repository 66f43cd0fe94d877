#include "consensus/signer.h"

namespace timebank::consensus {

using chain::VoteKind;
using chain::VotePosition;

LocalSigner::LocalSigner(const crypto::SecretKey& key, const Hash& chain_id)
    : key_(key), chain_id_(chain_id) {}

bool LocalSigner::Remember(const VotePosition& position) {
  Signed& before = signed_[Position{position.epoch, position.view}];
  switch (position.kind) {
    case VoteKind::kNotarize:
      if (!before.notarize) before.notarize = position;
      return *before.notarize == position;
    case VoteKind::kNullify:
      if (before.finalize) return false;
      before.nullify = position;
      return true;
    case VoteKind::kFinalize:
      if (before.nullify) return false;
      if (!before.finalize) before.finalize = position;
      return *before.finalize == position;
  }
  return false;
}

std::optional<crypto::Signature> LocalSigner::Sign(const VotePosition& position) {
  if (Position{position.epoch, position.view} <= floor_) return std::nullopt;
  if (!Remember(position)) return std::nullopt;
  return key_.Sign(chain::VoteBytes(chain_id_, position));
}

void LocalSigner::RaiseFloor(const Position& floor) {
  if (floor <= floor_) return;
  floor_ = floor;
  signed_.erase(signed_.begin(), signed_.upper_bound(floor));
}

}  // namespace timebank::consensus
