// A run under control of a test: a small community at work on a network that does what the test
// says.
#pragma once

#include <gtest/gtest.h>

#include "base/prng.h"
#include "tests/sim/cluster.h"
#include "tests/sim/community.h"
#include "tests/sim/governance.h"
#include "tests/sim/workload.h"
#include "tests/sim/world.h"

namespace timebank::sim {

inline constexpr std::uint64_t kSeed = 20'260'101;

inline Plan Calm() {
  Plan plan;
  plan.network.delay_max_ms = 10;
  plan.heal_at = Millis(1'000);
  return plan;
}

// A run under control of the test.
class Stage {
 public:
  explicit Stage(const Plan& plan)
      : community_(MakeCommunity(plan)),
        cluster_(world_, Prng(kSeed), community_, plan),
        workload_(world_, Prng(kSeed).Fork("workload"), community_, cluster_),
        governance_(world_, Prng(kSeed).Fork("governance"), community_, cluster_, plan.changes) {
    cluster_.Start();
    governance_.Start();
    workload_.Start(/*visits=*/4, /*spread_ms=*/4'000);
  }
  Cluster& cluster() { return cluster_; }
  World& world() { return world_; }
  Community& community() { return community_; }
  // Everything submitted is final, every change of the set in force.
  [[nodiscard]] bool Done() const { return workload_.Done() && governance_.Done(); }
  // Everything becomes final from here on.
  void ExpectLive() {
    world_.RunUntil(Millis(world_.now().value() + 120'000), [this] {
      return cluster_.checkers().violation() || (Done() && cluster_.Level());
    });
    ExpectSafe();
    EXPECT_TRUE(Done()) << workload_.Explain() << governance_.Explain() << cluster_.Explain();
    EXPECT_TRUE(cluster_.Level()) << cluster_.Explain();
  }
  void ExpectSafe() {
    cluster_.CheckStates();
    EXPECT_EQ(cluster_.checkers().violation().value_or(""), "");
  }
  void RunFor(std::uint64_t ms) {
    world_.RunUntil(Millis(world_.now().value() + ms), [] { return false; });
  }
  void CrashAll() {
    for (NodeIndex node = 0; node < cluster_.size(); ++node) cluster_.Crash(node);
  }
  void RestartAll() {
    for (NodeIndex node = 0; node < cluster_.size(); ++node) cluster_.Restart(node);
  }

 private:
  static Community MakeCommunity(const Plan& plan) {
    Community community(Prng(kSeed).Fork("community"), /*pairs=*/2, plan.validators);
    for (std::size_t i = 0; i < plan.newcomers; ++i) (void)community.NewValidator();
    return community;
  }

  World world_;
  Community community_;
  Cluster cluster_;
  Workload workload_;
  Governance governance_;
};

}  // namespace timebank::sim
