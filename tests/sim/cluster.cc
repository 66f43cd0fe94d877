#include "tests/sim/cluster.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/validators.h"
#include "tests/sim/diagram.h"

namespace timebank::sim {
namespace {

constexpr std::uint64_t kSidesMs = 1'500;
constexpr std::uint64_t kOffsetMsMax = 1'500;  // between the nodes' clocks

}  // namespace

Cluster::Cluster(World& world, const Prng& prng, const Community& community, const Plan& plan)
    : world_(world),
      prng_(prng.Fork("cluster")),
      validators_(plan.validators + plan.newcomers),
      chain_id_(community.chain_id()),
      twins_(plan.twins.begin(), plan.twins.end()),
      calm_(plan.network),
      checkers_(community.genesis()),
      network_(world, prng.Fork("network"), validators_ + plan.twins.size(),
               {[this](NodeIndex from, NodeIndex to, const replica::SharedMessage& message) {
                  world_.Note("deliver", from * 100 + to, AsBytes(*message));
                  nodes_[to]->Deliver(ValidatorAt(from), message);
                },
                [this](NodeIndex at, NodeIndex peer) {
                  if (ValidatorAt(at) != ValidatorAt(peer) && MayTalk(at, peer)) {
                    nodes_[at]->Connected(ValidatorAt(peer));
                  }
                }}) {
  network_.SetOptions(calm_);
  for (const auto& [node, kind] : plan.byzantine) {
    const auto& keys = community.validators();
    const NodeIndex next = (node + 1) % static_cast<NodeIndex>(plan.validators);
    byzantine_.emplace(node, Byzantine(world, prng.Fork("liar" + std::to_string(node)), kind,
                                       keys[node], keys[next].public_key(), chain_id_));
  }
  for (NodeIndex node = 0; node < validators_; ++node) {
    if (IsCorrect(node)) checkers_.Trust(community.validators()[node].public_key());
  }
  Prng options = prng.Fork("options");
  for (NodeIndex place = 0; place < validators_ + twins_.size(); ++place) {
    nodes_.push_back(std::make_unique<Node>(world, prng.Fork("place" + std::to_string(place)),
                                            OptionsOf(place, community, plan, options),
                                            HooksOf(place)));
  }
}

void Cluster::Start() {
  for (NodeIndex place = 0; place < nodes_.size(); ++place) Restart(place);
  if (!twins_.empty()) RedrawSides();
}

void Cluster::Schedule(const Plan& plan) {
  for (const Fault& fault : plan.faults) {
    world_.At(fault.at, [this, fault] { Play(fault); });
  }
  world_.At(plan.heal_at, [this, plan] { Heal(plan); });
}

void Cluster::Submit(NodeIndex node, std::uint64_t ticket,
                     const replica::SharedTransaction& transaction) {
  nodes_[node]->Submit(ticket, transaction);
}

void Cluster::CheckStates() {
  for (NodeIndex node = 0; node < validators_; ++node) {
    if (!IsCorrect(node) || !nodes_[node]->alive()) continue;
    const replica::Replica& replica = nodes_[node]->replica();
    checkers_.State(node, replica.final_view());
    if (replica.status().consensus.unknown_vote && !nodes_[node]->disk().was_wiped()) {
      checkers_.Fail("a whole log was taken for a lost one by node " + std::to_string(node));
    }
  }
}

bool Cluster::Level() const {
  for (NodeIndex node = 0; node < validators_; ++node) {
    if (!IsMember(node)) continue;
    if (nodes_[node]->replica().final_view().header.height.value() != checkers_.height()) {
      return false;
    }
  }
  return true;
}

void Cluster::Crash(NodeIndex node) { nodes_[node]->Crash(); }

void Cluster::Restart(NodeIndex node) {
  if (nodes_[node]->alive() || dead_.contains(node)) return;
  nodes_[node]->Start();
  network_.Connect(node);
}

bool Cluster::IsCorrect(NodeIndex node) const {
  return !byzantine_.contains(node) &&
         std::find(twins_.begin(), twins_.end(), node) == twins_.end();
}

bool Cluster::IsInSet(NodeIndex node) const {
  const ledger::State* newest = nullptr;
  for (NodeIndex other = 0; other < validators_; ++other) {
    if (!IsCorrect(other) || !nodes_[other]->alive()) continue;
    const ledger::State& state = *nodes_[other]->replica().final_view().state;
    if (newest == nullptr || newest->height() < state.height()) newest = &state;
  }
  return newest != nullptr &&
         ledger::CurrentSet(*newest).IndexOf(nodes_[node]->public_key()).has_value();
}

bool Cluster::MayTalk(NodeIndex place, NodeIndex other) const {
  return nodes_[place]->MayTalkTo(ValidatorAt(other)) &&
         nodes_[other]->MayTalkTo(ValidatorAt(place));
}

NodeIndex Cluster::ValidatorAt(NodeIndex place) const {
  return place < validators_ ? place : twins_[place - validators_];
}

// Who talks to a validator with a twin talks to one of the two.
NodeIndex Cluster::PlaceFor(NodeIndex from, NodeIndex validator) const {
  const auto twin = std::find(twins_.begin(), twins_.end(), validator);
  const auto side = sides_.find(from);
  if (twin == twins_.end() || side == sides_.end() || !side->second) return validator;
  return validators_ + static_cast<std::size_t>(twin - twins_.begin());
}

NodeOptions Cluster::OptionsOf(NodeIndex place, const Community& community, const Plan& plan,
                               Prng& prng) const {
  const NodeIndex validator = ValidatorAt(place);
  NodeOptions options{place, validator, community.genesis(), community.validators()[validator]};
  options.ledger_offset_ms = kRunStartMs + prng.Below(kOffsetMsMax);
  options.block_transactions = plan.block_transactions;
  options.lie = plan.lie;
  options.watch_own_key = IsCorrect(validator) && plan.lie == Lie::kNone;
  return options;
}

NodeHooks Cluster::HooksOf(NodeIndex place) {
  const NodeIndex validator = ValidatorAt(place);
  const bool correct = IsCorrect(validator);
  NodeHooks hooks;
  hooks.send = [this, place](std::optional<NodeIndex> to, const replica::SharedMessage& message) {
    Route(place, to, message);
  };
  hooks.disconnect = [this, place](NodeIndex peer) {
    if (peer < validators_) network_.Reset(place, PlaceFor(place, peer));
  };
  hooks.cast = [this, validator, correct](const chain::VotePosition& vote) {
    if (correct) checkers_.Cast(validator, vote);
  };
  hooks.linked = [this, place](NodeIndex peer) {
    const NodeIndex other = PlaceFor(place, peer);
    if (other >= nodes_.size() || !MayTalk(place, other)) return;
    nodes_[place]->Connected(peer);
    nodes_[other]->Connected(ValidatorAt(place));
  };
  hooks.final = [this, place, correct](const replica::FinalBlock& block) {
    world_.Note("final", place, block.block.block.digest().view());
    if (correct) checkers_.Final(place, block);
  };
  hooks.answer = [this, place, correct](std::uint64_t ticket, const replica::SubmitAnswer& answer) {
    if (correct && on_answer_ && ticket < kCouncilTickets) on_answer_(place, ticket, answer);
  };
  hooks.fail = [this](std::string what) { checkers_.Fail(std::move(what)); };
  hooks.dropped = [](const replica::SubmitAnswer&) {};
  hooks.halted = [this, place, correct](const consensus::Divergence& divergence) {
    if (correct) {
      checkers_.Fail("node " + std::to_string(place) + " halted: " + replica::DumpText(divergence));
    }
  };
  return hooks;
}

void Cluster::Route(NodeIndex from, std::optional<NodeIndex> to,
                    const replica::SharedMessage& message) {
  const NodeIndex self = ValidatorAt(from);
  const auto decoded = replica::DecodePeerMessage(AsBytes(*message), chain_id_);
  if (!decoded) return checkers_.Fail("a node sent what does not decode");
  const auto* sent = std::get_if<consensus::Message>(&*decoded);
  if (sent != nullptr && IsCorrect(self) && on_sent_) on_sent_(self, *sent);
  std::vector<NodeIndex> places;
  for (NodeIndex validator = 0; validator < validators_; ++validator) {
    if (validator == self || (to && *to != validator)) continue;
    if (sent != nullptr && filter_ && !filter_(self, validator, *sent)) continue;
    const NodeIndex place = PlaceFor(from, validator);
    // A twin is heard only by those who see it.
    if (PlaceFor(place, self) == from && MayTalk(from, place)) places.push_back(place);
  }
  if (diagram_ != nullptr && sent != nullptr) DrawMessage(*diagram_, self, places, *sent);
  const auto liar = byzantine_.find(self);
  if (liar == byzantine_.end()) {
    for (const NodeIndex place : places) network_.Send(from, place, message);
    return;
  }
  for (const Byzantine::Said& said : liar->second.Say(places, message, *decoded)) {
    network_.Send(from, said.to, said.message);
  }
}

void Cluster::RedrawSides() {
  world_.Fired("twins");
  for (NodeIndex place = 0; place < nodes_.size(); ++place) sides_[place] = prng_.Chance(1, 2);
  world_.After(kSidesMs, [this] { RedrawSides(); });
}

}  // namespace timebank::sim
