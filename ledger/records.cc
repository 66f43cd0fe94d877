#include "ledger/records.h"

#include <utility>

#include "base/check.h"

namespace timebank::ledger {
namespace {

std::unique_ptr<google::protobuf::Message> Clone(const google::protobuf::Message* message) {
  if (message == nullptr) return nullptr;
  std::unique_ptr<google::protobuf::Message> copy(message->New());
  copy->CopyFrom(*message);
  return copy;
}

}  // namespace

Records::Records(const State& state) : state_(state) {}

Records::Slot& Records::Load(const StateKey& key, const google::protobuf::Message& prototype) {
  const auto [at, is_new] = slots_.try_emplace(key);
  Slot& slot = at->second;
  if (!is_new) return slot;
  if (const auto bytes = state_.tree().Get(key.view())) {
    slot.now.reset(prototype.New());
    // Our own bytes, hashed under the root: a record that does not parse is a defect of ours.
    TB_CHECK(slot.now->ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  }
  return slot;
}

google::protobuf::Message* Records::Open(const StateKey& key,
                                         const google::protobuf::Message& prototype,
                                         Missing missing) {
  Slot& slot = Load(key, prototype);
  if (slot.now == nullptr && missing == Missing::kStays) return nullptr;
  KeepForUndo(slot);
  if (slot.now == nullptr) slot.now.reset(prototype.New());
  return slot.now.get();
}

void Records::Remove(const StateKey& key, const google::protobuf::Message& prototype) {
  Slot& slot = Load(key, prototype);
  if (slot.now == nullptr) return;
  KeepForUndo(slot);
  slot.now.reset();
}

void Records::KeepForUndo(Slot& slot) {
  if (slot.edited && slot.saved_in == period_) return;
  Undo undo{.slot = &slot, .to_original = !slot.edited, .saved_in = slot.saved_in};
  if (slot.edited) {
    undo.before = Clone(slot.now.get());
  } else {
    slot.original = Clone(slot.now.get());
    slot.edited = true;
  }
  undo_.push_back(std::move(undo));
  slot.saved_in = period_;
}

Records::Savepoint Records::Save() {
  ++period_;
  return undo_.size();
}

void Records::RollBack(Savepoint savepoint) {
  while (undo_.size() > savepoint) {
    Undo& undo = undo_.back();
    undo.slot->now = undo.to_original ? Clone(undo.slot->original.get()) : std::move(undo.before);
    undo.slot->saved_in = undo.saved_in;
    undo_.pop_back();
  }
}

void Records::ForEachChange(const std::function<void(const Change&)>& visit) const {
  for (const auto& [key, slot] : slots_) {
    if (slot.edited) visit(Change{key, slot.original.get(), slot.now.get()});
  }
}

}  // namespace timebank::ledger
