// Laggards: away for k blocks, restarted, cut off or with an empty disk, they come back by
// themselves (P6, P19, P20).
#include <gtest/gtest.h>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using testing::Cluster;
using testing::NetworkOptions;

enum class Absence { kCrashed, kCutOff, kEmptyDisk };

// Runs the others to at least `blocks` more blocks.
void RunAhead(Cluster& cluster, std::uint64_t blocks, testing::Tx& tx) {
  const std::uint64_t goal = cluster.height(0).value() + blocks;
  while (cluster.height(0).value() < goal) {
    cluster.Submit(++tx, {0, 1, 2});
    ASSERT_TRUE(cluster.RunUntil([&] { return !cluster.node(0).executor.HasValid(); }, 5000));
  }
}

void RunAbsence(Absence absence, std::uint64_t blocks) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 2});
  testing::Tx tx = 0;
  RunAhead(cluster, 5, tx);
  cluster.Run(100);
  if (absence == Absence::kCutOff) {
    cluster.link = [](std::size_t from, std::size_t to, const Message&) {
      return from != 3 && to != 3;
    };
  } else {
    cluster.Crash(3);
  }
  RunAhead(cluster, blocks, tx);
  const std::uint64_t start = cluster.now();
  if (absence == Absence::kEmptyDisk) {
    cluster.node(3).log.clear();
    cluster.node(3).chain.clear();
  }
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  if (absence != Absence::kCutOff) cluster.Restart(3);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(3) == cluster.height(0); }, 60'000));
  // Cut off, it waits for the next Status at most; the rest is fetching.
  EXPECT_LT(cluster.now() - start, 13'000 + 20 * blocks);
  // It takes part again: with one other down it is needed for a quorum.
  cluster.Crash(1);
  cluster.Submit(++tx);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 20'000));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(CatchUp, AfterAnyLag) {
  for (const std::uint64_t blocks : {1U, 63U, 64U, 65U, 1000U}) {
    for (const Absence absence : {Absence::kCrashed, Absence::kCutOff, Absence::kEmptyDisk}) {
      SCOPED_TRACE("blocks " + std::to_string(blocks) + " absence " +
                   std::to_string(static_cast<int>(absence)));
      RunAbsence(absence, blocks);
    }
  }
}

TEST(CatchUp, WhileTheOthersGoOn) {
  Cluster cluster(NetworkOptions{.loss_per_mille = 20, .delay_max_ms = 10});
  testing::Tx tx = 0;
  cluster.Crash(3);
  RunAhead(cluster, 150, tx);
  cluster.Restart(3);
  const std::uint64_t end = cluster.now() + 20'000;
  while (cluster.now() < end) {
    cluster.Submit(++tx, {0, 1, 2});
    cluster.Run(50);
  }
  cluster.SetLoss(0);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 20'000));
  EXPECT_EQ(cluster.height(3), cluster.height(0));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// Like an observer, it gets certificates only, and blocks are final faster than it can ask: it
// follows all the same, without falling behind more and more.
TEST(CatchUp, WithoutProposalsUnderLoad) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 2});
  cluster.link = [](std::size_t, std::size_t to, const Message& message) {
    return to != 3 || !std::holds_alternative<Proposal>(message);
  };
  testing::Tx tx = 0;
  for (int i = 0; i < 300; ++i) {
    cluster.Submit(++tx, {0, 1, 2});
    cluster.Run(10);
  }
  EXPECT_GT(cluster.height(0), Height(200));
  EXPECT_LT(cluster.height(0).value() - cluster.height(3).value(), 60U);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 2000));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// A peer that answers with blocks nobody asked for, or with others' bytes, displaces nothing (P8).
TEST(CatchUp, UnaskedAndFalseBlocksAreIgnored) {
  Cluster cluster(NetworkOptions{});
  cluster.MakePuppet(0);
  cluster.Submit(1, {1, 2, 3});
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 5000));
  const std::size_t logged = cluster.node(1).log.size();
  const Height before = cluster.height(1);
  Blocks reply;
  for (testing::Tx tx = 50; tx < 100; ++tx) reply.blocks.push_back(cluster.BlockOnGenesis(0, {tx}));
  cluster.Deliver(0, 1, reply);
  reply.blocks.assign(kFetchHeadersMax + 1, cluster.BlockOnGenesis(0, {1}));
  cluster.Deliver(0, 1, reply);
  cluster.Run(50);
  EXPECT_EQ(cluster.height(1), before);
  EXPECT_EQ(cluster.node(1).log.size(), logged);
  ASSERT_EQ(cluster.node(1).disconnects.size(), 1U);
  EXPECT_EQ(cluster.node(1).disconnects[0].reason, Misbehaviour::kOversize);
}

}  // namespace
}  // namespace timebank::consensus
