// What goes wrong in a run, as data: a list of timed faults drawn from the seed, printable, within
// a budget of f Byzantine validators. Crashes lose no synced write, so any number may crash.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/strong.h"
#include "tests/sim/disk.h"
#include "tests/sim/network.h"

namespace timebank::sim {

struct Fault {
  enum class Kind : std::uint8_t {
    kCrash,     // the node dies at its `operations`-th write or send, and is back `for_ms` later
    kCrashAll,  // all nodes die at once
    kIsolate,   // the group is cut off
    kLoss,      // messages are lost and doubled
    kSlow,      // delays above D
    kReset,     // links of the node drop and come back
  };
  Kind kind = Kind::kCrash;
  Millis at;
  std::uint64_t for_ms = 0;
  std::set<NodeIndex> nodes;
  std::uint64_t operations = 0;
  std::uint64_t per_mille = 0;
};
[[nodiscard]] std::string Describe(const Fault& fault);

// A decision of the council about the next set, to be taken from `at` on.
struct SetChange {
  Millis at;
  std::vector<NodeIndex> remove;
  std::vector<NodeIndex> add;
};

struct Plan {
  std::size_t validators = 4;  // of genesis: the nodes 0, 1, ...
  std::size_t newcomers = 0;   // the nodes after those, which may be added
  std::vector<SetChange> changes;
  std::set<NodeIndex> mute;   // receive, never send
  std::set<NodeIndex> twins;  // one key in two processes, each seen by some of the others
  std::set<NodeIndex> dead;   // down for good in the second phase
  std::size_t block_transactions = 1000;
  Lie lie = Lie::kNone;  // of every disk
  NetworkOptions network;
  std::vector<Fault> faults;  // ascending
  Millis heal_at;
};
// Swarm: the seed first draws which kinds of faults are on and how strong, then the faults.
[[nodiscard]] Plan DrawPlan(Prng prng);
[[nodiscard]] std::string Describe(const Plan& plan);

}  // namespace timebank::sim
