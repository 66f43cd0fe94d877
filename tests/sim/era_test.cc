// A new era by the council's document (CONSENSUS 6): the network that could decide nothing any more
// goes on, and what does not fit is refused before anything is voted.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "chain/canonical.h"
#include "chain/receipt.h"
#include "chain/recovery.h"
#include "ledger/era.h"
#include "node/replica/peer_codec.h"
#include "tests/sim/bench.h"
#include "tests/sim/stage.h"

namespace timebank::sim {
namespace {

using replica::RecoveryFault;

const replica::FinalView& ViewOf(Stage& stage, NodeIndex node) {
  return stage.cluster().node(node).replica().final_view();
}

// All have the last block, and have synced it: a crash takes nothing of it.
void ExpectSettled(Stage& stage) {
  stage.ExpectLive();
  stage.RunFor(30'000);
  for (NodeIndex node = 1; node < 4; ++node) {
    EXPECT_EQ(ViewOf(stage, node).digest, ViewOf(stage, 0).digest) << node;
  }
}

TEST(EraTest, AllGoOnFromTheBlockThatTheCouncilNames) {
  Stage stage(Calm());
  ExpectSettled(stage);
  const replica::FinalView last = ViewOf(stage, 0);
  const std::string recovery =
      stage.community().SignRecovery(*last.state, last.header, {0, 1, 2, 3});
  const auto next = chain::VerifyRecovery(AsBytes(recovery), last.header);
  ASSERT_TRUE(next) << Describe(next.error());
  stage.CrashAll();
  stage.community().UseChain(next->chain_id);
  stage.cluster().BeginEra(recovery, next->chain_id);
  stage.RestartAll();
  EXPECT_EQ(ViewOf(stage, 0).digest, next->chain_id);
  EXPECT_EQ(ViewOf(stage, 0).header.height, last.header.height);

  const auto record = [&stage] {
    const Millis now(kRunStartMs + stage.world().now().value());
    const EntryId entry = stage.community().NewEntry(now);
    const auto order = stage.community().Order(entry, 0, Millis(now.value() + 3'600'000), now);
    stage.cluster().checkers().Submitted(order->transaction.id);
    stage.cluster().SetOnAnswer([](auto&&...) {});  // the workload asked nothing of this
    stage.cluster().Submit(0, 1, order);
    const auto is_final = [&] {
      for (NodeIndex node = 0; node < 4; ++node) {
        if (!ViewOf(stage, node).state->Find<v1::Entry>(entry)) return false;
      }
      return true;
    };
    stage.world().RunUntil(Millis(stage.world().now().value() + 60'000), is_final);
    EXPECT_TRUE(is_final()) << stage.cluster().Explain();
    return order->transaction.id;
  };
  const Hash first = record();
  const chain::Header& header = ViewOf(stage, 0).header;
  EXPECT_EQ(header.era, chain::Era(1));
  EXPECT_EQ(header.chain_id, next->chain_id);
  EXPECT_EQ(header.epoch, last.header.epoch.Next());
  EXPECT_GT(header.height, last.header.height);
  EXPECT_EQ(
      stage.cluster().node(0).disk().ReadBlock(last.header.height.Next())->block.header().parent,
      next->chain_id);
  // Genesis alone proves what the new era recorded, and what the old one did.
  const auto receipt = stage.cluster().node(1).replica().FindReceipt(first, {});
  ASSERT_TRUE(receipt);
  const auto verified =
      chain::VerifyReceipt(AsBytes(*receipt), AsBytes(stage.community().genesis()));
  ASSERT_TRUE(verified) << Describe(verified.error());
  EXPECT_EQ(verified->header.era, chain::Era(1));
  // A start finds the document in the state.
  stage.CrashAll();
  stage.RestartAll();
  record();
  stage.ExpectSafe();
}

// Three validators give up the view, signed for this chain id.
void Nullify(Stage& stage, const Hash& chain_id) {
  const consensus::Snapshot before = stage.cluster().node(0).replica().status().consensus;
  const chain::VotePosition position{.kind = chain::VoteKind::kNullify,
                                     .epoch = before.position.epoch,
                                     .view = before.position.view};
  for (NodeIndex node = 1; node < 4; ++node) {
    const crypto::SecretKey& key = stage.community().validators()[node];
    const consensus::Vote vote{position, ReplicaIndex(static_cast<std::uint16_t>(node)),
                               key.Sign(chain::VoteBytes(chain_id, position))};
    stage.cluster().node(0).Deliver(
        node, std::make_shared<const std::string>(replica::EncodePeerMessage(vote)));
  }
  stage.RunFor(100);
}

TEST(EraTest, VotesOfTheOldEraDoNotCount) {
  Stage stage(Calm());
  ExpectSettled(stage);
  const replica::FinalView last = ViewOf(stage, 0);
  const std::string recovery =
      stage.community().SignRecovery(*last.state, last.header, {0, 1, 2, 3});
  const auto next = chain::VerifyRecovery(AsBytes(recovery), last.header);
  ASSERT_TRUE(next);
  stage.CrashAll();
  stage.cluster().BeginEra(recovery, next->chain_id);
  stage.cluster().Restart(0);
  stage.RunFor(100);
  const auto view = [&stage] {
    return stage.cluster().node(0).replica().status().consensus.position.view;
  };
  const View before = view();
  Nullify(stage, last.header.chain_id);
  EXPECT_EQ(view(), before);
  // The same votes of the new era do. Who sent the others was cut off: it starts anew.
  stage.cluster().Crash(0);
  stage.cluster().Restart(0);
  stage.RunFor(100);
  Nullify(stage, next->chain_id);
  EXPECT_GT(view(), before);
}

// What a node says to a document, with the disk of one that ran.
class RefusalTest : public ::testing::Test {
 protected:
  RefusalTest() : stage_(Calm()) {
    ExpectSettled(stage_);
    last_ = ViewOf(stage_, 0);
    stage_.CrashAll();
  }
  std::optional<RecoveryFault> Open(const std::string& recovery) {
    Disk& disk = stage_.cluster().node(0).disk();
    disk.Reopen();
    Bench bench(&disk);
    return bench.OpenWith(stage_.community().genesis(), recovery);
  }
  Stage stage_;
  replica::FinalView last_;
};

TEST_F(RefusalTest, ADocumentThatDoesNotFitThisNode) {
  Community& community = stage_.community();
  const Height below(last_.header.height.value() - 1);
  const chain::Header lower = stage_.cluster().node(0).disk().ReadBlock(below)->block.header();
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, lower, {0, 1, 2, 3})),
            RecoveryFault::kRecoveryLosesBlock);
  chain::Header higher = last_.header;
  higher.height = higher.height.Next();
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, higher, {0, 1, 2, 3})),
            RecoveryFault::kRecoveryAhead);
  chain::Header fork = last_.header;
  fork.timestamp_ms = fork.timestamp_ms.Next();
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, fork, {0, 1, 2, 3})),
            RecoveryFault::kRecoveryRefused);
  chain::Header other_chain = last_.header;
  other_chain.chain_id = last_.digest;
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, other_chain, {0, 1, 2, 3})),
            RecoveryFault::kRecoveryRefused);
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, last_.header, {0, 1, 2})),
            RecoveryFault::kRecoveryRefused);
  auto signed_by_one = *chain::ParseCanonical<v1::Recovery>(
      AsBytes(community.SignRecovery(*last_.state, last_.header, {0, 1, 2, 3})));
  signed_by_one.mutable_signatures()->RemoveLast();
  EXPECT_EQ(Open(chain::CanonicalBytes(signed_by_one)), RecoveryFault::kRecoveryRefused);
  EXPECT_EQ(Open("no document"), RecoveryFault::kRecoveryRefused);
  EXPECT_EQ(Open(community.SignRecovery(*last_.state, last_.header, {0, 1, 2, 3})), std::nullopt);
}

}  // namespace
}  // namespace timebank::sim
