// Laggards: away for k blocks, restarted, cut off or with an empty disk, they come back by
// themselves (P6, P19, P20).
#include <gtest/gtest.h>

#include <algorithm>

#include "consensus/pending.h"
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

TEST(CatchUp, P19AfterAnyLag) {
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

// The floor's block, asked for by digest from peers that have restarted since it became final: they
// keep it in storage only. Without their answer q nodes are up and nothing goes on for ever.
TEST(CatchUp, FloorBlockComesFromTheStorageOfRestartedPeers) {
  for (const std::uint64_t lag : {0U, 1U, 3U}) {
    SCOPED_TRACE(lag);
    Cluster cluster(NetworkOptions{.delay_max_ms = 2, .storage_lag_blocks = lag});
    testing::Tx tx = 0;
    RunAhead(cluster, 5, tx);
    cluster.Run(5000);
    cluster.Crash(3);
    RunAhead(cluster, 1, tx);
    cluster.Run(5000);
    cluster.Crash(2);
    for (const std::size_t i : {0U, 1U}) {
      cluster.Crash(i);
      cluster.Restart(i);
    }
    cluster.Restart(3);
    cluster.Submit(++tx, {0, 1, 3});
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 20'000));
    EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  }
}

// Bodies of final blocks far above the last committed one are not taken, whoever sends them and
// however right they are: they would fill the memory of a laggard.
TEST(CatchUp, HoldsFewBodiesAhead) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 2});
  testing::Tx tx = 0;
  RunAhead(cluster, 2, tx);
  cluster.Run(100);
  cluster.Crash(3);
  RunAhead(cluster, 600, tx);
  cluster.Run(100);
  cluster.Restart(3);
  // Headers come, so that all digests are known, and no bodies but the target's.
  cluster.link = [](std::size_t, std::size_t to, const Message& message) {
    const auto* reply = std::get_if<Blocks>(&message);
    return to != 3 || reply == nullptr || reply->blocks.size() < 2 ||
           reply->blocks[0].body() == nullptr;
  };
  cluster.Run(3000);
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  for (std::size_t from = 550; from + 50 > 100; from -= 50) {
    Blocks reply;
    for (std::size_t i = from; i < from + 50; ++i) {
      reply.blocks.push_back(cluster.node(0).chain[i].block);
    }
    cluster.Deliver(0, 3, reply);
  }
  std::size_t most = 0;
  for (int ms = 0; ms < 10; ++ms) {
    cluster.Run(1);
    most = std::max(most, cluster.view_of(3).held_bodies);
  }
  EXPECT_LE(most, kBodiesAheadMax + 2);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(3) == cluster.height(0); }, 20'000));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(CatchUp, KeepsABoundedNumberOfDigestsTheNearestOnes) {
  FinalChain chain;
  const std::uint64_t top = kFinalDigestsMax + 100;
  for (std::uint64_t height = top; height > 0; --height) chain.Know(Height(height), Hash());
  EXPECT_EQ(chain.digests.size(), kFinalDigestsMax);
  EXPECT_EQ(chain.digests.begin()->first, Height(1));
  EXPECT_EQ(chain.digests.rbegin()->first, Height(kFinalDigestsMax));
}

// A peer that answers by the drop is not asked on and on.
TEST(CatchUp, DripFeedingPeerIsLeftForOthers) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 2});
  testing::Tx tx = 0;
  RunAhead(cluster, 2, tx);
  cluster.Run(100);
  cluster.Crash(3);
  RunAhead(cluster, 300, tx);
  cluster.Run(100);
  std::size_t dripped = 0;
  cluster.link = [&](std::size_t from, std::size_t to, const Message& message) {
    const auto* reply = std::get_if<Blocks>(&message);
    if (from != 0 || to != 3 || reply == nullptr || reply->blocks.size() < 2) return true;
    ++dripped;
    // Headers are taken from the end, bodies from the beginning.
    const bool headers = reply->blocks[0].body() == nullptr;
    cluster.Deliver(0, 3, Blocks{{headers ? reply->blocks.back() : reply->blocks.front()}});
    return false;
  };
  cluster.Restart(3);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.height(3) == cluster.height(0); }, 20'000));
  EXPECT_LT(dripped, 40U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// A peer that answers with blocks nobody asked for, or with others' bytes, displaces nothing (P8).
TEST(CatchUp, P8UnaskedAndFalseBlocksAreIgnored) {
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
