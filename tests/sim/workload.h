// The people of a run: visits step by step from order to approval, each step signed by whom the
// rules ask for and submitted to two nodes, again until it is final; then gifts to relatives. Among
// them forged signatures, gifts beyond the purse, and repetitions of what is final.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/prng.h"
#include "tests/sim/cluster.h"
#include "tests/sim/community.h"
#include "tests/sim/world.h"

namespace timebank::sim {

class Workload {
 public:
  Workload(World& world, Prng prng, Community& community, Cluster& cluster);
  // `visits` in all, ordered one after the other over `spread_ms`, each looked after often.
  void Start(std::size_t visits, std::uint64_t spread_ms);
  // Everything submitted is final, every visit credited, every gift given.
  [[nodiscard]] bool Done() const;
  // What is still open, in one line each.
  [[nodiscard]] std::string Explain() const;
  [[nodiscard]] std::size_t submitted() const { return next_ticket_; }

 private:
  struct Visit {
    EntryId entry;
    std::size_t pair = 0;
    Millis start;
    Millis end;
    Millis begin_at;       // when it is ordered, in the run's time
    std::size_t step = 0;  // of kSteps; then waiting for the credit
    bool credited = false;
  };
  // One transaction on its way.
  struct Pending {
    replica::SharedTransaction transaction;
    Millis retry_at;
    std::string last_answer;
  };
  enum class Hope : std::uint8_t { kFinal, kNever };
  struct Asked {
    Hash id;
    Hope hope = Hope::kFinal;
  };

  void Look();
  void LookAtOpening();
  void LookAtVisits();
  void LookAtGifts();
  void Misbehave();
  void Repeat();
  [[nodiscard]] replica::SharedTransaction StepOf(const Visit& visit);
  // Submits until final. True when it is.
  bool Push(const std::string& name, const std::function<replica::SharedTransaction()>& make);
  void Ask(const replica::SharedTransaction& transaction, Hope hope);
  void OnAnswer(NodeIndex node, std::uint64_t ticket, const replica::SubmitAnswer& answer);
  [[nodiscard]] bool IsCredited(const EntryId& entry) const;
  [[nodiscard]] Millis LedgerNow() const { return Millis(kRunStartMs + world_.now().value()); }

  World& world_;
  Prng prng_;
  Community& community_;
  Cluster& cluster_;
  std::vector<replica::SharedTransaction> opening_;
  std::size_t opening_done_ = 0;
  std::vector<Visit> visits_;
  std::map<std::string, Pending> pending_;  // by name
  std::map<std::string, replica::SharedTransaction> done_;
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t next_ticket_ = 0;
  std::size_t gifts_ = 0;
};

}  // namespace timebank::sim
