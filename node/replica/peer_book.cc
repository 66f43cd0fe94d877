#include "node/replica/peer_book.h"

#include <algorithm>

#include "base/check.h"

namespace timebank::replica {

PeerBook::PeerBook(const std::optional<crypto::PublicKey>& own) {
  if (own) own_ = crypto::SuitedKey(*own);
}

void PeerBook::Take(const Sets& sets) {
  peers_.clear();
  ids_.clear();
  keys_.clear();
  std::uint32_t place = 0;
  for (const v1::Validator& validator : sets.current.validators()) {
    const consensus::PeerId id(place++);
    const auto key = PeerKey::From(validator.tls_key_hash());
    if (!key || validator.key() == own_) continue;
    ids_[*key] = id;
    keys_[id] = *key;
  }
  Add(sets.current);
  if (sets.departing != nullptr) Add(*sets.departing);
  if (sets.waiting != nullptr) Add(*sets.waiting);
}

void PeerBook::Add(const v1::ValidatorSetRecord& set) {
  for (const v1::Validator& validator : set.validators()) {
    const auto key = PeerKey::From(validator.tls_key_hash());
    if (!key || validator.key() == own_) continue;
    const bool known = std::any_of(peers_.begin(), peers_.end(),
                                   [&key](const Peer& peer) { return peer.key == *key; });
    if (!known) peers_.push_back({*key, validator.name(), validator.address()});
  }
}

consensus::PeerId PeerBook::IdOf(const PeerKey& key) {
  const auto known = ids_.find(key);
  if (known != ids_.end()) return known->second;
  const consensus::PeerId id(next_observer_++);
  ids_[key] = id;
  keys_[id] = key;
  return id;
}

const PeerKey* PeerBook::KeyOf(consensus::PeerId id) const {
  const auto known = keys_.find(id);
  return known == keys_.end() ? nullptr : &known->second;
}

}  // namespace timebank::replica
