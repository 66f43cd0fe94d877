#include "tests/sim/run.h"

#include "base/prng.h"
#include "ledger/state.h"
#include "tests/sim/cluster.h"
#include "tests/sim/community.h"
#include "tests/sim/governance.h"
#include "tests/sim/workload.h"
#include "tests/sim/world.h"

namespace timebank::sim {
namespace {

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
    if (!cluster.IsMember(node)) continue;
    cluster.checkers().Receipt(node, id, cluster.node(node).replica().FindReceipt(id, {}));
  }
}

// What a story says beyond safety and liveness.
void CheckExpectations(const Plan& plan, Cluster& cluster) {
  Checkers& checkers = cluster.checkers();
  if (plan.expect_height_max && checkers.height() > *plan.expect_height_max) {
    checkers.Fail("the height is " + std::to_string(checkers.height()));
  }
  std::optional<Hash> root;
  for (NodeIndex node = 0; node < cluster.size(); ++node) {
    if (!cluster.IsMember(node)) continue;
    const ledger::State& state = *cluster.node(node).replica().final_view().state;
    const std::uint64_t epoch = state.chain().epoch();
    if (plan.expect_epoch && epoch != *plan.expect_epoch) {
      checkers.Fail("node " + std::to_string(node) + " is in epoch " + std::to_string(epoch));
    }
    if (!root) root = state.root();
    if (plan.expect_one_root && *root != state.root()) {
      checkers.Fail("node " + std::to_string(node) + " has a state root of its own");
    }
  }
}

}  // namespace

Plan PlanOf(std::uint64_t seed, Profile profile) {
  Plan plan = DrawPlan(Prng(seed).Fork("plan"), profile);
  plan.seed = seed;
  return plan;
}

RunResult RunPlan(std::uint64_t seed, const Plan& plan, const RunOptions& options) {
  const Prng root(seed);
  World world;
  Community community(root.Fork("community"), plan.pairs, plan.validators);
  for (std::size_t i = 0; i < plan.newcomers; ++i) (void)community.NewValidator();
  Cluster cluster(world, root, community, plan);
  Workload workload(world, root.Fork("workload"), community, cluster);
  Governance governance(world, root.Fork("governance"), community, cluster, plan.changes);
  const auto all_done = [&] { return workload.Done() && governance.Done() && cluster.Level(); };
  if (options.diagram != nullptr) cluster.Draw(options.diagram);
  cluster.Start();
  governance.Start();
  cluster.Schedule(plan);
  LookAgain(world, cluster);
  workload.Start(plan.visits, plan.heal_at.value());

  const auto violated = [&] { return cluster.checkers().violation().has_value(); };
  const Millis end(plan.heal_at.value() + kLivenessMs);
  world.RunUntil(plan.heal_at, violated);
  world.RunUntil(end, [&] { return violated() || all_done(); });
  RunResult result;
  const bool done = all_done();
  if (!violated() && done) {
    // A while of quiet: nothing is due, so nothing happens, and everybody stays level.
    const std::uint64_t height = cluster.checkers().height();
    const std::size_t evidence = cluster.checkers().evidence().size();
    world.RunUntil(Millis(world.now().value() + kSettleMs), violated);
    const std::size_t found = cluster.checkers().evidence().size() - evidence;
    if (cluster.checkers().height() > height + 1 + found) {
      cluster.checkers().Fail("blocks without a cause");
    }
    cluster.CheckStates();
    CheckReceipts(cluster);
    CheckExpectations(plan, cluster);
  }
  if (violated()) {
    result.verdict = Verdict::kCorrectness;
    result.story = *cluster.checkers().violation();
  } else if (!done) {
    result.verdict = Verdict::kLiveness;
    result.story = workload.Explain() + governance.Explain() + cluster.Explain();
  }
  result.fired = world.fired();
  result.fired["evidence"] += cluster.checkers().evidence().size();
  if (!plan.changes.empty()) result.fired["set-change"] += governance.done();
  result.trace = world.trace();
  result.height = cluster.checkers().height();
  result.transactions = cluster.checkers().final_transactions().size();
  result.receipts = cluster.checkers().receipts();
  result.virtual_ms = world.now().value();
  return result;
}

}  // namespace timebank::sim
