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

TEST(P2AllCrashAfterNotarize, BlockBecomesFinalWithoutItsPool) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    AllCrashAfter(VoteKind::kNotarize, n, cluster);
    EXPECT_TRUE(cluster.RunUntil([&] { return AllAt(cluster, Height(1)); }, 20'000));
    EXPECT_TRUE(cluster.AllHave(1));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

TEST(P2AllCrashAfterFinalize, BlockBecomesFinalWithoutItsPool) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    AllCrashAfter(VoteKind::kFinalize, n, cluster);
    EXPECT_TRUE(cluster.RunUntil([&] { return AllAt(cluster, Height(1)); }, 20'000));
    EXPECT_TRUE(cluster.AllHave(1));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

TEST(P2AllCrashAfterNullify, NextViewIsEnteredAndWorks) {
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

// P3: nullify, crash, Notarization arrives, retry. What is re-sent then are the stored bytes; no
// Finalize comes into being for the view that was nullified before the crash.
TEST(P3NullifyCrashNotarizationRetry, NeverFinalizes) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  const std::size_t me = (leader + 1) % 4;
  const std::vector<std::size_t> others = cluster.MakePuppetsBut(me);
  std::vector<Vote> sent;
  cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    if (from == me && vote != nullptr) sent.push_back(*vote);
    return true;
  };
  cluster.Submit(1, {me});
  cluster.Run(400);  // my timer fires
  ASSERT_FALSE(sent.empty());
  const Vote nullify = sent.front();
  ASSERT_EQ(nullify.position.kind, VoteKind::kNullify);
  cluster.Crash(me);
  cluster.Restart(me);
  const Block block = cluster.BlockOnGenesis(leader, {7});
  const chain::VotePosition notarize{VoteKind::kNotarize, Epoch(0), View(1), View(0),
                                     block.digest()};
  cluster.Deliver(leader, me, cluster.ProposalBy(leader, 1, block));
  cluster.Deliver(leader, me, CertificateMessage{cluster.CertificateOf(others, notarize)});
  sent.clear();
  cluster.Run(10'000);  // several retries
  EXPECT_EQ(cluster.view_of(me).position.view, View(2));
  for (const Vote& vote : sent) {
    EXPECT_NE(vote.position.kind, VoteKind::kFinalize);
    EXPECT_TRUE(vote.position.view != View(1) || vote == nullify);
  }
  EXPECT_EQ(cluster.faults(), kNone);
}

// P4, on the level of one step: whatever leaves with a vote of mine, the batch of that step or an
// earlier one holds the vote and the body (Cluster::Check looks at every step of every test). Here
// the process dies between the sync and the sends of its vote: nobody has heard it, it has it.
TEST(P4CrashBetweenSyncAndSend, VoteIsKeptAndWasNotHeard) {
  for (const VoteKind kind : {VoteKind::kNotarize, VoteKind::kNullify, VoteKind::kFinalize}) {
    Cluster cluster(NetworkOptions{});
    const std::size_t me = (cluster.LeaderAt(1) + 1) % 4;
    bool heard = false;
    cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
      const auto* vote = std::get_if<Vote>(&message);
      heard = heard || (from == me && vote != nullptr && vote->position.kind == kind);
      const auto* proposal = std::get_if<Proposal>(&message);
      return kind != VoteKind::kNullify || proposal == nullptr;
    };
    cluster.CrashWhen(me, CrashPoint::kBeforeSend,
                      [kind](const Output& out) { return Journals(out, kind); });
    cluster.Submit(1);
    ASSERT_TRUE(cluster.RunUntil([&] { return !cluster.IsUp(me); }, 2000));
    EXPECT_FALSE(heard);
    cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
    cluster.Restart(me);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 20'000));
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// CONSENSUS 8, the log is gone. Who holds votes of mine tells me when the link comes up; I see
// that I do not know them and sign nothing in this run, so that nothing contradicts them.
TEST(LostLog, UnknownOwnVoteEndsVoting) {
  Cluster cluster(NetworkOptions{});
  const std::size_t me = cluster.LeaderAt(1);
  bool proposed = false;
  // The view stays where it is: votes are heard, but no quorum of them.
  cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
    proposed = proposed || (from == me && std::holds_alternative<Proposal>(message));
    return from == me || !std::holds_alternative<Vote>(message);
  };
  cluster.Submit(1);
  ASSERT_TRUE(cluster.RunUntil([&] { return proposed; }, 1000));
  cluster.Run(20);
  cluster.Crash(me);
  cluster.node(me).log.clear();
  cluster.node(me).chain.clear();
  cluster.node(me).executor = testing::Executor();
  cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    return vote == nullptr || vote->signer.value() != from;
  };
  cluster.Restart(me);
  cluster.Run(50);
  ASSERT_TRUE(cluster.view_of(me).unknown_vote.has_value());
  EXPECT_EQ(cluster.view_of(me).unknown_vote->kind, VoteKind::kNotarize);
  EXPECT_EQ(cluster.view_of(me).unknown_vote->view, View(1));
  cluster.Submit(2);
  cluster.Run(3000);
  for (const auto& [type, payload] : cluster.node(me).log) EXPECT_NE(type, RecordType::kMyVote);
  // The others are a quorum; it follows them.
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(2); }, 20'000));
  EXPECT_EQ(cluster.faults(), kNone);
}

// The same is seen in a certificate that holds a vote of mine.
TEST(LostLog, UnknownOwnBitInACertificateEndsVoting) {
  Cluster cluster(NetworkOptions{});
  const chain::VotePosition nullify{VoteKind::kNullify, Epoch(0), View(1), View(0), Hash()};
  cluster.Deliver(1, 0, CertificateMessage{cluster.CertificateOf({1, 2, 3}, nullify)});
  cluster.Run(20);
  EXPECT_FALSE(cluster.view_of(0).unknown_vote.has_value());
  const chain::VotePosition next{VoteKind::kNullify, Epoch(0), View(2), View(0), Hash()};
  cluster.Deliver(1, 0, CertificateMessage{cluster.CertificateOf({0, 1, 2}, next)});
  cluster.Run(20);
  ASSERT_TRUE(cluster.view_of(0).unknown_vote.has_value());
  EXPECT_EQ(*cluster.view_of(0).unknown_vote, next);
}

// A log that is whole is never taken for a lost one.
TEST(LostLog, WholeLogKnowsAllThatOthersHold) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Cluster cluster(NetworkOptions{.seed = seed, .delay_max_ms = 40});
    for (testing::Tx tx = 1; tx <= 15; ++tx) {
      const std::size_t node = (seed + tx) % 4;
      cluster.Submit(tx);
      cluster.Run(30);
      cluster.Crash(node);
      cluster.Restart(node);
    }
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(15); }, 20'000));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_FALSE(cluster.view_of(i).unknown_vote.has_value());
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// P15: replay reads the records once and executes nothing. What is executed later is what storage
// lags behind, however long the log is.
TEST(Restart, P15ReplayExecutesOnlyWhatStorageLacks) {
  for (const std::uint64_t blocks : {20U, 200U}) {
    SCOPED_TRACE(blocks);
    NetworkOptions options;
    options.storage_lag_blocks = 3;
    Cluster cluster(options);
    testing::Tx tx = 0;
    while (cluster.height(2).value() < blocks) {
      cluster.Submit(++tx);
      cluster.Run(20);
    }
    cluster.Crash(2);
    const std::uint64_t checks_before = cluster.node(2).checks;
    cluster.link = [](std::size_t, std::size_t, const Message&) { return false; };
    cluster.Restart(2);
    cluster.Run(1000);
    EXPECT_LE(cluster.node(2).checks - checks_before, 3 + 1);
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// Others notarized view 1 and built on it; here it was nullified, and its certificate never came.
// After a restart the block of view 1 is in the log, executed by nobody: it has to be, for its
// child's sake. With just a quorum online everything depends on this node. Found by the exhaustive
// check.
TEST(Restart, AParentWhoseCertificateIsNotHeldIsExecutedForItsChild) {
  Cluster cluster(NetworkOptions{});
  const std::size_t me = cluster.LeaderAt(4);
  const std::vector<std::size_t> others = cluster.MakePuppetsBut(me);
  const auto certificate = [&](VoteKind kind, std::uint64_t view, std::uint64_t parent,
                               const Hash& digest) {
    return CertificateMessage{
        cluster.CertificateOf(others, {kind, Epoch(0), View(view), View(parent), digest})};
  };
  const std::size_t first = cluster.LeaderAt(1);
  const Block parent = cluster.BlockOnGenesis(first, {1});
  cluster.Deliver(first, me, cluster.ProposalBy(first, 1, parent));
  cluster.Run(20);
  cluster.Deliver(first, me, certificate(VoteKind::kNullify, 1, 0, Hash{}));
  cluster.Run(20);
  cluster.Crash(me);
  cluster.node(me).executor = testing::Executor();
  cluster.Restart(me);
  const std::size_t second = cluster.LeaderAt(2);
  const Block child = testing::MakeBlock({cluster.chain_id(),
                                          cluster.validators(),
                                          ReplicaIndex(static_cast<std::uint16_t>(second)),
                                          parent.digest(),
                                          Height(2),
                                          parent.header().timestamp_ms.Next(),
                                          {2}});
  cluster.Deliver(second, me, certificate(VoteKind::kNotarize, 2, 1, child.digest()));
  cluster.Run(20);
  cluster.Deliver(second, me, Blocks{{child}});
  cluster.Run(20);
  for (const std::size_t other : {others[0], others[1]}) {
    cluster.Deliver(
        other, me,
        cluster.VoteOf(other, {VoteKind::kFinalize, Epoch(0), View(2), View(0), child.digest()}));
  }
  cluster.Run(20);
  EXPECT_EQ(cluster.height(me), Height(2));
  EXPECT_EQ(cluster.faults(), kNone);
}

// P5, P14: a restarted node neither signs while it replays nor goes below its floor.
TEST(Restart, P5P14SignsNothingAndKeepsItsFloor) {
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
