// Proof of double voting through the real replica (CONSENSUS 9): found, flooded, put into a block
// by whoever leads, and under the state root from then on.
#include <algorithm>

#include "chain/evidence.h"
#include "ledger/evidence.h"
#include "tests/sim/bench.h"
#include "tests/sim/stage.h"

namespace timebank::sim {
namespace {

// Two Finalize votes of a view long past, said to be of `accused`; the second is signed by
// `signer`.
std::string TwoFinalizes(Community& community, std::size_t accused, std::size_t signer) {
  const auto& keys = community.validators();
  chain::Evidence evidence{
      chain::EvidenceKind::kConflictingFinalize, keys[accused].public_key(), {}, {}};
  const auto sign = [&](chain::EvidenceVote& vote, std::size_t who, std::uint8_t block) {
    vote.position = {chain::VoteKind::kFinalize, Epoch(0), View(1), View(0), Hash{}};
    vote.position.digest.data[0] = std::byte{block};
    vote.signature = keys[who].Sign(chain::VoteBytes(community.chain_id(), vote.position));
  };
  sign(evidence.first, accused, 1);
  sign(evidence.second, signer, 2);
  return chain::EncodeEvidence(evidence);
}

// What the node's state holds, with the heights.
std::map<std::string, Height> RecordedBy(const replica::Replica& replica) {
  std::map<std::string, Height> all;
  const ledger::State& state = *replica.final_view().state;
  for (std::uint64_t epoch = 0; epoch <= state.chain().epoch(); ++epoch) {
    const auto record = ledger::EvidenceOf(state, Epoch(epoch));
    if (!record) continue;
    for (const auto& item : record->items()) all.emplace(item.evidence(), Height(item.height()));
  }
  return all;
}

// What final blocks up to the node's height hold.
std::map<std::string, Height> InBlocksUpTo(Cluster& cluster, const replica::Replica& replica) {
  std::map<std::string, Height> all;
  for (const auto& [item, height] : cluster.checkers().evidence()) {
    if (height <= replica.final_view().header.height) all.emplace(item, height);
  }
  return all;
}

Plan WithEquivocator() {
  Plan plan = Calm();
  plan.byzantine = {{2, Byzantine::Kind::kEquivocator}};
  return plan;
}

TEST(Evidence, AnEquivocatorIsInEveryState) {
  Stage stage(WithEquivocator());
  stage.ExpectLive();
  stage.RunFor(10'000);
  stage.ExpectSafe();
  const auto& found = stage.cluster().checkers().evidence();
  ASSERT_GE(found.size(), 2U);  // two Notarize votes and two Finalize votes
  for (NodeIndex node = 0; node < 4; ++node) {
    if (!stage.cluster().IsCorrect(node)) continue;
    EXPECT_EQ(RecordedBy(stage.cluster().node(node).replica()), found);
    EXPECT_EQ(stage.cluster().node(node).replica().status().evidence_pending, 0U);
    EXPECT_EQ(stage.cluster().node(node).replica().status().evidence_recorded, found.size());
  }
}

// P16: the record of evidence is in the batch of its block. Whenever a node dies, what it starts
// with again knows of exactly the evidence of the blocks that it holds, so that none is recorded
// twice or lost.
TEST(Evidence, P16TheRecordIsInTheBatchOfItsBlock) {
  Stage stage(WithEquivocator());
  for (int round = 0; round < 12; ++round) {
    stage.RunFor(static_cast<std::uint64_t>(150 + 130 * round));
    stage.CrashAll();
    stage.RestartAll();
    for (NodeIndex node = 0; node < 4; ++node) {
      if (!stage.cluster().IsCorrect(node)) continue;
      const auto& replica = stage.cluster().node(node).replica();
      EXPECT_EQ(RecordedBy(replica), InBlocksUpTo(stage.cluster(), replica)) << round;
    }
  }
  stage.ExpectLive();
  EXPECT_GE(stage.cluster().checkers().evidence().size(), 2U);
}

// One node alone has seen it, and nothing else is to be done: it is flooded, and whoever leads puts
// it into a block.
TEST(Evidence, OneWitnessIsEnoughAndNeedsNoOtherWork) {
  Plan plan = Calm();
  plan.byzantine = {{3, Byzantine::Kind::kMute}};  // its key is the test's
  Stage stage(plan);
  stage.ExpectLive();
  const std::size_t height = stage.cluster().checkers().height();
  const std::string item = TwoFinalizes(stage.community(), 3, 3);
  stage.cluster().node(0).Deliver(
      1, std::make_shared<const std::string>(replica::EncodeGossip({{}, {item}})));
  stage.RunFor(20'000);
  ASSERT_EQ(stage.cluster().checkers().evidence().size(), 1U);
  EXPECT_EQ(stage.cluster().checkers().evidence().begin()->first, item);
  // The block, and at most one more that made it final.
  EXPECT_LE(stage.cluster().checkers().height(), height + 2);
}

// P17, on the wire: who spreads what proves nothing is cut off, and nobody is blamed.
TEST(Evidence, P17ABogusAccusationCutsItsSenderOff) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  for (const std::string& bogus :
       {TwoFinalizes(bench.community(), 1, 2), TwoFinalizes(bench.community(), 0, 2),
        std::string("x"), std::string()}) {
    const std::size_t before = bench.disconnects().size();
    bench.HearEvidence(2, {bogus});
    ASSERT_EQ(bench.disconnects().size(), before + 1);
    EXPECT_EQ(bench.disconnects().back(), consensus::Misbehaviour::kBadEvidence);
    EXPECT_EQ(bench.replica().status().evidence_pending, 0U);
  }
  bench.HearEvidence(2, {TwoFinalizes(bench.community(), 1, 1)});
  EXPECT_EQ(bench.replica().status().evidence_pending, 1U);
  bench.HearEvidence(3, {TwoFinalizes(bench.community(), 1, 1)});
  EXPECT_EQ(bench.replica().status().evidence_pending, 1U);
  EXPECT_EQ(bench.disconnects().size(), 4U);
}

TEST(Evidence, TheAccuserIsNotBelieved) {
  Plan plan = Calm();
  plan.byzantine = {{2, Byzantine::Kind::kAccuser}};
  Stage stage(plan);
  stage.ExpectLive();
  EXPECT_GT(stage.world().fired().at("accuser"), 0U);
  EXPECT_TRUE(stage.cluster().checkers().evidence().empty());
}

}  // namespace
}  // namespace timebank::sim
