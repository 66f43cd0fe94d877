// A receipt from anybody against the genesis file: it is refused, or it says what the log says.
//   input: Receipt
#include "chain/receipt.h"

#include <algorithm>

#include "chain/canonical.h"
#include "chain/testing/sample_chain.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

using chain::testing::SampleChain;

// What the sample chain recorded under this id; null for none.
const chain::ReceiptParts* Recorded(const SampleChain& sample, const Hash& id) {
  for (const chain::ReceiptParts* parts : {&sample.claim, &sample.approval, &sample.sweep}) {
    if (parts->transaction_id == id) return parts;
  }
  return nullptr;
}

}  // namespace

void RunReceipt(Input input) {
  static const SampleChain sample;
  static const auto genesis = chain::ParseGenesis(AsBytes(sample.genesis_bytes));
  const auto verified = chain::VerifyReceipt(input.Rest(), *genesis);
  if (!verified) {
    TB_CHECK(!chain::Describe(verified.error()).empty());
    return;
  }
  TB_CHECK(verified->header == sample.boundary || verified->header == sample.later);
  const chain::ReceiptParts* parts = Recorded(sample, verified->transaction_id);
  TB_CHECK(parts != nullptr);
  TB_CHECK(!verified->lines.empty());
  for (const v1::EffectsLine& line : verified->lines) {
    TB_CHECK(std::ranges::count(parts->lines, chain::CanonicalBytes(line)) == 1);
  }
}

}  // namespace timebank::fuzz
