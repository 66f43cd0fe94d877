// Links between nodes: messages cross as bytes, with delay, loss, duplication, reordering (delays
// are drawn per message) and cuts. A link that comes up tells both ends.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/prng.h"
#include "node/replica/ports.h"
#include "tests/sim/world.h"

namespace timebank::sim {

// A node's place in the run; its validator's place in the set is the same.
using NodeIndex = std::size_t;

// What stands for the TLS key of a node.
[[nodiscard]] replica::PeerKey PeerKeyOf(NodeIndex node);
[[nodiscard]] NodeIndex NodeOf(const replica::PeerKey& key);

struct NetworkOptions {
  std::uint64_t delay_min_ms = 1;
  std::uint64_t delay_max_ms = 20;
  std::uint64_t loss_per_mille = 0;
  std::uint64_t duplicate_per_mille = 0;
};

class Network {
 public:
  struct Ends {
    std::function<void(NodeIndex from, NodeIndex to, const replica::SharedMessage&)> deliver;
    std::function<void(NodeIndex at, NodeIndex peer)> connected;
  };
  Network(World& world, Prng prng, std::size_t nodes, Ends ends)
      : world_(world), prng_(std::move(prng)), nodes_(nodes), ends_(std::move(ends)) {}

  void Send(NodeIndex from, NodeIndex to, const replica::SharedMessage& message);
  void SetOptions(const NetworkOptions& options) { options_ = options; }
  // Cuts the link, both ways.
  void Cut(NodeIndex a, NodeIndex b);
  // Every link between the group and the rest.
  void Isolate(const std::set<NodeIndex>& group);
  // All links up again; ends that were cut are told.
  void Heal();
  // Tells every node that it is connected to `node`, and it of them, where the link is up.
  void Connect(NodeIndex node);
  // The link drops and comes back after a second.
  void Reset(NodeIndex a, NodeIndex b);
  [[nodiscard]] bool IsCut(NodeIndex a, NodeIndex b) const { return cut_.contains(Link(a, b)); }

 private:
  using LinkName = std::pair<NodeIndex, NodeIndex>;
  static LinkName Link(NodeIndex a, NodeIndex b) { return {std::min(a, b), std::max(a, b)}; }
  void Restore(LinkName link);

  World& world_;
  Prng prng_;
  std::size_t nodes_;
  Ends ends_;
  NetworkOptions options_;
  std::set<LinkName> cut_;
};

}  // namespace timebank::sim
