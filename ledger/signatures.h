// Which Ed25519 signatures a transaction carries, over which bytes, by which keys of the state:
// those of its signers, of a PIN statement, proofs of new keys and of a validator's READY. The edge
// verifies them in parallel and remembers what was good by the hash of the whole envelope; a key id
// names one key of a member for good, so what was verified against one state holds in every later
// one. Apply relies on it.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/transaction.h"
#include "crypto/ed25519.h"
#include "ledger/state.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

struct SignatureCheck {
  crypto::PublicKey key;
  Bytes message;
  crypto::Signature signature;
  v1::Reason otherwise;  // BAD_SIGNATURE, BAD_PIN_STATEMENT or BAD_KEY_PROOF
};

// In the order in which failures are to be reported. UNKNOWN_MEMBER or UNKNOWN_KEY when the state
// does not know a signer, BAD_PIN_STATEMENT when it does not know the service's key or a signature
// has no known suite, BAD_KEY_PROOF for a new key or proof without one. Revoked keys are Apply's
// matter.
[[nodiscard]] Expected<std::vector<SignatureCheck>, v1::Reason> CollectSignatureChecks(
    const State& state, const chain::Transaction& transaction);

// Collects and verifies: REASON_UNSPECIFIED when all are good. About 45 us per signature.
[[nodiscard]] v1::Reason CheckSignatures(const State& state, const chain::Transaction& transaction);

}  // namespace timebank::ledger
