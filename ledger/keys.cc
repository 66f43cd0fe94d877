#include "ledger/keys.h"

#include <algorithm>

namespace timebank::ledger {

StateKey& StateKey::Raw(ByteView bytes) {
  TB_CHECK(bytes.size() <= kSizeMax - size_);
  std::copy(bytes.begin(), bytes.end(), data_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + bytes.size());
  return *this;
}

// Bytes beyond the size are zero, so that a key that begins like a longer one is equal to it up to
// there, and the size decides.
std::strong_ordering operator<=>(const StateKey& a, const StateKey& b) {
  const int order = std::memcmp(a.data_.data(), b.data_.data(), StateKey::kSizeMax);
  return order != 0 ? order <=> 0 : a.size_ <=> b.size_;
}

void AppendId(StateKey& key, const OrgAccountId& id) {
  key.Raw(id.owner.view());
  key.U16(static_cast<std::uint16_t>(id.kind)).U16(static_cast<std::uint16_t>(id.asset));
  key.U32(id.lot);
}

void AppendId(StateKey& key, const PolicyVersionId& id) { key.Raw(id.org.view()).U32(id.sequence); }

void AppendId(StateKey& key, const CounterId& id) {
  key.Raw(id.owner.view()).U8(static_cast<std::uint8_t>(id.scope)).U32(id.period);
}

void AppendId(StateKey& key, const GrantId& id) {
  key.Raw(id.member.view()).U32(id.list_class).U32(id.month);
}

void AppendId(StateKey& key, const PairId& id) { key.Raw(id.a.view()).Raw(id.b.view()); }

// ChainRecord [0].
void AppendId(StateKey& key, Single) { key.U8(0); }
void AppendId(StateKey& key, DigestSlot id) { key.U16(id.value()); }
void AppendId(StateKey& key, chain::Era id) { key.U32(id.value()); }
void AppendId(StateKey& key, Epoch id) { key.U64(id.value()); }

}  // namespace timebank::ledger
