#include "ledger/evidence.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "chain/evidence.h"
#include "chain/genesis.h"
#include "ledger/validators.h"

namespace timebank::ledger {
namespace {

using Items = google::protobuf::RepeatedPtrField<v1::RecordedEvidence>;

// Of each validator and kind one proof is kept; items ascend by this.
using Key = std::tuple<crypto::PublicKey, chain::EvidenceKind>;

Key KeyOf(const chain::Evidence& evidence) { return {evidence.validator, evidence.kind}; }

Key KeyOf(const v1::RecordedEvidence& item) {
  const auto evidence = chain::DecodeEvidence(AsBytes(item.evidence()));
  TB_CHECK(evidence.has_value());
  return KeyOf(*evidence);
}

bool IsKnown(const v1::EvidenceRecord* record, const chain::Evidence& evidence) {
  if (record == nullptr) return false;
  return std::any_of(
      record->items().begin(), record->items().end(),
      [&evidence](const v1::RecordedEvidence& item) { return KeyOf(item) == KeyOf(evidence); });
}

std::optional<EvidenceRefusal> Judge(const State& parent, const v1::EvidenceRecord* record,
                                     const chain::Evidence& evidence) {
  const Epoch now(parent.chain().epoch());
  const Epoch epoch = evidence.epoch();
  if (epoch > now || epoch.value() + 1 < now.value()) return EvidenceRefusal::kNotNow;
  if (IsKnown(record, evidence)) return EvidenceRefusal::kKnown;
  const auto set = chain::ValidatorsOf(SetOf(parent, epoch).validators());
  TB_CHECK(set.has_value());
  if (chain::VerifyEvidence(evidence, parent.chain_id(), *set)) return EvidenceRefusal::kNotProven;
  return std::nullopt;
}

}  // namespace

std::string_view Describe(EvidenceRefusal refusal) {
  switch (refusal) {
    case EvidenceRefusal::kForm:
      return "not the canonical bytes of two votes that exclude each other";
    case EvidenceRefusal::kNotNow:
      return "neither of this epoch nor of the one before";
    case EvidenceRefusal::kNotProven:
      return "no validator of that epoch signed both votes";
    case EvidenceRefusal::kKnown:
      return "recorded already";
  }
  return "unknown";
}

std::optional<EvidenceRefusal> JudgeEvidence(const State& state, ByteView bytes) {
  const auto evidence = chain::DecodeEvidence(bytes);
  if (!evidence) return EvidenceRefusal::kForm;
  const auto record = EvidenceOf(state, evidence->epoch());
  return Judge(state, record ? &*record : nullptr, *evidence);
}

std::optional<EvidenceRefusal> RecordEvidence(Records& records, const State& parent, Height height,
                                              ByteView bytes) {
  const auto evidence = chain::DecodeEvidence(bytes);
  if (!evidence) return EvidenceRefusal::kForm;
  const Epoch epoch = evidence->epoch();
  const auto refusal = Judge(parent, records.Find<v1::EvidenceRecord>(epoch), *evidence);
  if (refusal) return refusal;
  Items& items = *records.EditOrCreate<v1::EvidenceRecord>(epoch).mutable_items();
  v1::RecordedEvidence& added = *items.Add();
  added.set_evidence(ToString(bytes));
  added.set_height(height.value());
  std::sort(items.begin(), items.end(),
            [](const auto& a, const auto& b) { return KeyOf(a) < KeyOf(b); });
  return std::nullopt;
}

std::optional<v1::EvidenceRecord> EvidenceOf(const State& state, Epoch epoch) {
  return state.Find<v1::EvidenceRecord>(epoch);
}

}  // namespace timebank::ledger
