#include "tests/sim/network.h"

#include <utility>

namespace timebank::sim {
namespace {

constexpr std::uint64_t kOvertaken = 10;  // times the longest delay
constexpr std::size_t kRemembered = 256;

}  // namespace

replica::PeerKey PeerKeyOf(NodeIndex node) {
  return *replica::PeerKey::From(ByteWriter().U64(node + 1).Raw(Bytes(24)).bytes());
}

NodeIndex NodeOf(const replica::PeerKey& key) { return ByteReader(key.view()).U64() - 1; }

void Network::Send(NodeIndex from, NodeIndex to, const replica::SharedMessage& message) {
  if (silenced_.contains(from) && !silenced_.contains(to)) return world_.Fired("one-way");
  if (IsCut(from, to)) return world_.Fired("cut");
  if (prng_.Chance(options_.loss_per_mille, 1000)) return world_.Fired("lost");
  const Packet packet{from, to, message};
  std::uint64_t delay_ms = Delay();
  if (prng_.Chance(options_.reorder_per_mille, 1000)) {
    delay_ms += kOvertaken * options_.delay_max_ms;
    world_.Fired("reorder");
  }
  world_.After(delay_ms, [this, packet] { Deliver(packet); });
  if (prng_.Chance(options_.duplicate_per_mille, 1000)) {
    world_.Fired("doubled");
    world_.After(Delay(), [this, packet] { Deliver(packet); });
  }
  if (!passed_.empty() && prng_.Chance(options_.replay_per_mille, 1000)) {
    world_.Fired("replay");
    world_.After(Delay(), [this, old = passed_[prng_.Below(passed_.size())]] { Deliver(old); });
  }
  passed_.push_back(packet);
  if (passed_.size() > kRemembered) passed_.pop_front();
}

std::uint64_t Network::Delay() {
  return static_cast<std::uint64_t>(
      prng_.Between(static_cast<std::int64_t>(options_.delay_min_ms),
                    static_cast<std::int64_t>(options_.delay_max_ms)));
}

void Network::Deliver(const Packet& packet) {
  // What is on the way when the link is cut is lost.
  if (IsCut(packet.from, packet.to)) return;
  if (clogged_.contains(packet.from) || clogged_.contains(packet.to)) {
    world_.Fired("clog");
    held_.push_back(packet);
    return;
  }
  ends_.deliver(packet.from, packet.to, packet.message);
}

void Network::Free(NodeIndex node) {
  const auto clogged = clogged_.find(node);
  if (clogged == clogged_.end() || --clogged->second > 0) return;
  clogged_.erase(clogged);
  for (const Packet& packet : std::exchange(held_, {})) {
    world_.After(1, [this, packet] { Deliver(packet); });
  }
}

void Network::Cut(NodeIndex a, NodeIndex b) {
  if (a != b) cut_.insert(Link(a, b));
}

void Network::Isolate(const std::set<NodeIndex>& group) {
  for (const NodeIndex a : group) {
    for (NodeIndex b = 0; b < nodes_; ++b) {
      if (!group.contains(b)) Cut(a, b);
    }
  }
}

void Network::Part(const std::vector<std::set<NodeIndex>>& groups) {
  std::set<LinkName> parted;
  for (const std::set<NodeIndex>& group : groups) {
    for (const NodeIndex a : group) {
      for (NodeIndex b = 0; b < nodes_; ++b) {
        if (!group.contains(b)) parted.insert(Link(a, b));
      }
    }
  }
  for (const LinkName& link : std::exchange(parted_, std::move(parted))) Tell(link);
}

void Network::Heal() {
  silenced_.clear();
  Part({});
  for (auto& [node, times] : clogged_) times = 1;
  while (!clogged_.empty()) Free(clogged_.begin()->first);
  const std::set<LinkName> cut = cut_;
  for (const LinkName& link : cut) Restore(link);
}

void Network::Connect(NodeIndex node) {
  for (NodeIndex peer = 0; peer < nodes_; ++peer) {
    if (peer == node || IsCut(node, peer)) continue;
    ends_.connected(node, peer);
    ends_.connected(peer, node);
  }
}

void Network::Reset(NodeIndex a, NodeIndex b) {
  const LinkName link = Link(a, b);
  if (!cut_.insert(link).second) return;
  world_.Fired("reset");
  world_.After(1000, [this, link] { Restore(link); });
}

void Network::Restore(LinkName link) {
  if (cut_.erase(link) > 0) Tell(link);
}

// Both ends that they are linked, if they are.
void Network::Tell(LinkName link) {
  if (IsCut(link.first, link.second)) return;
  ends_.connected(link.first, link.second);
  ends_.connected(link.second, link.first);
}

}  // namespace timebank::sim
