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

}  // namespace
}  // namespace timebank::consensus
