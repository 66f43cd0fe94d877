// Crashes at every point of the output contract, alone and all at once; what a restart may and may
// not do (CONSENSUS 7: P2 to P5).
#include <gtest/gtest.h>

#include <algorithm>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using chain::VoteKind;
using testing::Cluster;
using testing::CrashPoint;
using testing::NetworkOptions;

const std::vector<std::string> kNone;

bool Journals(const Output& out, VoteKind kind) {
  return std::any_of(out.persist.begin(), out.persist.end(), [kind](const Record& record) {
    const auto* mine = std::get_if<MyVoteRecord>(&record);
    return mine != nullptr && mine->vote.position.kind == kind;
  });
}

bool AllAt(Cluster& cluster, Height height) {
  for (std::size_t i = 0; i < cluster.n(); ++i) {
    if (!cluster.IsUp(i) || cluster.height(i) < height) return false;
  }
  return true;
}

// Every node journals its first vote of `kind`, and dies before it sends it. Pools are lost too.
void AllCrashAfter(VoteKind kind, std::size_t n, Cluster& cluster) {
  for (std::size_t i = 0; i < n; ++i) {
    // The leader's Notarize leaves with its proposal: without it nobody else would vote.
    const bool leads = i == cluster.LeaderAt(1) && kind == VoteKind::kNotarize;
    cluster.CrashWhen(i, leads ? CrashPoint::kAfterCommit : CrashPoint::kBeforeSend,
                      [kind](const Output& out) { return Journals(out, kind); });
  }
  cluster.Submit(1);
  const auto all_down = [&] {
    for (std::size_t i = 0; i < n; ++i) {
      if (cluster.IsUp(i)) return false;
    }
    return true;
  };
  // Where so many are down that the last cannot get that far, q are enough.
  static_cast<void>(cluster.RunUntil(all_down, 2000));
  std::size_t journaled = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (cluster.IsUp(i)) {
      cluster.Crash(i);
    } else {
      ++journaled;
    }
  }
  ASSERT_GE(journaled, chain::Quorum(n));
  cluster.Run(1000);
  for (std::size_t i = 0; i < n; ++i) {
    cluster.node(i).executor = testing::Executor();
    cluster.Restart(i);
  }
}

TEST(AllCrashAfterNotarize, BlockBecomesFinalWithoutItsPool) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    AllCrashAfter(VoteKind::kNotarize, n, cluster);
    EXPECT_TRUE(cluster.RunUntil([&] { return AllAt(cluster, Height(1)); }, 20'000));
    EXPECT_TRUE(cluster.AllHave(1));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

TEST(AllCrashAfterFinalize, BlockBecomesFinalWithoutItsPool) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    AllCrashAfter(VoteKind::kFinalize, n, cluster);
    EXPECT_TRUE(cluster.RunUntil([&] { return AllAt(cluster, Height(1)); }, 20'000));
    EXPECT_TRUE(cluster.AllHave(1));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

TEST(AllCrashAfterNullify, NextViewIsEnteredAndWorks) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    // No proposal of view 1 arrives anywhere.
    cluster.link = [](std::size_t, std::size_t, const Message& message) {
      const auto* proposal = std::get_if<Proposal>(&message);
      return proposal == nullptr || proposal->position.view != View(1);
    };
    AllCrashAfter(VoteKind::kNullify, n, cluster);
    EXPECT_TRUE(cluster.RunUntil(
        [&] {
          for (std::size_t i = 0; i < n; ++i) {
            if (cluster.view_of(i).position.view < View(2)) return false;
          }
          return true;
        },
        20'000));
    cluster.Submit(2);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(2); }, 20'000));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// One node dies at each point of each of its first outputs that persist something.
TEST(Crash, OneNodeAtEveryPointOfEveryOutput) {
  for (const CrashPoint point : testing::kCrashPoints) {
    for (int nth = 1; nth <= 25; ++nth) {
      SCOPED_TRACE("point " + std::to_string(static_cast<int>(point)) + " output " +
                   std::to_string(nth));
      Cluster cluster(NetworkOptions{.seed = static_cast<std::uint64_t>(nth)});
      const std::size_t victim = static_cast<std::size_t>(nth) % 4;
      int count = 0;
      cluster.CrashWhen(victim, point, [&count, nth](const Output& out) {
        return !out.persist.empty() && ++count == nth;
      });
      testing::Tx tx = 0;
      for (int i = 0; i < 12; ++i) {
        cluster.Submit(++tx);
        cluster.Run(20);
      }
      cluster.Run(500);
      if (!cluster.IsUp(victim)) cluster.Restart(victim);
      cluster.Submit(++tx);
      const auto done = [&] {
        for (testing::Tx t = 1; t <= tx; ++t) {
          if (!cluster.AllHave(t)) return false;
        }
        return AllAt(cluster, Height(1));
      };
      // Transactions in the victim's own storage count too: AllHave looks at its chain.
      ASSERT_TRUE(cluster.RunUntil(done, 20'000));
      ASSERT_EQ(cluster.faults(), kNone);
    }
  }
}

// All nodes die at random points, again and again, under loss.
TEST(Crash, AllNodesAgainAndAgain) {
  for (const std::size_t n : {4U, 7U}) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      SCOPED_TRACE("n " + std::to_string(n) + " seed " + std::to_string(seed));
      Prng prng(seed);
      Cluster cluster(NetworkOptions{
          .n = n, .seed = seed, .loss_per_mille = 50, .delay_max_ms = 1 + prng.Below(80)});
      testing::Tx tx = 0;
      for (int round = 0; round < 8; ++round) {
        for (std::size_t i = 0; i < n; ++i) {
          auto countdown = std::make_shared<std::uint64_t>(1 + prng.Below(12));
          const auto point = testing::kCrashPoints[prng.Below(5)];
          cluster.CrashWhen(i, point, [countdown](const Output& out) {
            return !out.persist.empty() && --*countdown == 0;
          });
        }
        for (int i = 0; i < 5; ++i) {
          cluster.Submit(++tx);
          cluster.Run(prng.Below(200));
        }
        for (std::size_t i = 0; i < n; ++i) {
          if (!cluster.IsUp(i)) cluster.Restart(i);
        }
      }
      cluster.SetLoss(0);
      for (std::size_t i = 0; i < n; ++i) {
        cluster.CrashWhen(i, CrashPoint::kBeforeSend, [](const Output&) { return false; });
        if (!cluster.IsUp(i)) cluster.Restart(i);
      }
      cluster.Submit(++tx);
      EXPECT_TRUE(cluster.RunUntil(
          [&] {
            for (testing::Tx t = 1; t <= tx; ++t) {
              if (!cluster.AllHave(t)) return false;
            }
            return true;
          },
          60'000));
      EXPECT_EQ(cluster.faults(), kNone);
    }
  }
}

// P3 and P5: a restarted node neither signs while it replays nor goes below its floor.
TEST(Restart, SignsNothingAndKeepsItsFloor) {
  Cluster cluster(NetworkOptions{});
  for (testing::Tx tx = 1; tx <= 10; ++tx) {
    cluster.Submit(tx);
    cluster.Run(50);
  }
  const Snapshot before = cluster.view_of(2);
  cluster.Crash(2);
  cluster.link = [](std::size_t, std::size_t, const Message&) { return false; };
  const std::size_t logged = cluster.node(2).log.size();
  cluster.Restart(2);
  cluster.Run(5000);
  for (std::size_t r = logged; r < cluster.node(2).log.size(); ++r) {
    EXPECT_NE(cluster.node(2).log[r].first, RecordType::kMyVote);
  }
  EXPECT_EQ(cluster.view_of(2).floor, before.floor);
  EXPECT_EQ(cluster.view_of(2).position, before.position);
  EXPECT_EQ(cluster.height(2), before.committed_height);
  EXPECT_EQ(cluster.faults(), kNone);
}

}  // namespace
}  // namespace timebank::consensus
