// When work goes on, when it rests, and what happens while finality is withheld.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using chain::VoteKind;
using testing::Cluster;
using testing::NetworkOptions;

const std::vector<std::string> kNone;

bool IsFinality(const Message& message) {
  const auto* vote = std::get_if<Vote>(&message);
  if (vote != nullptr) return vote->position.kind == VoteKind::kFinalize;
  const auto* certificate = std::get_if<CertificateMessage>(&message);
  return certificate != nullptr && certificate->certificate.position.kind == VoteKind::kFinalize;
}

// One node's pool alone moves no view; f + 1 of them do.
TEST(Gate, OneNodesTransactionWaitsForItsTurnWithoutSpinningTheOthers) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.Submit(1, {leader});
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 2000));
  cluster.Run(3000);
  // The next leader's pool is empty; one node's work alone moves no view.
  const View view = cluster.view_of(0).position.view;
  const std::size_t other = (cluster.LeaderAt(view.value()) + 1) % 4;
  cluster.Submit(2, {other});
  cluster.Run(5000);
  EXPECT_EQ(cluster.view_of(0).position.view, view);
  // With f + 1 of them the rest follow, view by view, to a leader that has it.
  cluster.Submit(2, {(other + 1) % 4});
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(2); }, 10'000));
  EXPECT_EQ(cluster.faults(), kNone);
}

TEST(Gate, DueWorkOpensItAndABlockFollows) {
  Cluster cluster(NetworkOptions{});
  cluster.Run(1000);
  for (std::size_t i = 0; i < 4; ++i) cluster.SetDue(i, true);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(0) == Height(1); }, 2000));
  for (std::size_t i = 0; i < 4; ++i) cluster.SetDue(i, false);
  cluster.Run(20'000);
  EXPECT_FALSE(cluster.view_of(0).gate_open);
  EXPECT_EQ(cluster.faults(), kNone);
}

TEST(Gate, ClosesAgainWhenThePoolEmptiesWithoutABlock) {
  Cluster cluster(NetworkOptions{});
  cluster.Submit(1, {(cluster.LeaderAt(1) + 1) % 4});
  cluster.Run(2000);
  const std::size_t owner = (cluster.LeaderAt(1) + 1) % 4;
  cluster.node(owner).executor = testing::Executor();  // it expired
  cluster.Submit(2, {cluster.LeaderAt(1)});            // and later something real
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(2); }, 5000));
  EXPECT_EQ(cluster.faults(), kNone);
}

// "If the tip is not F: propose, empty if need be": without it a block whose Finalize votes fell
// short would wait for the next customer.
TEST(Tip, UnfinalizedBlockIsCarriedByAnEmptyOne) {
  Cluster cluster(NetworkOptions{});
  cluster.link = [](std::size_t, std::size_t, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    return vote == nullptr || vote->position.kind != VoteKind::kFinalize ||
           vote->position.view != View(1);
  };
  cluster.Submit(1);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 2000));
  cluster.Run(20'000);
  EXPECT_EQ(cluster.height(0), Height(2));
  EXPECT_TRUE(testing::DecodeBody(*cluster.node(0).chain[1].block.body()).empty());
  EXPECT_FALSE(cluster.view_of(0).gate_open);
  EXPECT_EQ(cluster.faults(), kNone);
}

// CONSENSUS 10: at most 16 notarized blocks on one another, then only blocks without transactions.
TEST(Depth, NoTransactionsAboveSixteenUnfinalizedBlocks) {
  Cluster cluster(NetworkOptions{});
  cluster.link = [](std::size_t, std::size_t, const Message& m) { return !IsFinality(m); };
  for (testing::Tx tx = 1; tx <= 60; ++tx) {
    cluster.Submit(tx);
    cluster.Run(300);
  }
  cluster.Run(20'000);
  EXPECT_EQ(cluster.height(0), Height(0));
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(0) > Height(16); }, 20'000));
  for (std::size_t h = 0; h < cluster.node(0).chain.size(); ++h) {
    const CommittedBlock& block = cluster.node(0).chain[h];
    if (h >= kUnfinalizedDepthMax && block.finalization.position.digest != block.block.digest()) {
      EXPECT_EQ(block.block.header().tx_count, 0U) << h;
    }
  }
  EXPECT_GT(cluster.height(0), Height(kUnfinalizedDepthMax + 1));
  for (testing::Tx tx = 1; tx <= 60; ++tx) {
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 20'000));
  }
  EXPECT_EQ(cluster.faults(), kNone);
}

// Drivers keep a bounded number of states. One that is needed again is made again, from the last
// committed block upwards, while finality is still withheld.
TEST(States, LostOnesAreMadeAgain) {
  Cluster cluster(NetworkOptions{});
  std::set<Hash> notarized;
  cluster.link = [&notarized](std::size_t, std::size_t, const Message& m) {
    const auto* sent = std::get_if<CertificateMessage>(&m);
    const bool notarizes =
        sent != nullptr && sent->certificate.position.kind == VoteKind::kNotarize;
    if (notarizes) notarized.insert(sent->certificate.position.digest);
    return !IsFinality(m);
  };
  for (testing::Tx tx = 1; tx <= 6; ++tx) {
    cluster.Submit(tx);
    cluster.Run(300);
  }
  const std::size_t before = notarized.size();
  EXPECT_GT(before, 5U);
  for (std::size_t i = 0; i < 4; ++i) cluster.LoseStates(i);
  cluster.Submit(7);
  cluster.Run(8000);
  EXPECT_GT(notarized.size(), before + 1);
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(7); }, 20'000));
  EXPECT_EQ(cluster.faults(), kNone);
}

// Three delays of 1 ms, the work in between takes no virtual time.
TEST(Latency, LoneTransactionTakesThreeDelays) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 1});
  const std::uint64_t start = cluster.now();
  cluster.Submit(1);
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 1000));
  EXPECT_LE(cluster.now() - start, 3U);
}

// P2 and Status: a node that missed everything while the network rests hears of it.
TEST(Status, RepairsANodeThatMissedTheLastBlockOfADay) {
  Cluster cluster(NetworkOptions{});
  cluster.link = [](std::size_t from, std::size_t to, const Message&) {
    return from != 2 && to != 2;
  };
  cluster.Submit(1, {0, 1, 3});
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.height(0) == Height(1); }, 2000));
  cluster.Run(30'000);
  EXPECT_EQ(cluster.height(2), Height(0));
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(2) == Height(1); }, 13'000));
  EXPECT_EQ(cluster.view_of(2).position, cluster.view_of(0).position);
}

TEST(Partition, MinorityAndMajorityHealWithoutAFork) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(NetworkOptions{.n = 7, .seed = seed, .delay_max_ms = 20});
    Prng prng(seed);
    testing::Tx tx = 0;
    for (int phase = 0; phase < 6; ++phase) {
      const std::uint64_t side = prng.Next();
      cluster.link = [side](std::size_t from, std::size_t to, const Message&) {
        return ((side >> from) & 1) == ((side >> to) & 1);
      };
      for (int i = 0; i < 5; ++i) {
        cluster.Submit(++tx);
        cluster.Run(prng.Below(700));
      }
    }
    cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
    for (testing::Tx t = 1; t <= tx; ++t) {
      EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(t); }, 30'000));
    }
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

}  // namespace
}  // namespace timebank::consensus
