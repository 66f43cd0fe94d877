// The plan's faults as they happen to a cluster, their end, and what stands in the way of a run
// that does not finish.
#include <algorithm>

#include "ledger/validators.h"
#include "tests/sim/cluster.h"

namespace timebank::sim {
namespace {

using Kind = Fault::Kind;

constexpr std::uint64_t kSlowMs = 400;

}  // namespace

void Cluster::Play(const Fault& fault) {
  world_.Note("fault", static_cast<std::uint64_t>(fault.kind));
  const bool counts_itself = fault.kind == Kind::kIsolate || fault.kind == Kind::kSwizzle ||
                             fault.kind == Kind::kCrashAll || fault.kind == Kind::kSlow;
  if (counts_itself) world_.Fired(Name(fault.kind));
  under_way_.push_back(fault);
  ShapeNetwork();
  if (fault.kind == Kind::kSwizzle) Swizzle(fault.for_ms);
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    if (fault.kind == Kind::kCrashAll) Crash(node);
    if (fault.nodes.contains(node)) PlayOnNode(fault, node);
  }
  world_.After(fault.for_ms, [this, fault] { Repair(fault); });
}

void Cluster::ShapeNetwork() {
  NetworkOptions options = calm_;
  std::vector<std::set<NodeIndex>> parted;
  std::set<NodeIndex> silenced;
  for (const Fault& fault : under_way_) {
    if (fault.kind == Kind::kIsolate) parted.push_back(fault.nodes);
    if (fault.kind == Kind::kOneWay) silenced.insert(fault.nodes.begin(), fault.nodes.end());
    if (fault.kind == Kind::kSlow) options.delay_max_ms = kSlowMs;
    if (fault.kind == Kind::kReplay) options.replay_per_mille = fault.n;
    if (fault.kind == Kind::kReorder) options.reorder_per_mille = fault.n;
    if (fault.kind != Kind::kLoss) continue;
    options.loss_per_mille = fault.n;
    options.duplicate_per_mille = fault.n;
  }
  network_.SetOptions(options);
  network_.Part(parted);
  network_.Silence(silenced);
}

void Cluster::PlayOnNode(const Fault& fault, NodeIndex node) {
  if (fault.kind == Kind::kCrash) {
    nodes_[node]->CrashAfter(fault.n);
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
    nodes_[node]->SlowDisk(fault.n);
  } else if (fault.kind == Kind::kRot) {
    nodes_[node]->disk().Rot();
  } else if (fault.kind == Kind::kClockStep) {
    nodes_[node]->SetClock({.shift_ms = fault.off_ms, .since = world_.now()});
    world_.Fired("clock-step");
  } else if (fault.kind == Kind::kClockDrift) {
    nodes_[node]->SetClock({.fast_per_mille = fault.n, .since = world_.now()});
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

bool Cluster::IsUnder(Kind kind, NodeIndex node) const {
  return std::any_of(under_way_.begin(), under_way_.end(), [&](const Fault& fault) {
    return fault.kind == kind && (kind == Kind::kCrashAll || fault.nodes.contains(node));
  });
}

// What other faults still do to a node goes on.
void Cluster::Repair(const Fault& fault) {
  const auto over = std::find_if(under_way_.begin(), under_way_.end(), [&](const Fault& other) {
    return other.kind == fault.kind && other.at == fault.at && other.nodes == fault.nodes;
  });
  if (over == under_way_.end()) return;  // healed meanwhile
  under_way_.erase(over);
  ShapeNetwork();
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    if (fault.kind == Kind::kClog && fault.nodes.contains(node)) network_.Free(node);
    if (!IsUnder(Kind::kDiskFull, node)) nodes_[node]->disk().SetFull(nullptr);
    if (!IsUnder(Kind::kSlowDisk, node)) nodes_[node]->SlowDisk(0);
    const bool right = !IsUnder(Kind::kClockStep, node) && !IsUnder(Kind::kClockDrift, node) &&
                       !IsUnder(Kind::kClockFreeze, node);
    if (right) nodes_[node]->SetClock({});
    if (!IsUnder(Kind::kCrash, node) && !IsUnder(Kind::kCrashAll, node)) Restart(node);
  }
}

// From here on only the Byzantine misbehave, and the lost stay lost: within the budget, so
// everything submitted has to become final.
void Cluster::Heal(const Plan& plan) {
  world_.Note("heal", 0);
  calm_.loss_per_mille = 0;
  under_way_.clear();
  ShapeNetwork();
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
