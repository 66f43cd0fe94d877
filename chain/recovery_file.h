// A recovery as it is handed on and published: with the links that prove its block, so that the
// genesis file alone is enough to check it.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/genesis.h"
#include "chain/receipt.h"
#include "chain/recovery.h"

namespace timebank::chain {

// Why such a file proves nothing: its form and links, or the recovery at their end.
struct RecoveryFileFault {
  ReceiptFault links = ReceiptFault::kNotCanonical;
  std::optional<RecoveryFault> recovery;
};
[[nodiscard]] std::string_view Describe(const RecoveryFileFault& fault);

struct RecoveryProof {
  EpochLinks links;  // from genesis; the last one carries the recovery
  Header last;       // the last certified block
  v1::Recovery recovery;
  NewEra next;
};

// Canonical bytes of a v1::RecoveryFile. Requires: there is a link, and the last has a recovery.
[[nodiscard]] std::string BuildRecoveryFile(const EpochLinks& links);
[[nodiscard]] Expected<RecoveryProof, RecoveryFileFault> VerifyRecoveryFile(ByteView file,
                                                                            const Genesis& genesis);
// The same where signatures may still be missing.
[[nodiscard]] Expected<RecoveryProof, RecoveryFileFault> VerifyRecoveryDraftFile(
    ByteView file, const Genesis& genesis);

}  // namespace timebank::chain
