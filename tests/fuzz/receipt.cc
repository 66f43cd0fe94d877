// A receipt from anybody against the genesis file: it is refused, or it says what the log says.
//   input: Receipt
#include "chain/receipt.h"

#include <algorithm>

#include "chain/canonical.h"
#include "chain/testing/sample_recovery.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

using chain::testing::SampleRecovery;

// What the sample chain recorded under this id; null for none.
const chain::ReceiptParts* Recorded(const SampleRecovery& sample, const Hash& id) {
  const auto& chain = sample.chain;
  for (const chain::ReceiptParts* parts :
       {&chain.claim, &chain.approval, &chain.sweep, &sample.claim}) {
    if (parts->transaction_id == id) return parts;
  }
  return nullptr;
}

}  // namespace

void RunReceipt(Input input) {
  static const SampleRecovery sample;
  static const auto genesis = chain::ParseGenesis(AsBytes(sample.chain.genesis_bytes));
  const auto verified = chain::VerifyReceipt(input.Rest(), *genesis);
  if (!verified) {
    TB_CHECK(!chain::Describe(verified.error()).empty());
    return;
  }
  TB_CHECK(verified->header == sample.chain.boundary || verified->header == sample.chain.later ||
           verified->header == sample.first);
  const chain::ReceiptParts* parts = Recorded(sample, verified->transaction_id);
  TB_CHECK(parts != nullptr);
  TB_CHECK(!verified->lines.empty());
  for (const v1::EffectsLine& line : verified->lines) {
    TB_CHECK(std::ranges::count(parts->lines, chain::CanonicalBytes(line)) == 1);
  }
}

}  // namespace timebank::fuzz
