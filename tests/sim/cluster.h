// A network of validators in one run: nodes, links, the Byzantine among them, and the checkers that
// watch. Twins are two correct processes with one key: each is seen by some of the others, so that
// together they equivocate with well-formed blocks and votes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/prng.h"
#include "tests/sim/byzantine.h"
#include "tests/sim/checkers.h"
#include "tests/sim/community.h"
#include "tests/sim/faults.h"
#include "tests/sim/network.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

namespace timebank::sim {

// Tickets from here on are the council's, whose answers nobody waits for.
inline constexpr std::uint64_t kCouncilTickets = 1'000'000'000;

class Cluster {
 public:
  // A correct node's answer to a submission.
  using OnAnswer =
      std::function<void(NodeIndex, std::uint64_t ticket, const replica::SubmitAnswer&)>;

  // What a correct node sends, as it leaves.
  using OnSent = std::function<void(NodeIndex from, const consensus::Message& message)>;

  // Whether a correct node's message may pass; gossip always does.
  using Filter =
      std::function<bool(NodeIndex from, NodeIndex to, const consensus::Message& message)>;

  Cluster(World& world, const Prng& prng, const Community& community, const Plan& plan);

  void Start();
  // Plays the plan's faults at their times, and heals at the end.
  void Schedule(const Plan& plan);
  void Submit(NodeIndex node, std::uint64_t ticket, const replica::SharedTransaction& transaction);
  void SetOnAnswer(OnAnswer on_answer) { on_answer_ = std::move(on_answer); }
  void SetOnSent(OnSent on_sent) { on_sent_ = std::move(on_sent); }
  void SetFilter(Filter filter) { filter_ = std::move(filter); }
  // Looks into every correct node's state.
  void CheckStates();
  // True when all correct nodes that are up have the highest final block.
  [[nodiscard]] bool Level() const;

  void Crash(NodeIndex node);
  void Restart(NodeIndex node);

  // Nodes with a key of their own: validators of genesis and newcomers.
  [[nodiscard]] std::size_t size() const { return validators_; }
  // Whether the node votes in the newest epoch that a correct node has reached.
  [[nodiscard]] bool IsInSet(NodeIndex node) const;
  // Correct, up, linked and in the set: what the run promises holds for it.
  [[nodiscard]] bool IsMember(NodeIndex node) const {
    return IsCorrect(node) && nodes_[node]->alive() && !lost_.contains(node) && IsInSet(node);
  }
  [[nodiscard]] bool IsCorrect(NodeIndex node) const;
  // All nodes begin the era at their next start.
  void BeginEra(const std::string& recovery, const Hash& chain_id) {
    chain_id_ = chain_id;
    for (const auto& node : nodes_) node->BeginEra(recovery, chain_id);
  }
  [[nodiscard]] Node& node(NodeIndex node) { return *nodes_[node]; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] Checkers& checkers() { return checkers_; }
  // A Mermaid sequence diagram of what is said from now on grows there, up to some hundred lines.
  void Draw(std::vector<std::string>* diagram) { diagram_ = diagram; }
  // What stands in the way, for a run that does not finish.
  [[nodiscard]] std::string Explain() const;

 private:
  // Places: validators first, then one more for the twin of each in `twins_`.
  [[nodiscard]] NodeIndex ValidatorAt(NodeIndex place) const;
  [[nodiscard]] NodeIndex PlaceFor(NodeIndex from, NodeIndex validator) const;
  [[nodiscard]] NodeOptions OptionsOf(NodeIndex place, const Community& community, const Plan& plan,
                                      Prng& prng) const;
  [[nodiscard]] NodeHooks HooksOf(NodeIndex place);
  void Route(NodeIndex from, std::optional<NodeIndex> to, const replica::SharedMessage& message);
  // Both ends know the other as somebody they may be linked to.
  [[nodiscard]] bool MayTalk(NodeIndex place, NodeIndex other) const;
  void Play(const Fault& fault);
  // Network options, partitions and silence as the faults under way say.
  void ShapeNetwork();
  void PlayOnNode(const Fault& fault, NodeIndex node);
  void Swizzle(std::uint64_t for_ms);
  void Repair(const Fault& fault);
  [[nodiscard]] bool IsUnder(Fault::Kind kind, NodeIndex node) const;
  void Heal(const Plan& plan);
  void RedrawSides();

  World& world_;
  Prng prng_;
  std::size_t validators_;
  Hash chain_id_;
  std::map<NodeIndex, Byzantine> byzantine_;
  std::set<NodeIndex> dead_;
  std::set<NodeIndex> lost_;         // cut off for good
  std::vector<NodeIndex> twins_;     // the validator at place validators_ + i
  std::map<NodeIndex, bool> sides_;  // which twin a place sees
  NetworkOptions calm_;
  std::vector<Fault> under_way_;
  Checkers checkers_;
  OnAnswer on_answer_;
  OnSent on_sent_;
  std::vector<std::string>* diagram_ = nullptr;
  Filter filter_;
  Network network_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace timebank::sim
