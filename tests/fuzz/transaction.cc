// A transaction as it comes from a client or a peer: what is taken is exactly the bytes given, and
// the checks that need no state, and those of keys, answer with a reason.
//   input: envelope
#include "chain/transaction.h"

#include <string>

#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "ledger/kinds.h"
#include "ledger/signatures.h"
#include "ledger/testing/test_ledger.h"
#include "node/replica/signed_transaction.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunTransaction(Input input) {
  const ByteView bytes = input.Rest();
  static const ledger::testing::TestLedger test_ledger;
  const Hash chain_id = test_ledger.state().chain_id();
  const auto shared = replica::ReadTransaction(ToString(bytes), chain_id);
  const auto transaction = chain::ParseEnvelope(bytes, chain_id);
  if (!transaction) {
    TB_CHECK(transaction.error() != v1::REASON_UNSPECIFIED);
    TB_CHECK(!shared.has_value());
    return;
  }
  TB_CHECK(bytes.size() <= chain::kEnvelopeSizeMax);
  TB_CHECK(transaction->envelope_hash == crypto::Sha256(bytes));
  TB_CHECK(transaction->id == chain::TransactionId(chain_id, AsBytes(transaction->body_bytes)));
  TB_CHECK(chain::CanonicalBytes(transaction->body) == transaction->body_bytes);
  TB_CHECK(transaction->signatures.size() ==
           static_cast<std::size_t>(transaction->body.signers_size()));
  TB_CHECK(shared.has_value());
  TB_CHECK(Same(AsBytes((*shared)->envelope), bytes));
  if (ledger::CheckForm(transaction->body) != v1::REASON_UNSPECIFIED) return;
  // Nothing here was signed by a key that exists.
  TB_CHECK(ledger::CheckSignatures(test_ledger.state(), *transaction) != v1::REASON_UNSPECIFIED);
}

}  // namespace timebank::fuzz
