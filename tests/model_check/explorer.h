// Goes through every state that three honest validators can reach together, whatever a fourth one,
// the network, the clocks and crashes do.
//
// What was sent may arrive at any time, in any order, any number of times or never, so that all
// that one validator's past means to the others is the set of votes and proposals it ever made. Two
// things follow. A joint state is a triple of local states, with no messages in flight. And what
// changes nothing but a validator's own state can be put off until just before its next vote: joint
// states are kept only after a vote or proposal, and the quiet steps in between are gone through
// again from there ("closure").
//
// What a validator can do next follows from its own state and from what the others said. So each
// such combination is gone through once ("Nexts"), however many joint states share it. Of two
// states that a validator can come to with the same words, one is enough where a quiet step leads
// from it to the other.
//
// Who has crashed less can do all that who has crashed more can: a state counts with the fewest
// crashes that lead to it, and all states without a crash are gone through before those with one.
//
// The core is deterministic, so each (local state, stimulus) runs once and is looked up afterwards.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/model_check/local.h"
#include "tests/model_check/world.h"

namespace timebank::model_check {

using LocalId = std::uint32_t;
using SaidId = std::uint32_t;
using Joint = std::array<LocalId, kHonest>;

// All local states of one validator found so far, and what leads from one to the other.
class Table {
 public:
  Table(World& world, std::size_t index);
  [[nodiscard]] LocalId After(LocalId from, const Stimulus& stimulus,
                              const CertificateSource& certificates);
  // Empty where it was never tried.
  [[nodiscard]] std::optional<LocalId> Known(LocalId from, const Stimulus& stimulus) const;
  [[nodiscard]] const LocalInfo& info(LocalId id) const { return infos_[id]; }
  [[nodiscard]] const Local& local(LocalId id) const { return *locals_[id]; }
  // Equal where the same votes were cast and the same proposals made.
  [[nodiscard]] SaidId said(LocalId id) const { return said_[id]; }
  [[nodiscard]] const Validator& validator() const { return validator_; }
  [[nodiscard]] std::size_t size() const { return infos_.size(); }
  [[nodiscard]] std::size_t steps() const { return edges_.size(); }
  // A mark per local state: true the first time since Unmark.
  [[nodiscard]] bool Mark(LocalId id);
  void Unmark() { ++epoch_; }

 private:
  [[nodiscard]] LocalId Intern(Local local);

  Validator validator_;
  std::vector<std::unique_ptr<Local>> locals_;
  std::vector<LocalInfo> infos_;
  std::vector<SaidId> said_;
  std::unordered_map<std::string, SaidId> said_ids_;
  std::vector<std::uint32_t> marks_;
  std::uint32_t epoch_ = 1;
  std::unordered_map<std::string, LocalId> ids_;
  std::unordered_map<std::uint64_t, LocalId> edges_;
};

struct Found {
  std::uint64_t states = 0;
  std::uint64_t visited = 0;  // fewer when stopped early
  std::uint64_t transitions = 0;
  std::uint64_t depth = 0;  // votes and proposals made one after the other
  std::uint64_t local_states = 0;
  std::uint64_t steps = 0;  // of the real core
  std::uint64_t finished = 0;
  std::uint64_t ended = 0;  // states in which nobody has anything left to vote for
  bool complete = false;
  std::string violation;           // empty: none
  std::vector<std::string> trace;  // that leads to it
};

class Explorer {
 public:
  explicit Explorer(const Bounds& bounds);
  [[nodiscard]] Found Run();

 private:
  // What everybody can know in a joint state.
  struct Common {
    std::array<Positions, kHonest> sent;
    Positions any;        // somebody honest signed it
    Positions certified;  // a quorum of honest ones and the Byzantine one did
    std::vector<ProposalId> offers;
    std::uint8_t nullified = 0;  // views with a quorum of Nullify
  };
  struct State {
    Joint joint;
    std::uint32_t parent = 0;
    std::uint8_t crashes = 0;
    std::uint8_t depth = 0;
  };
  struct Successor {
    LocalId after = 0;
    std::uint8_t crashes = 0;
  };
  using Nexts = std::vector<Successor>;

  [[nodiscard]] Common CommonOf(const Joint& joint);
  void AddByzantineOffers(Common& common);
  void AddChildren(Common& common, std::uint64_t view, std::uint64_t parent_view, BlockId parent,
                   PositionId proof);
  [[nodiscard]] bool HasVotedFor(const Common& common, BlockId block) const;
  void CheckAgreement(const Common& common) const;
  void CheckClaims(const Common& common, const LocalInfo& info) const;
  void Visit(std::uint32_t number, Found& found);
  [[nodiscard]] const Nexts& NextsOf(std::size_t k, const State& state);
  [[nodiscard]] Nexts Closure(std::size_t k, LocalId from, const Common& common,
                              std::size_t crashes);
  [[nodiscard]] Nexts WithoutRepeats(std::size_t k, const Nexts& nexts, const Common& common);
  void StimuliOf(std::size_t k, const LocalInfo& info, const Common& common, bool may_crash,
                 std::vector<Stimulus>& out);
  [[nodiscard]] std::optional<chain::Certificate> Certificate(std::size_t k, const Common& common,
                                                              const chain::VotePosition& p);
  void Add(const State& state);
  [[nodiscard]] std::size_t SlotOf(const Joint& joint) const;
  void Finish(std::uint32_t number, bool ended, Found& found);
  [[nodiscard]] std::vector<std::string> TraceTo(std::uint32_t number);
  [[nodiscard]] std::vector<Stimulus> Path(std::size_t k, LocalId from, LocalId to,
                                           const Common& common);

  World world_;
  std::vector<Table> tables_;
  std::vector<State> states_;
  std::vector<std::uint32_t> slots_;               // open addressing over states_, plus one
  std::vector<std::vector<std::uint32_t>> queue_;  // of states, by crashes
  std::array<std::unordered_map<std::uint64_t, Nexts>, kHonest> nexts_;
  std::unordered_set<std::uint64_t> agreed_;  // what was said, found in order
};

}  // namespace timebank::model_check
