#include "tests/sim/faults.h"

#include <algorithm>
#include <array>

#include "chain/validator_set.h"

namespace timebank::sim {
namespace {

using Kind = Fault::Kind;

constexpr std::uint64_t kFaultyMs = 25'000;
constexpr std::uint64_t kClockStepMsMax = 15'000;  // either way
constexpr std::uint64_t kSlowWriteMsMax = 80;
constexpr std::array<Kind, kFaultKinds> kKinds = {
    Kind::kCrash,     Kind::kCrashAll,   Kind::kIsolate,    Kind::kOneWay,   Kind::kLoss,
    Kind::kReplay,    Kind::kReorder,    Kind::kSlow,       Kind::kClog,     Kind::kSwizzle,
    Kind::kReset,     Kind::kPause,      Kind::kDiskFull,   Kind::kSlowDisk, Kind::kRot,
    Kind::kClockStep, Kind::kClockDrift, Kind::kClockFreeze};

Fault DrawFault(Prng& prng, Kind kind, std::size_t validators) {
  Fault fault;
  fault.kind = kind;
  fault.at = Millis(500 + prng.Below(kFaultyMs - 500));
  fault.for_ms = 200 + prng.Below(4'000);
  fault.nodes.insert(static_cast<NodeIndex>(prng.Below(validators)));
  const std::uint64_t operations = prng.Below(12);
  fault.n = 50 + prng.Below(250);
  if (kind == Kind::kClockStep) {
    fault.off_ms = static_cast<std::int64_t>(fault.n * 97 % (2 * kClockStepMsMax)) -
                   static_cast<std::int64_t>(kClockStepMsMax);
  }
  if (kind == Kind::kSlowDisk) fault.n = 1 + fault.n % kSlowWriteMsMax;
  if (kind == Kind::kCrash) fault.n = operations;
  const bool of_a_group = kind == Kind::kIsolate || kind == Kind::kOneWay || kind == Kind::kClog;
  if (of_a_group) {
    const std::uint64_t others = prng.Below(validators / 2 + 1);
    for (std::uint64_t i = 0; i < others; ++i) {
      fault.nodes.insert(static_cast<NodeIndex>(prng.Below(validators)));
    }
  }
  return fault;
}

std::size_t DrawSize(Prng& prng) {
  constexpr std::array<std::size_t, 12> kSizes = {4, 4, 4, 4, 4, 5, 5, 6, 6, 7, 10, 13};
  return kSizes[prng.Below(kSizes.size())];
}

// f suspects: Byzantine in one of its ways, twins, lost in the end, or correct after all.
std::set<NodeIndex> DrawSuspects(Prng& prng, Profile profile, Plan& plan) {
  std::set<NodeIndex> suspects;
  if (profile == Profile::kLite) return suspects;
  while (suspects.size() < chain::MaxFaulty(plan.validators)) {
    suspects.insert(prng.Below(plan.validators));
  }
  for (const NodeIndex suspect : suspects) {
    const std::uint64_t choice = prng.Below(profile == Profile::kByzantine ? 7 : 10);
    if (choice < 6) {
      plan.byzantine[suspect] = static_cast<Byzantine::Kind>(prng.Below(Byzantine::kKinds));
    } else if (choice == 6) {
      plan.twins.insert(suspect);
    } else if (choice == 7) {
      plan.dead.insert(suspect);
    } else if (choice == 8) {
      plan.cut.insert(suspect);
    }
  }
  return suspects;
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

void DrawFaults(Prng& prng, Profile profile, Plan& plan) {
  const Kind only = kKinds[prng.Below(kKinds.size())];
  for (const Kind kind : kKinds) {
    const bool on = profile == Profile::kLite ? kind == only
                                              : prng.Chance(profile == Profile::kSwarm ? 2 : 1, 5);
    if (!on) continue;
    const std::uint64_t count = 1 + prng.Below(kind == Kind::kCrash ? 8 : 3);
    for (std::uint64_t i = 0; i < count; ++i) {
      plan.faults.push_back(DrawFault(prng, kind, plan.validators));
    }
  }
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
}

}  // namespace

std::string_view Name(Kind kind) {
  constexpr std::array<std::string_view, kFaultKinds> kNames = {
      "crash",     "crash-all", "isolate", "one-way",    "loss",        "replay",
      "reorder",   "slow",      "clog",    "swizzle",    "reset",       "pause",
      "disk-full", "slow-disk", "rot",     "clock-step", "clock-drift", "clock-freeze"};
  return kNames[static_cast<std::size_t>(kind)];
}

Plan DrawPlan(Prng prng, Profile profile) {
  Plan plan;
  plan.validators = DrawSize(prng);
  const std::set<NodeIndex> suspects = DrawSuspects(prng, profile, plan);
  plan.block_transactions = prng.Chance(1, 4) ? 1 + prng.Below(3) : 1000;
  plan.network.delay_max_ms = 2 + prng.Below(60);
  plan.network.loss_per_mille = prng.Chance(1, 2) ? prng.Below(30) : 0;
  plan.network.duplicate_per_mille = prng.Chance(1, 2) ? prng.Below(50) : 0;
  DrawFaults(prng, profile, plan);
  if (prng.Chance(1, 3)) DrawChanges(prng.Fork("changes"), suspects, plan);
  plan.heal_at = Millis(kFaultyMs + 5'000);
  return plan;
}

}  // namespace timebank::sim
