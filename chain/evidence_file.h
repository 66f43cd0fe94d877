// Evidence as it is handed out: with the links that prove the set of its epoch, so that the genesis
// file alone is enough to check it, now or in decades.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/evidence.h"
#include "chain/genesis.h"
#include "chain/receipt.h"

namespace timebank::chain {

// Canonical bytes of a v1::EvidenceFile. `epochs`: from genesis to that of the evidence.
[[nodiscard]] std::string BuildEvidenceFile(std::string_view evidence, const EpochLinks& epochs);
// Checks such bytes with the genesis alone.
[[nodiscard]] Expected<Evidence, EvidenceFault> VerifyEvidenceFile(ByteView file,
                                                                   const Genesis& genesis);

}  // namespace timebank::chain
