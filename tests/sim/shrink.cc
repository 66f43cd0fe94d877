// From a plan that fails to a small one that fails in the same way: faults, liars and what people
// do are left out one by one, for as long as that goes.
#include <functional>
#include <utility>
#include <vector>

#include "tests/sim/run.h"

namespace timebank::sim {
namespace {

constexpr std::size_t kRunsMax = 400;

using Edit = std::function<void(Plan&)>;

// Everything that may be left out of `plan`, the large parts first.
std::vector<Edit> Edits(const Plan& plan) {
  std::vector<Edit> edits;
  const std::size_t half = plan.faults.size() / 2;
  if (half > 1) {
    const auto middle = static_cast<std::ptrdiff_t>(half);
    edits.push_back(
        [middle](Plan& p) { p.faults.erase(p.faults.begin(), p.faults.begin() + middle); });
    edits.push_back(
        [middle](Plan& p) { p.faults.erase(p.faults.begin() + middle, p.faults.end()); });
  }
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    edits.push_back(
        [i](Plan& p) { p.faults.erase(p.faults.begin() + static_cast<std::ptrdiff_t>(i)); });
  }
  if (!plan.changes.empty()) edits.push_back([](Plan& p) { p.changes.pop_back(); });
  for (const auto& [node, kind] : plan.byzantine) {
    edits.push_back([node = node](Plan& p) { p.byzantine.erase(node); });
  }
  if (!plan.twins.empty()) edits.push_back([](Plan& p) { p.twins.clear(); });
  if (!plan.dead.empty()) edits.push_back([](Plan& p) { p.dead.clear(); });
  if (!plan.cut.empty()) edits.push_back([](Plan& p) { p.cut.clear(); });
  if (plan.network.loss_per_mille + plan.network.duplicate_per_mille > 0) {
    edits.push_back([](Plan& p) {
      p.network.loss_per_mille = 0;
      p.network.duplicate_per_mille = 0;
    });
  }
  if (plan.visits > plan.pairs) edits.push_back([](Plan& p) { p.visits = p.pairs; });
  if (plan.visits > plan.pairs) edits.push_back([](Plan& p) { --p.visits; });
  if (plan.pairs > kPairsMin) edits.push_back([](Plan& p) { --p.pairs; });
  if (plan.changes.empty() && plan.newcomers > 0) edits.push_back([](Plan& p) { p.newcomers = 0; });
  if (plan.block_transactions != 1000)
    edits.push_back([](Plan& p) { p.block_transactions = 1000; });
  return edits;
}

}  // namespace

Plan Shrink(std::uint64_t seed, Plan plan) {
  const Verdict verdict = RunPlan(seed, plan).verdict;
  std::size_t runs = 0;
  for (bool smaller = true; smaller && runs < kRunsMax;) {
    smaller = false;
    for (const Edit& edit : Edits(plan)) {
      Plan less = plan;
      edit(less);
      if (++runs > kRunsMax) break;
      if (RunPlan(seed, less).verdict != verdict) continue;
      plan = std::move(less);
      smaller = true;
      break;
    }
  }
  return plan;
}

}  // namespace timebank::sim
