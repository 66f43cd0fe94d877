// The plan's faults as they happen to a cluster, their end, and what stands in the way of a run
// that does not finish.
#include <algorithm>

#include "ledger/validators.h"
#include "tests/sim/cluster.h"

namespace timebank::sim {
namespace {

using Kind = Fault::Kind;

constexpr std::uint64_t kSlowMs = 400;
constexpr std::int64_t kStepMsMax = 15'000;  // of a clock, either way
constexpr std::uint64_t kSlowWriteMsMax = 80;

}  // namespace

void Cluster::Play(const Fault& fault) {
  world_.Note("fault", static_cast<std::uint64_t>(fault.kind));
  PlayOnNetwork(fault);
  for (const NodeIndex node : fault.nodes) {
    if (node < nodes_.size()) PlayOnNode(fault, node);
  }
  world_.After(fault.for_ms, [this, fault] { Repair(fault); });
}

void Cluster::PlayOnNetwork(const Fault& fault) {
  NetworkOptions rough = calm_;
  if (fault.kind == Kind::kIsolate) {
    network_.Isolate(fault.nodes);
    world_.Fired("isolate");
  } else if (fault.kind == Kind::kOneWay) {
    network_.Silence(fault.nodes);
  } else if (fault.kind == Kind::kSwizzle) {
    Swizzle(fault.for_ms);
  } else if (fault.kind == Kind::kCrashAll) {
    for (NodeIndex node = 0; node < nodes_.size(); ++node) Crash(node);
    world_.Fired("crash-all");
  } else if (fault.kind == Kind::kLoss) {
    rough.loss_per_mille = fault.per_mille;
    rough.duplicate_per_mille = fault.per_mille;
    network_.SetOptions(rough);
  } else if (fault.kind == Kind::kReplay) {
    rough.replay_per_mille = fault.per_mille;
    network_.SetOptions(rough);
  } else if (fault.kind == Kind::kReorder) {
    rough.reorder_per_mille = fault.per_mille;
    network_.SetOptions(rough);
  } else if (fault.kind == Kind::kSlow) {
    rough.delay_max_ms = kSlowMs;
    network_.SetOptions(rough);
    world_.Fired("slow");
  }
}

void Cluster::PlayOnNode(const Fault& fault, NodeIndex node) {
  if (fault.kind == Kind::kCrash) {
    nodes_[node]->CrashAfter(fault.operations);
  } else if (fault.kind == Kind::kReset) {
    for (NodeIndex peer = 0; peer < nodes_.size(); ++peer) {
      if (peer != node) network_.Reset(node, peer);
    }
  } else if (fault.kind == Kind::kClog) {
    network_.Clog(node);
  } else if (fault.kind == Kind::kPause) {
    nodes_[node]->PauseUntil(Millis(world_.now().value() + fault.for_ms));
    world_.Fired("pause");
  } else if (fault.kind == Kind::kDiskFull) {
    nodes_[node]->FillDisk();
  } else if (fault.kind == Kind::kSlowDisk) {
    nodes_[node]->SlowDisk(1 + fault.per_mille % kSlowWriteMsMax);
  } else if (fault.kind == Kind::kRot) {
    nodes_[node]->disk().Rot();
  } else if (fault.kind == Kind::kClockStep) {
    const auto shift = static_cast<std::int64_t>(fault.per_mille * 97) % (2 * kStepMsMax);
    nodes_[node]->SetClock({.shift_ms = shift - kStepMsMax, .since = world_.now()});
    world_.Fired("clock-step");
  } else if (fault.kind == Kind::kClockDrift) {
    nodes_[node]->SetClock({.fast_per_mille = fault.per_mille, .since = world_.now()});
    world_.Fired("clock-drift");
  } else if (fault.kind == Kind::kClockFreeze) {
    nodes_[node]->SetClock({.frozen = true, .since = world_.now()});
    world_.Fired("clock-freeze");
  }
}

// One after the other, freed in another order.
void Cluster::Swizzle(std::uint64_t for_ms) {
  world_.Fired("swizzle");
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    world_.After(prng_.Below(for_ms + 1), [this, node] { network_.Clog(node); });
    world_.After(for_ms + prng_.Below(for_ms + 1), [this, node] { network_.Free(node); });
  }
}

void Cluster::Repair(const Fault& fault) {
  if (fault.kind == Kind::kIsolate || fault.kind == Kind::kOneWay) network_.Heal();
  for (const NodeIndex node : fault.nodes) {
    if (node >= nodes_.size()) continue;
    if (fault.kind == Kind::kClog) network_.Free(node);
    if (fault.kind == Kind::kDiskFull) nodes_[node]->disk().SetFull(nullptr);
    if (fault.kind == Kind::kSlowDisk) nodes_[node]->SlowDisk(0);
    const bool clock = fault.kind == Kind::kClockStep || fault.kind == Kind::kClockDrift ||
                       fault.kind == Kind::kClockFreeze;
    if (clock) nodes_[node]->SetClock({});
  }
  network_.SetOptions(calm_);
  for (NodeIndex node = 0; node < nodes_.size(); ++node) Restart(node);
}

// From here on only the Byzantine misbehave, and the lost stay lost: within the budget, so
// everything submitted has to become final.
void Cluster::Heal(const Plan& plan) {
  world_.Note("heal", 0);
  calm_.loss_per_mille = 0;
  network_.SetOptions(calm_);
  network_.Heal();
  dead_ = plan.dead;
  for (const NodeIndex node : plan.dead) {
    Crash(node);
    world_.Fired("dead");
  }
  for (const NodeIndex node : plan.cut) {
    network_.Isolate({node});
    world_.Fired("cut-off");
  }
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    nodes_[node]->disk().Heal();
    nodes_[node]->SlowDisk(0);
    nodes_[node]->SetClock({});
    Restart(node);
  }
  lost_ = plan.cut;
}

std::string Cluster::Explain() const {
  std::string out;
  std::size_t up = 0;
  std::size_t members = 0;
  for (NodeIndex place = 0; place < nodes_.size(); ++place) {
    const bool member = place < validators_ && IsInSet(place);
    if (member) ++members;
    out += "  node " + std::to_string(place) + (member ? "" : " (not in the set)");
    if (!nodes_[place]->alive()) {
      out += " down\n";
      continue;
    }
    if (member && !lost_.contains(place)) ++up;
    const replica::Status status = nodes_[place]->replica().status();
    const consensus::Snapshot& core = status.consensus;
    out += " epoch " + std::to_string(core.position.epoch.value()) + " view " +
           std::to_string(core.position.view.value()) + " floor view " +
           std::to_string(core.floor.view.value()) + " height " +
           std::to_string(core.committed_height.value()) + " leader " +
           std::to_string(core.leader.value()) + (core.gate_open ? " gate open" : " idle") +
           " pool " + std::to_string(status.pool_transactions) +
           (core.floor_digest != core.committed_digest ? ", lacks bodies of final blocks" : "") +
           "\n";
  }
  const std::size_t needed = chain::Quorum(members);
  return out + "  " + std::to_string(up) + " of " + std::to_string(members) +
         " validators are up and linked, " + std::to_string(needed) + " decide" +
         (up < needed ? ": no quorum\n" : "\n");
}

}  // namespace timebank::sim
