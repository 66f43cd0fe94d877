#include "tests/sim/faults.h"

#include <algorithm>

#include "chain/validator_set.h"

namespace timebank::sim {
namespace {

constexpr std::uint64_t kFaultyMs = 25'000;

std::string Names(const std::set<NodeIndex>& nodes) {
  std::string out;
  for (const NodeIndex node : nodes) out += (out.empty() ? "" : ",") + std::to_string(node);
  return out.empty() ? "-" : out;
}

std::string_view Name(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kCrash:
      return "crash";
    case Fault::Kind::kCrashAll:
      return "crash-all";
    case Fault::Kind::kIsolate:
      return "isolate";
    case Fault::Kind::kLoss:
      return "loss";
    case Fault::Kind::kSlow:
      return "slow";
    case Fault::Kind::kReset:
      return "reset";
  }
  return "?";
}

Fault DrawFault(Prng& prng, Fault::Kind kind, std::size_t validators) {
  Fault fault;
  fault.kind = kind;
  fault.at = Millis(500 + prng.Below(kFaultyMs - 500));
  fault.for_ms = 200 + prng.Below(4'000);
  fault.nodes.insert(static_cast<NodeIndex>(prng.Below(validators)));
  fault.operations = prng.Below(12);
  fault.per_mille = 50 + prng.Below(250);
  if (kind == Fault::Kind::kIsolate) {
    const std::uint64_t others = prng.Below(validators / 2 + 1);
    for (std::uint64_t i = 0; i < others; ++i) {
      fault.nodes.insert(static_cast<NodeIndex>(prng.Below(validators)));
    }
  }
  return fault;
}

}  // namespace

std::string Describe(const Fault& fault) {
  return std::to_string(fault.at.value()) + " " + std::string(Name(fault.kind)) + " nodes " +
         Names(fault.nodes) + " for " + std::to_string(fault.for_ms) + " operations " +
         std::to_string(fault.operations) + " permille " + std::to_string(fault.per_mille);
}

// Sets grow, shrink and rotate by one, never losing one of `kept`: the budget of the faulty holds
// in each of them.
void DrawChanges(Prng prng, const std::set<NodeIndex>& kept, Plan& plan) {
  std::vector<NodeIndex> set;
  for (NodeIndex node = 0; node < plan.validators; ++node) set.push_back(node);
  std::vector<std::uint64_t> times(1 + prng.Below(3));
  for (std::uint64_t& at : times) at = 2'000 + prng.Below(kFaultyMs - 4'000);
  std::sort(times.begin(), times.end());
  for (const std::uint64_t at : times) {
    SetChange change{.at = Millis(at), .remove = {}, .add = {}};
    std::vector<NodeIndex> may_go;
    for (const NodeIndex node : set) {
      if (!kept.contains(node)) may_go.push_back(node);
    }
    const bool shrinks = set.size() > plan.validators && prng.Chance(1, 3);
    const bool rotates = shrinks || prng.Chance(1, 2);
    if (rotates) {
      const NodeIndex gone = may_go[prng.Below(may_go.size())];
      change.remove.push_back(gone);
      std::erase(set, gone);
    }
    if (!shrinks) {
      const NodeIndex newcomer = plan.validators + plan.newcomers++;
      change.add.push_back(newcomer);
      set.push_back(newcomer);
    }
    plan.changes.push_back(std::move(change));
  }
}

Plan DrawPlan(Prng prng) {
  Plan plan;
  plan.validators = prng.Chance(1, 8) ? 7 : 4;
  const std::size_t budget = chain::MaxFaulty(plan.validators);
  std::set<NodeIndex> suspects;
  while (suspects.size() < budget) suspects.insert(prng.Below(plan.validators));
  for (const NodeIndex suspect : suspects) {
    // A quarter each: mute, twins, dead in the end, correct.
    switch (prng.Below(4)) {
      case 0:
        plan.mute.insert(suspect);
        break;
      case 1:
        plan.twins.insert(suspect);
        break;
      case 2:
        plan.dead.insert(suspect);
        break;
      default:
        break;
    }
  }
  plan.block_transactions = prng.Chance(1, 4) ? 1 + prng.Below(3) : 1000;
  plan.network.delay_max_ms = 2 + prng.Below(60);
  plan.network.loss_per_mille = prng.Chance(1, 2) ? prng.Below(30) : 0;
  plan.network.duplicate_per_mille = prng.Chance(1, 2) ? prng.Below(50) : 0;
  using Kind = Fault::Kind;
  for (const Kind kind :
       {Kind::kCrash, Kind::kCrashAll, Kind::kIsolate, Kind::kLoss, Kind::kSlow, Kind::kReset}) {
    if (!prng.Chance(1, 2)) continue;
    const std::uint64_t count = 1 + prng.Below(kind == Kind::kCrash ? 8 : 3);
    for (std::uint64_t i = 0; i < count; ++i) {
      plan.faults.push_back(DrawFault(prng, kind, plan.validators));
    }
  }
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  if (prng.Chance(1, 3)) DrawChanges(prng.Fork("changes"), suspects, plan);
  plan.heal_at = Millis(kFaultyMs + 5'000);
  return plan;
}

std::string Describe(const Plan& plan) {
  return "validators " + std::to_string(plan.validators) + " mute " + Names(plan.mute) + " twins " +
         Names(plan.twins) + " dead " + Names(plan.dead) + " block " +
         std::to_string(plan.block_transactions) + " delay " +
         std::to_string(plan.network.delay_max_ms) + " loss " +
         std::to_string(plan.network.loss_per_mille) + " faults " +
         std::to_string(plan.faults.size()) + " changes " + std::to_string(plan.changes.size());
}

}  // namespace timebank::sim
