// A recovery of an era from anybody: refused, or it is what two of the three council members
// signed.
//   input: Recovery
#include "chain/recovery.h"

#include "chain/canonical.h"
#include "chain/testing/sample_recovery.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunRecovery(Input input) {
  static const chain::testing::SampleRecovery sample;
  const ByteView bytes = input.Rest();
  const auto draft = chain::VerifyRecoveryDraft(bytes, sample.last);
  const auto next = chain::VerifyRecovery(bytes, sample.last);
  if (!next) {
    TB_CHECK(!chain::Describe(next.error()).empty());
    return;
  }
  TB_CHECK(draft.has_value());
  TB_CHECK(next->chain_id == sample.next_chain_id && next->validators == sample.survivors.set);
  TB_CHECK(chain::CanonicalBytes(next->document) == chain::CanonicalBytes(sample.document));
}

}  // namespace timebank::fuzz
