// Order and hash of a validator set.
#include "chain/validator_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/domains.h"

namespace timebank::chain {

std::optional<ValidatorSet> ValidatorSet::From(std::vector<crypto::PublicKey> keys) {
  if (keys.empty() || keys.size() > kValidatorsMax) return std::nullopt;
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return std::nullopt;
  return ValidatorSet(std::move(keys));
}

const crypto::PublicKey& ValidatorSet::key(ReplicaIndex index) const {
  TB_CHECK(index.value() < keys_.size());
  return keys_[index.value()];
}

std::optional<ReplicaIndex> ValidatorSet::IndexOf(const crypto::PublicKey& key) const {
  const auto found = std::lower_bound(keys_.begin(), keys_.end(), key);
  if (found == keys_.end() || *found != key) return std::nullopt;
  return ReplicaIndex(static_cast<std::uint16_t>(found - keys_.begin()));
}

Hash ValidatorSet::SetHash() const {
  ByteWriter set;
  set.U16(static_cast<std::uint16_t>(keys_.size()));
  for (const crypto::PublicKey& key : keys_) set.U8(crypto::kSuiteEd25519).Raw(key.view());
  return TagHash(kValidatorSetDomain, {set.bytes()});
}

}  // namespace timebank::chain
