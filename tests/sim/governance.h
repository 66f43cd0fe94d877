// The council of a run: carries out the plan's changes of the set one after the other, as people
// would, asking again until each has taken effect.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/cluster.h"
#include "tests/sim/community.h"
#include "tests/sim/faults.h"
#include "tests/sim/world.h"

namespace timebank::sim {

class Governance {
 public:
  Governance(World& world, Prng prng, Community& community, Cluster& cluster,
             std::vector<SetChange> changes);

  void Start();
  // Every change has taken effect.
  [[nodiscard]] bool Done() const { return done_ == changes_.size(); }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::string Explain() const;

 private:
  void Look();
  // The set and what waits for READY, as the most advanced correct node has it.
  [[nodiscard]] const replica::FinalView* Newest() const;
  void Decide(const SetChange& change, Epoch epoch);
  void SayReady(const replica::FinalView& view);
  void Submit(const replica::SharedTransaction& transaction);

  World& world_;
  Prng prng_;
  Community& community_;
  Cluster& cluster_;
  std::vector<SetChange> changes_;
  std::size_t done_ = 0;
  Millis again_at_;  // not before: what was submitted may be on its way
  std::uint64_t ticket_ = kCouncilTickets;
};

}  // namespace timebank::sim
