// Named cases through the real replica (CONSENSUS 7), the checkers themselves, and determinism.
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "base/prng.h"
#include "node/replica/block_body.h"
#include "tests/sim/run.h"
#include "tests/sim/stage.h"

namespace timebank::sim {
namespace {

bool IsVote(const consensus::Message& message, chain::VoteKind kind) {
  const auto* vote = std::get_if<consensus::Vote>(&message);
  return vote != nullptr && vote->position.kind == kind;
}

// P2: all nodes die as soon as one has sent such a vote; what they are after the restart has to be
// enough to go on. Several moments each.
void AllCrashAfter(chain::VoteKind kind, const Plan& plan) {
  Stage stage(plan);
  for (int round = 0; round < 5; ++round) {
    bool seen = false;
    stage.cluster().SetOnSent(
        [&seen, kind](NodeIndex, const consensus::Message& m) { seen = seen || IsVote(m, kind); });
    stage.world().RunUntil(Millis(stage.world().now().value() + 20'000), [&] { return seen; });
    EXPECT_TRUE(seen);
    stage.cluster().SetOnSent(nullptr);
    stage.CrashAll();
    stage.RunFor(500);
    stage.RestartAll();
    stage.RunFor(200);
  }
  stage.ExpectLive();
}

TEST(Sim, FourHonestValidatorsCarryACommunity) {
  Stage stage(Calm());
  stage.ExpectLive();
}

TEST(Sim, P2AllCrashAfterNotarize) { AllCrashAfter(chain::VoteKind::kNotarize, Calm()); }
TEST(Sim, P2AllCrashAfterFinalize) { AllCrashAfter(chain::VoteKind::kFinalize, Calm()); }
TEST(Sim, P2AllCrashAfterNullify) {
  Plan plan = Calm();
  plan.byzantine = {{0, Byzantine::Kind::kMute}};  // so that its views are nullified
  AllCrashAfter(chain::VoteKind::kNullify, plan);
}

// All-crash after notarization: the certificate is out, the block not final, all nodes die.
TEST(Sim, P2AllCrashAfterNotarization) {
  Stage stage(Calm());
  bool seen = false;
  stage.cluster().SetOnSent([&](NodeIndex, const consensus::Message& message) {
    const auto* sent = std::get_if<consensus::CertificateMessage>(&message);
    seen =
        seen || (sent != nullptr && sent->certificate.position.kind == chain::VoteKind::kNotarize);
  });
  stage.world().RunUntil(Millis(20'000), [&] { return seen; });
  EXPECT_TRUE(seen);
  stage.CrashAll();
  stage.RestartAll();
  stage.ExpectLive();
}

// The position that a vote or certificate is about.
std::optional<chain::VotePosition> PositionOf(const consensus::Message& message) {
  if (const auto* vote = std::get_if<consensus::Vote>(&message)) return vote->position;
  if (const auto* sent = std::get_if<consensus::CertificateMessage>(&message)) {
    return sent->certificate.position;
  }
  return std::nullopt;
}

// P1: of seven, three hold only the Notarization of a view, three only its Nullification, one is
// down: a quorum is online and has to go on.
TEST(Sim, P1CertificateSplit) {
  Plan plan = Calm();
  plan.validators = 7;
  Stage stage(plan);
  std::set<NodeIndex> notarized;
  std::set<NodeIndex> nullified;
  stage.cluster().SetOnSent([&](NodeIndex from, const consensus::Message& message) {
    if (IsVote(message, chain::VoteKind::kNotarize)) notarized.insert(from);
    if (IsVote(message, chain::VoteKind::kNullify)) nullified.insert(from);
  });
  // Everybody hears the proposal and no vote, so that all notarize and then nullify the view.
  stage.cluster().SetFilter([](NodeIndex, NodeIndex, const consensus::Message& message) {
    return std::holds_alternative<consensus::Proposal>(message);
  });
  stage.world().RunUntil(Millis(10'000), [&] { return nullified.size() == 7; });
  ASSERT_EQ(nullified.size(), 7U);
  EXPECT_EQ(notarized.size(), 6U);  // the leader's vote is its proposal
  stage.cluster().SetFilter([](NodeIndex, NodeIndex to, const consensus::Message& message) {
    const auto position = PositionOf(message);
    if (!position || to == 6) return false;
    return position->kind == (to < 3 ? chain::VoteKind::kNotarize : chain::VoteKind::kNullify);
  });
  const auto split = [&] {
    for (NodeIndex node = 0; node < 6; ++node) {
      const auto view = stage.cluster().node(node).replica().status().consensus.position.view;
      if (view < View(2)) return false;
    }
    return true;
  };
  stage.world().RunUntil(Millis(20'000), split);
  EXPECT_TRUE(split()) << stage.cluster().Explain();
  stage.cluster().Crash(6);
  stage.cluster().SetFilter(nullptr);
  stage.ExpectLive();
}

// P4: nothing leaves or is told to clients before the sync. Every node of every run looks at its
// disk before each vote that it sends and each block that it tells (node.cc).
TEST(Sim, P4NothingLeavesOrIsToldBeforeTheSync) {
  Stage stage(Calm());
  stage.ExpectLive();
  for (NodeIndex node = 0; node < 4; ++node) {
    EXPECT_GT(stage.cluster().node(node).seen_on_disk(), 20U);
  }
}

// P5, P19: a node that was away catches up, also by more than one fetch.
TEST(Sim, P5ANodeThatWasAwayCatchesUp) {
  Plan plan = Calm();
  plan.block_transactions = 1;
  Stage stage(plan);
  stage.RunFor(500);
  stage.cluster().Crash(2);
  stage.RunFor(20'000);
  stage.cluster().Restart(2);
  stage.ExpectLive();
}

// Those who still run have restarted since the last block became final and hold it in storage only;
// the one that was away asks for it by digest, and is needed for the quorum.
TEST(Sim, RestartedNodesServeTheFloorBlockFromStorage) {
  Stage stage(Calm());
  stage.RunFor(500);
  stage.cluster().Crash(3);
  stage.RunFor(30'000);
  stage.cluster().Crash(2);
  for (const NodeIndex node : {0U, 1U}) {
    stage.cluster().Crash(node);
    stage.cluster().Restart(node);
  }
  stage.cluster().Restart(3);
  stage.ExpectLive();
}

// A disk is lost while its node leads: the others still hold that node's vote in the open view and
// tell it. It signs nothing in this run, though it has work and the lead again; the checkers would
// see a second proposal. Later it follows, as an observer.
TEST(Sim, ANodeThatLostItsDiskNeverContradictsItself) {
  for (std::uint64_t round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    Stage stage(Calm());
    stage.RunFor(500 + 700 * round);
    std::optional<NodeIndex> leader;
    stage.cluster().SetOnSent([&leader](NodeIndex from, const consensus::Message& message) {
      if (std::holds_alternative<consensus::Proposal>(message)) leader = from;
    });
    stage.world().RunUntil(Millis(60'000), [&] { return leader.has_value(); });
    ASSERT_TRUE(leader.has_value());
    stage.cluster().SetOnSent(nullptr);
    // The view stays open: of votes only those pass that are told back to who cast them.
    stage.cluster().SetFilter([](NodeIndex from, NodeIndex, const consensus::Message& message) {
      const auto* vote = std::get_if<consensus::Vote>(&message);
      if (vote != nullptr) return vote->signer.value() != from;
      return !std::holds_alternative<consensus::CertificateMessage>(message);
    });
    stage.RunFor(50);
    Node& node = stage.cluster().node(*leader);
    stage.cluster().Crash(*leader);
    node.disk().Wipe();
    stage.cluster().Restart(*leader);
    stage.RunFor(10'000);
    stage.ExpectSafe();
    EXPECT_TRUE(node.replica().status().consensus.unknown_vote.has_value());
    stage.cluster().SetFilter(nullptr);
    stage.ExpectLive();
  }
}

// The mark against replay of one transaction expires without a trace in the log of effects: one
// block carries that, and then it is quiet again, for good.
TEST(Sim, AnExpiredReplayMarkCostsOneBlock) {
  World world;
  Community community(Prng(kSeed).Fork("community"), /*pairs=*/1, /*validators=*/4);
  Cluster cluster(world, Prng(kSeed), community, Calm());
  cluster.Start();
  world.RunUntil(Millis(1'000), [] { return false; });
  const Millis signed_at(world.now().value() + kRunStartMs);
  const auto list_member = community.Opening(signed_at)[1];
  cluster.checkers().Submitted(list_member->transaction.id);
  cluster.Submit(0, 1, list_member);
  world.RunUntil(Millis(45 * kMinuteMs), [] { return false; });
  EXPECT_TRUE(cluster.checkers().IsFinal(list_member->transaction.id));
  const std::size_t height = cluster.checkers().height();
  const auto view = [&] { return cluster.node(0).replica().status().consensus.position.view; };
  world.RunUntil(Millis(53 * kMinuteMs), [] { return false; });
  EXPECT_EQ(cluster.checkers().height(), height + 1);
  EXPECT_TRUE(cluster.Level());
  const View view_after = view();
  world.RunUntil(Millis(120 * kMinuteMs), [] { return false; });
  EXPECT_EQ(cluster.checkers().height(), height + 1);
  EXPECT_EQ(view(), view_after);
  for (NodeIndex node = 0; node < 4; ++node) {
    EXPECT_FALSE(cluster.node(node).replica().status().consensus.gate_open);
  }
  cluster.CheckStates();
  EXPECT_EQ(cluster.checkers().violation().value_or(""), "");
}

// CONSENSUS 5: nothing due and nothing asked is nothing done; one transaction is one block.
TEST(Sim, ADayWithNothingDueAndOneTransactionIsOneBlock) {
  World world;
  Community community(Prng(kSeed).Fork("community"), /*pairs=*/1, /*validators=*/4);
  Cluster cluster(world, Prng(kSeed), community, Calm());
  cluster.Start();
  world.RunUntil(Millis(12 * 60 * kMinuteMs), [] { return false; });
  EXPECT_EQ(cluster.checkers().height(), 0U);
  // A budget leaves no mark that would expire.
  const auto budget = community.Opening(Millis(world.now().value() + kRunStartMs))[0];
  cluster.checkers().Submitted(budget->transaction.id);
  cluster.Submit(0, 1, budget);
  world.RunUntil(Millis(24 * 60 * kMinuteMs), [] { return false; });
  EXPECT_TRUE(cluster.checkers().IsFinal(budget->transaction.id));
  EXPECT_EQ(cluster.checkers().height(), 1U);
  EXPECT_TRUE(cluster.Level());
  EXPECT_EQ(cluster.checkers().violation().value_or(""), "");
}

TEST(Sim, TwoOfFourDownIsNoProgressAndNoHarm) {
  Stage stage(Calm());
  stage.RunFor(800);
  stage.cluster().Crash(0);
  stage.cluster().Crash(1);
  stage.RunFor(3'000);
  const std::size_t height = stage.cluster().checkers().height();
  stage.RunFor(10'000);
  EXPECT_EQ(stage.cluster().checkers().height(), height);
  stage.RestartAll();
  stage.ExpectLive();
}

TEST(Sim, ASeedRunTwiceGivesTheSameTrace) {
  const RunResult first = RunPlan(11, PlanOf(11));
  const RunResult second = RunPlan(11, PlanOf(11));
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.height, second.height);
  EXPECT_NE(first.trace, RunPlan(12, PlanOf(12)).trace);
}

// ---- Runs with a disk that lies have to be caught ----

// Number of the first seed that is caught, 0 when none is.
std::uint64_t CaughtAt(Lie lie, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Plan plan = DrawPlan(Prng(seed).Fork("plan"));
    plan.lie = lie;
    if (RunPlan(seed, plan).verdict == Verdict::kCorrectness) return seed;
  }
  return 0;
}

TEST(SimMutants, ALogThatForgetsVotesIsCaught) {
  const std::uint64_t seed = CaughtAt(Lie::kForgetsVotes, 100);
  EXPECT_NE(seed, 0U);
  RecordProperty("seed", static_cast<int>(seed));
}

TEST(SimMutants, P4ALogThatSyncsLateIsCaught) {
  const std::uint64_t seed = CaughtAt(Lie::kSyncsLate, 10);
  EXPECT_NE(seed, 0U);
  RecordProperty("seed", static_cast<int>(seed));
}

TEST(SimMutants, AnIndexThatForgetsTransactionsIsCaught) {
  const std::uint64_t seed = CaughtAt(Lie::kForgetsTransactions, 100);
  EXPECT_NE(seed, 0U);
  RecordProperty("seed", static_cast<int>(seed));
}

// ---- The checkers: each sees what it is there for ----

class CheckersTest : public testing::Test {
 protected:
  CheckersTest() : community_(Prng(1), 1, 4), checkers_(community_.genesis()) {}
  static consensus::Vote VoteOf(chain::VoteKind kind, int digest) {
    consensus::Vote vote;
    vote.position = {kind, Epoch(0), View(3), View(0), Hash()};
    vote.position.digest.data.fill(static_cast<std::byte>(digest));
    vote.signer = ReplicaIndex(1);
    return vote;
  }
  replica::FinalBlock BlockAt(std::uint64_t height, std::uint64_t time, int transaction) {
    chain::Header header;
    header.chain_id = community_.chain_id();
    header.height = Height(height);
    header.timestamp_ms = Millis(time);
    replica::FinalBlock block;
    block.block.block = consensus::Block(header, replica::MakeBody({}).bytes);
    replica::TransactionRow row;
    row.id.data.fill(static_cast<std::byte>(transaction));
    block.rows.push_back(row);
    return block;
  }
  void Submit(int transaction) {
    Hash id;
    id.data.fill(static_cast<std::byte>(transaction));
    checkers_.Submitted(id);
  }
  std::string Violation() const { return checkers_.violation().value_or("none"); }

  Community community_;
  Checkers checkers_;
};

TEST_F(CheckersTest, SeeTwoVotesOfOneKind) {
  checkers_.Cast(1, VoteOf(chain::VoteKind::kNotarize, 1).position);
  checkers_.Cast(1, VoteOf(chain::VoteKind::kNotarize, 1).position);
  EXPECT_EQ(Violation(), "none");
  checkers_.Cast(1, VoteOf(chain::VoteKind::kNotarize, 2).position);
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeNullifyBesideFinalize) {
  checkers_.Cast(1, VoteOf(chain::VoteKind::kNullify, 0).position);
  checkers_.Cast(1, VoteOf(chain::VoteKind::kNotarize, 1).position);
  EXPECT_EQ(Violation(), "none");
  checkers_.Cast(1, VoteOf(chain::VoteKind::kFinalize, 1).position);
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeAFork) {
  Submit(1);
  checkers_.Final(0, BlockAt(1, 10, 1));
  checkers_.Final(1, BlockAt(1, 10, 1));
  EXPECT_EQ(Violation(), "none");
  checkers_.Final(2, BlockAt(1, 11, 1));
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeATransactionTwice) {
  Submit(1);
  checkers_.Final(0, BlockAt(1, 10, 1));
  checkers_.Final(0, BlockAt(2, 11, 1));
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeATransactionThatNobodySigned) {
  checkers_.Final(0, BlockAt(1, 10, 1));
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeAHeightLeftOut) {
  Submit(1);
  checkers_.Final(0, BlockAt(2, 10, 1));
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeAReceiptThatDoesNotVerify) {
  checkers_.Receipt(0, Hash(), std::string("no receipt"));
  EXPECT_NE(Violation(), "none");
}

TEST_F(CheckersTest, SeeAnAnswerThatOnlyOneClientGot) {
  checkers_.AnsweredFinal(0, Hash(), Height(1));
  EXPECT_NE(Violation(), "none");
}

}  // namespace
}  // namespace timebank::sim
