// Recovery (CONSENSUS 6): more than f validators lost their logs or keys, so no quorum will ever
// decide again. A document signed by k of n of the council names the last certified block and the
// set that goes on from there, in a new era under a new chain id. Checked with that block's header
// alone: the council's records are proven under its state root.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/header.h"
#include "chain/validator_set.h"
#include "timebank/v1/recovery.pb.h"

namespace timebank::chain {

enum class RecoveryFault : std::uint8_t {
  kNotCanonical,   // not the canonical bytes of one Recovery of version 1
  kDocument,       // the document is not in form, or says no reason or time
  kOtherBlock,     // it names another block than the last certified one
  kEra,            // its era does not follow that of the header
  kValidators,     // no set of 4 to 20 different validators that can be reached
  kCouncil,        // the chain record is not the one under the header's state root
  kSeat,           // who signs is not proven to sit in the council, or stands out of order
  kKey,            // a key that is not its member's, or revoked
  kSignature,      // a signature is missing or does not verify
  kTooFewSigners,  // fewer persons or organisations than the council's threshold
};
[[nodiscard]] std::string_view Describe(RecoveryFault fault);

// What begins with the document.
struct NewEra {
  Hash chain_id;
  Era era;
  ValidatorSet validators;
  v1::RecoveryDocument document;
};

// Checks all of it against the header of the last certified block, whose own Finalization the
// caller has checked.
[[nodiscard]] Expected<NewEra, RecoveryFault> VerifyRecovery(ByteView recovery, const Header& last);
// The same of a draft, in which signatures may still be missing.
[[nodiscard]] Expected<NewEra, RecoveryFault> VerifyRecoveryDraft(ByteView recovery,
                                                                  const Header& last);

// What the council signs.
[[nodiscard]] Bytes RecoverySignedBytes(const Hash& chain_id, ByteView document);
// The chain id of the era that the document begins (FORMATS 1).
[[nodiscard]] Hash NextChainId(const Hash& chain_id, ByteView document);

}  // namespace timebank::chain
