// The protocol at work among honest validators: agreement, idleness, timers, leaders.
#include "consensus/core.h"

#include <gtest/gtest.h>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using testing::Cluster;
using testing::NetworkOptions;

TEST(Core, OneTransactionBecomesFinalEverywhere) {
  for (const std::size_t n : {1U, 2U, 4U, 7U, 20U}) {
    SCOPED_TRACE(n);
    Cluster cluster(NetworkOptions{.n = n});
    cluster.Submit(1);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 2000));
    cluster.Run(1000);
    EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(cluster.height(i), Height(1));
  }
}

TEST(Core, IdleNetworkSendsNothingAndStaysAtItsHeight) {
  Cluster cluster(NetworkOptions{});
  cluster.Submit(1);
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 2000));
  cluster.Run(5000);  // retries of the last view end
  std::vector<std::uint64_t> sent;
  std::vector<std::size_t> logged;
  for (std::size_t i = 0; i < 4; ++i) {
    sent.push_back(cluster.node(i).sent);
    logged.push_back(cluster.node(i).log.size());
  }
  cluster.Run(60'000);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(cluster.node(i).sent, sent[i]);
    EXPECT_EQ(cluster.node(i).log.size(), logged[i]);
    EXPECT_EQ(cluster.height(i), Height(1));
    EXPECT_FALSE(cluster.view_of(i).gate_open);
  }
}

TEST(Core, EqualSeedsGiveEqualTraces) {
  std::vector<std::uint64_t> traces;
  for (const std::uint64_t seed : {7U, 7U, 8U}) {
    Cluster cluster(NetworkOptions{.seed = seed, .loss_per_mille = 100});
    for (testing::Tx tx = 1; tx <= 20; ++tx) {
      cluster.Submit(tx);
      cluster.Run(50);
    }
    traces.push_back(cluster.trace());
  }
  EXPECT_EQ(traces[0], traces[1]);
  EXPECT_NE(traces[0], traces[2]);
}

TEST(Core, LossAndReorderDelayButDoNotFork) {
  for (const std::size_t n : {4U, 7U}) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE("n " + std::to_string(n) + " seed " + std::to_string(seed));
      Cluster cluster(
          NetworkOptions{.n = n, .seed = seed, .loss_per_mille = 200, .delay_max_ms = 150});
      for (testing::Tx tx = 1; tx <= 20; ++tx) {
        cluster.Submit(tx);
        cluster.Run(100);
      }
      cluster.SetLoss(0);
      EXPECT_TRUE(cluster.RunUntil(
          [&] {
            for (testing::Tx tx = 1; tx <= 20; ++tx) {
              if (!cluster.AllHave(tx)) return false;
            }
            return true;
          },
          60'000));
      EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
    }
  }
}

// Fed by hand: it votes for nothing, and commits what it can prove.
TEST(Observer, FollowsFinalizationsAndNeverVotes) {
  Cluster source(NetworkOptions{});
  source.Submit(1);
  ASSERT_TRUE(source.RunUntil([&] { return source.AllHave(1); }, 2000));
  const CommittedBlock& final_block = source.node(0).chain[0];
  Core observer(Config{.chain_id = source.chain_id(),
                       .era = chain::Era(0),
                       .validators = source.validators(),
                       .own = std::nullopt},
                Recovered{{source.chain_id(), Height(0), Millis(1), std::nullopt, Epoch(0),
                           source.chain_id()},
                          {}});
  const auto at = [](std::uint64_t ms) { return Now{Millis(ms), Millis(ms)}; };
  static_cast<void>(observer.Step({at(1), Started{}}));
  static_cast<void>(observer.Step({at(2), PoolChanged{true}}));
  Output out = observer.Step(
      {at(3), MessageReceived{PeerId(0), CertificateMessage{final_block.finalization}}});
  ASSERT_EQ(out.wake_at, Millis(53));  // half of D later it asks for the body
  out = observer.Step({at(53), Tick{}});
  ASSERT_EQ(out.send.size(), 1U);
  ASSERT_TRUE(std::holds_alternative<FetchByDigest>(out.send[0].message));
  out = observer.Step({at(100), MessageReceived{PeerId(1), Blocks{{final_block.block}}}});
  ASSERT_EQ(out.check.size(), 1U);
  out = observer.Step({at(101), BodyChecked{final_block.block.digest(), BodyVerdict::kValid}});
  ASSERT_EQ(out.commit.size(), 1U);
  EXPECT_EQ(out.commit[0].block.digest(), final_block.block.digest());
  for (std::uint64_t ms = 200; ms < 60'000; ms += 100) {
    out = observer.Step({at(ms), Tick{}});
    for (const Record& record : out.persist) {
      EXPECT_FALSE(std::holds_alternative<MyVoteRecord>(record));
    }
    EXPECT_FALSE(out.build.has_value());
  }
}

}  // namespace
}  // namespace timebank::consensus
