// What goes wrong in a run, as data: a list of timed faults, printable and parseable
// (plan_text.cc), within a budget of f Byzantine or lost validators. Crashes lose no synced write,
// so any number may crash.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/strong.h"
#include "tests/sim/byzantine.h"
#include "tests/sim/disk.h"
#include "tests/sim/network.h"

namespace timebank::sim {

struct Fault {
  enum class Kind : std::uint8_t {
    kCrash,     // the node dies at its `n`-th write or send from now on, and is back `for_ms` later
    kCrashAll,  // all nodes die at once
    kIsolate,   // the group is cut off
    kOneWay,    // nobody hears the group, which hears everybody
    kLoss,      // `n` of 1000 messages are lost, and as many doubled
    kReplay,    // with `n` of 1000 messages an old one comes again
    kReorder,   // `n` of 1000 messages are overtaken
    kSlow,      // delays above D
    kClog,      // what goes to and from the group waits, and comes all at once
    kSwizzle,   // nodes are clogged one by one, and freed in another order
    kReset,     // links of the node drop and come back
    kPause,     // the process stands still, as by SIGSTOP
    kDiskFull,  // the next write fails, which ends the process
    kSlowDisk,  // every write takes `n` milliseconds
    kRot,       // an old block can no longer be read
    kClockStep,    // the node's clock is off by `off_ms`
    kClockDrift,   // it gains `n` in 1000
    kClockFreeze,  // it stands still
  };
  Kind kind = Kind::kCrash;
  Millis at;
  std::uint64_t for_ms = 0;
  std::set<NodeIndex> nodes;
  std::uint64_t n = 0;
  std::int64_t off_ms = 0;
};
inline constexpr std::size_t kFaultKinds = 18;
[[nodiscard]] std::string_view Name(Fault::Kind kind);

// A decision of the council about the next set, to be taken from `at` on.
struct SetChange {
  Millis at;
  std::vector<NodeIndex> remove;
  std::vector<NodeIndex> add;
};

inline constexpr std::size_t kPairsMin = 2;

struct Plan {
  std::uint64_t seed = 0;      // of a story; of whatever the plan leaves open
  std::size_t validators = 4;  // of genesis: the nodes 0, 1, ...
  std::size_t newcomers = 0;   // the nodes after those, which may be added
  std::vector<SetChange> changes;
  std::map<NodeIndex, Byzantine::Kind> byzantine;
  std::set<NodeIndex> twins;  // one key in two processes, each seen by some of the others
  std::set<NodeIndex> dead;   // down for good in the second phase
  std::set<NodeIndex> cut;    // cut off for good in the second phase
  std::size_t block_transactions = 1000;
  std::size_t pairs = 4;   // of a volunteer and an elder
  std::size_t visits = 8;  // of all of them together, one of each at least
  Lie lie = Lie::kNone;    // of every disk
  NetworkOptions network;
  std::vector<Fault> faults;  // ascending
  Millis heal_at;
  // What a story expects beyond that everything becomes final.
  bool expect_one_root = false;
  std::optional<std::uint64_t> expect_epoch;
  std::optional<std::uint64_t> expect_height_max;
};

enum class Profile : std::uint8_t {
  kSwarm,      // draws which kinds of faults are on, and how strong
  kLite,       // one kind of fault, nobody Byzantine
  kByzantine,  // f Byzantine, and little else
};
// Swarm: the seed first draws which kinds of faults are on and how strong, then the faults.
[[nodiscard]] Plan DrawPlan(Prng prng, Profile profile = Profile::kSwarm);

// The plan as text, a sentence for each thing; ParsePlan is the inverse.
[[nodiscard]] std::string PlanText(const Plan& plan);
struct PlanOrError {
  std::optional<Plan> plan;
  std::string error;  // the line that is none
};
[[nodiscard]] PlanOrError ParsePlan(std::string_view text);

}  // namespace timebank::sim
