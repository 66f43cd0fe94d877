#include "tests/sim/run.h"

#include "base/prng.h"
#include "tests/sim/cluster.h"
#include "tests/sim/community.h"
#include "tests/sim/governance.h"
#include "tests/sim/workload.h"
#include "tests/sim/world.h"

namespace timebank::sim {
namespace {

constexpr std::size_t kPairs = 4;
constexpr std::size_t kVisits = 8;
// After the healing: enough for timers at their longest, retries and the cooling-off.
constexpr std::uint64_t kLivenessMs = 180'000;
constexpr std::uint64_t kSettleMs = 30'000;
constexpr std::uint64_t kLookMs = 1'000;

void LookAgain(World& world, Cluster& cluster) {
  world.After(kLookMs, [&world, &cluster] {
    cluster.CheckStates();
    LookAgain(world, cluster);
  });
}

// Every transaction whose receipt may have been handed out is there, at every node.
void CheckReceipts(Cluster& cluster) {
  std::size_t turn = 0;
  for (const auto& [id, height] : cluster.checkers().final_transactions()) {
    const NodeIndex node = turn++ % cluster.size();
    if (!cluster.IsCorrect(node) || !cluster.node(node).alive() || !cluster.IsInSet(node)) continue;
    cluster.checkers().Receipt(node, id, cluster.node(node).replica().FindReceipt(id, {}));
  }
}

}  // namespace

RunResult Run(std::uint64_t seed) { return RunPlan(seed, DrawPlan(Prng(seed).Fork("plan"))); }

RunResult RunPlan(std::uint64_t seed, const Plan& plan) {
  const Prng root(seed);
  World world;
  Community community(root.Fork("community"), kPairs, plan.validators);
  for (std::size_t i = 0; i < plan.newcomers; ++i) (void)community.NewValidator();
  Cluster cluster(world, root, community, plan);
  Workload workload(world, root.Fork("workload"), community, cluster);
  Governance governance(world, root.Fork("governance"), community, cluster, plan.changes);
  const auto all_done = [&] { return workload.Done() && governance.Done() && cluster.Level(); };
  cluster.Start();
  governance.Start();
  cluster.Schedule(plan);
  LookAgain(world, cluster);
  workload.Start(kVisits, plan.heal_at.value());

  const auto violated = [&] { return cluster.checkers().violation().has_value(); };
  const Millis end(plan.heal_at.value() + kLivenessMs);
  world.RunUntil(plan.heal_at, violated);
  world.RunUntil(end, [&] { return violated() || all_done(); });
  RunResult result;
  result.story = Describe(plan);
  const bool done = all_done();
  if (!violated() && done) {
    // A while of quiet: nothing is due, so nothing happens, and everybody stays level.
    const std::uint64_t height = cluster.checkers().height();
    world.RunUntil(Millis(world.now().value() + kSettleMs), violated);
    if (cluster.checkers().height() > height + 1) cluster.checkers().Fail("blocks without a cause");
    cluster.CheckStates();
    CheckReceipts(cluster);
  }
  if (violated()) {
    result.verdict = Verdict::kCorrectness;
    result.story += "\n" + *cluster.checkers().violation();
  } else if (!done) {
    result.verdict = Verdict::kLiveness;
    result.story += "\n" + workload.Explain() + governance.Explain() + cluster.Explain();
  }
  result.trace = world.trace();
  result.height = cluster.checkers().height();
  result.transactions = cluster.checkers().final_transactions().size();
  result.receipts = cluster.checkers().receipts();
  result.virtual_ms = world.now().value();
  return result;
}

}  // namespace timebank::sim
