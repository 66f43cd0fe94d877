#include "ledger/records.h"

#include <utility>

#include "base/check.h"
#include "ledger/accounts.h"

namespace timebank::ledger {

Records::Records(const State& state) : state_(state) {}

Records::SlotRef& Records::Load(const StateKey& key, const google::protobuf::Message& prototype) {
  auto& table = tables_[static_cast<std::size_t>(key.table())];
  const auto [at, is_new] = table.try_emplace(key);
  if (is_new) {
    Slot& slot = at->second;
    slot.prototype = &prototype;
    slot.now = ReadFromState(key, prototype);
    slot.existed = slot.now != nullptr;
  }
  return *at;
}

google::protobuf::Message* Records::ReadFromState(const StateKey& key,
                                                  const google::protobuf::Message& prototype) {
  const auto bytes = state_.tree().Get(key.view());
  if (!bytes) return nullptr;
  google::protobuf::Message* message = prototype.New(&arena_);
  // Our own bytes, hashed under the root: a record that does not parse is a defect of ours.
  TB_CHECK(message->ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  return message;
}

google::protobuf::Message* Records::Open(const StateKey& key,
                                         const google::protobuf::Message& prototype,
                                         Missing missing) {
  SlotRef& entry = Load(key, prototype);
  Slot& slot = entry.second;
  if (slot.now == nullptr && missing == Missing::kStays) return nullptr;
  KeepForUndo(entry);
  if (slot.now == nullptr) slot.now = prototype.New(&arena_);
  return slot.now;
}

void Records::Remove(const StateKey& key, const google::protobuf::Message& prototype) {
  SlotRef& entry = Load(key, prototype);
  if (entry.second.now == nullptr) return;
  KeepForUndo(entry);
  entry.second.now = nullptr;
}

void Records::KeepForUndo(SlotRef& entry) {
  Slot& slot = entry.second;
  if (slot.edited && slot.saved_in == period_) return;
  Undo undo{
      .key = &entry.first, .slot = &slot, .to_original = !slot.edited, .saved_in = slot.saved_in};
  if (slot.edited) {
    undo.before = Clone(slot.now);
  } else {
    slot.before = FactsOf(entry.first, slot.now);
    slot.edited = true;
  }
  undo_.push_back(undo);
  slot.saved_in = period_;
}

google::protobuf::Message* Records::Clone(const google::protobuf::Message* message) {
  if (message == nullptr) return nullptr;
  google::protobuf::Message* copy = message->New(&arena_);
  copy->CopyFrom(*message);
  return copy;
}

Records::Savepoint Records::Save() {
  ++period_;
  return undo_.size();
}

void Records::RollBack(Savepoint savepoint) {
  while (undo_.size() > savepoint) {
    const Undo& undo = undo_.back();
    Slot& slot = *undo.slot;
    slot.now = undo.to_original ? ReadFromState(*undo.key, *slot.prototype) : undo.before;
    slot.saved_in = undo.saved_in;
    undo_.pop_back();
  }
}

void Records::ForEachChange(const std::function<void(const Change&)>& visit) const {
  for (const auto& table : tables_) {
    for (const auto& [key, slot] : table) {
      if (slot.edited) visit(Change{key, slot.existed, slot.before, slot.now});
    }
  }
}

Records::Facts Records::FactsOf(const StateKey& key,
                                const google::protobuf::Message* record) const {
  if (record == nullptr) return {};
  const auto minutes = BalanceSum(key, record, v1::ASSET_TIME);
  const auto fen = BalanceSum(key, record, v1::ASSET_VOUCHER);
  TB_CHECK(minutes.has_value());
  TB_CHECK(fen.has_value());
  return {*minutes, *fen, DueOf(key.table(), *record, state_.chain().civil_offset_minutes())};
}

}  // namespace timebank::ledger
