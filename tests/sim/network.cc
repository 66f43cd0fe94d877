#include "tests/sim/network.h"

#include "crypto/sha256.h"

namespace timebank::sim {

replica::PeerKey PeerKeyOf(NodeIndex node) {
  return *replica::PeerKey::From(ByteWriter().U64(node + 1).Raw(Bytes(24)).bytes());
}

NodeIndex NodeOf(const replica::PeerKey& key) { return ByteReader(key.view()).U64() - 1; }

void Network::Send(NodeIndex from, NodeIndex to, const replica::SharedMessage& message) {
  if (IsCut(from, to) || prng_.Chance(options_.loss_per_mille, 1000)) return;
  const std::uint64_t copies = prng_.Chance(options_.duplicate_per_mille, 1000) ? 2 : 1;
  for (std::uint64_t i = 0; i < copies; ++i) {
    const auto delay_ms =
        static_cast<std::uint64_t>(prng_.Between(static_cast<std::int64_t>(options_.delay_min_ms),
                                                 static_cast<std::int64_t>(options_.delay_max_ms)));
    world_.After(delay_ms, [this, from, to, message] {
      // What is on the way when the link is cut is lost.
      if (!IsCut(from, to)) ends_.deliver(from, to, message);
    });
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

void Network::Heal() {
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
  world_.After(1000, [this, link] { Restore(link); });
}

void Network::Restore(LinkName link) {
  if (cut_.erase(link) == 0) return;
  ends_.connected(link.first, link.second);
  ends_.connected(link.second, link.first);
}

}  // namespace timebank::sim
