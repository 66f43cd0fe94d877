// Proof of double voting: taken and written back as the same bytes, or refused; and whoever is
// proven to have voted twice signed both votes.
//   input: v1::Evidence
#include "chain/evidence.h"

#include "chain/testing/sample_chain.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunEvidence(Input input) {
  static const chain::testing::SampleChain sample;
  const ByteView bytes = input.Rest();
  const auto evidence = chain::DecodeEvidence(bytes);
  if (!evidence) {
    TB_CHECK(!chain::Describe(evidence.error()).empty());
    return;
  }
  TB_CHECK(Same(AsBytes(chain::EncodeEvidence(*evidence)), bytes));
  TB_CHECK(evidence->first.position != evidence->second.position);
  const chain::testing::Validators& validators = sample.second;
  if (chain::VerifyEvidence(*evidence, sample.chain_id, validators.set)) return;
  const auto index = validators.set.IndexOf(evidence->validator);
  TB_CHECK(index.has_value());
  for (const chain::EvidenceVote* vote : {&evidence->first, &evidence->second}) {
    const Bytes message = chain::VoteBytes(sample.chain_id, vote->position);
    TB_CHECK(validators.secrets[index->value()].Sign(message) == vote->signature);
  }
}

}  // namespace timebank::fuzz
