// Proof of double voting, carried in blocks (CONSENSUS 9). A block's record of it is in the same
// batch as everything else that the block changed (P16). Its effect is a proposal to the council:
// who is proven to have voted twice stays in the set until CHANGE_VALIDATORS removes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"
#include "ledger/records.h"
#include "ledger/state.h"

namespace timebank::ledger {

inline constexpr std::size_t kBlockEvidenceMax = 16;

// Why evidence is not recorded.
enum class EvidenceRefusal : std::uint8_t {
  kForm,       // not the canonical bytes of two votes that exclude each other
  kNotNow,     // of an epoch to come, or older than the one before: keys long retired prove little
  kNotProven,  // the key is not of that epoch's set, or a signature does not verify
  kKnown,      // there is a proof of this kind against this validator
};
[[nodiscard]] std::string_view Describe(EvidenceRefusal refusal);

// Would a block on `state` record it? Empty when it would. kKnown is told before signatures are
// looked at.
[[nodiscard]] std::optional<EvidenceRefusal> JudgeEvidence(const State& state, ByteView evidence);
// Records it, or says why not and changes nothing.
[[nodiscard]] std::optional<EvidenceRefusal> RecordEvidence(Records& records, const State& parent,
                                                            Height height, ByteView evidence);

// What is recorded of an epoch. Empty: nothing.
[[nodiscard]] std::optional<v1::EvidenceRecord> EvidenceOf(const State& state, Epoch epoch);

}  // namespace timebank::ledger
