// Links between nodes: messages cross as bytes, with delay, loss, duplication, reordering (delays
// are drawn per message) and cuts. A link that comes up tells both ends.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
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
  std::uint64_t reorder_per_mille = 0;  // messages that wait, and are overtaken
  std::uint64_t replay_per_mille = 0;   // old messages that come again
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
  // Every link between the group and the rest, until Heal.
  void Isolate(const std::set<NodeIndex>& group);
  // The same for these groups and no others: who is in none of them any more is linked again.
  void Part(const std::vector<std::set<NodeIndex>>& groups);
  // Nobody hears the group, which hears everybody.
  void Silence(const std::set<NodeIndex>& group) { silenced_ = group; }
  // Messages to and from the node wait until it is freed as often as it was clogged, and come all
  // at once then.
  void Clog(NodeIndex node) { ++clogged_[node]; }
  void Free(NodeIndex node);
  // All links up again; ends that were cut are told.
  void Heal();
  // Tells every node that it is connected to `node`, and it of them, where the link is up.
  void Connect(NodeIndex node);
  // The link drops and comes back after a second.
  void Reset(NodeIndex a, NodeIndex b);
  [[nodiscard]] bool IsCut(NodeIndex a, NodeIndex b) const {
    return cut_.contains(Link(a, b)) || parted_.contains(Link(a, b));
  }

 private:
  using LinkName = std::pair<NodeIndex, NodeIndex>;
  static LinkName Link(NodeIndex a, NodeIndex b) { return {std::min(a, b), std::max(a, b)}; }
  void Restore(LinkName link);
  void Tell(LinkName link);
  struct Packet {
    NodeIndex from = 0;
    NodeIndex to = 0;
    replica::SharedMessage message;
  };
  [[nodiscard]] std::uint64_t Delay();
  void Deliver(const Packet& packet);

  World& world_;
  Prng prng_;
  std::size_t nodes_;
  Ends ends_;
  NetworkOptions options_;
  std::set<LinkName> cut_;
  std::set<LinkName> parted_;  // by Part
  std::set<NodeIndex> silenced_;
  std::map<NodeIndex, std::uint64_t> clogged_;  // how often
  std::vector<Packet> held_;                    // of the clogged
  std::deque<Packet> passed_;                   // the last ones, to come again
};

}  // namespace timebank::sim
