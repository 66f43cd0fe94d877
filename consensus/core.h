// Simplex as one pure, single-threaded function: events in, outputs out (CONSENSUS 4). No clock,
// disk, socket, thread or random number inside; the only callee is the VoteSigner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/certificate.h"
#include "chain/header.h"
#include "chain/validator_set.h"
#include "consensus/event.h"
#include "consensus/limits.h"
#include "consensus/output.h"
#include "consensus/record.h"
#include "consensus/signer.h"

namespace timebank::consensus {

struct Config {
  Hash chain_id;
  chain::Era era;
  chain::ValidatorSet validators;   // of the current epoch
  std::optional<ReplicaIndex> own;  // in it; empty: observer, which never votes
  VoteSigner* signer = nullptr;     // outlives the core; may be null where `own` is empty for good
  std::uint64_t delay_ms = 100;     // D: the bound on a message's delay that timers assume
  std::uint64_t skew_max_ms = kSkewMaxMs;
  std::uint64_t retry_ms = 1000;  // t_r
  // Whether a vote of the own key that the log does not hold ends all voting (Snapshot::
  // unknown_vote). Off only in tests that run one key in two processes.
  bool watch_own_key = true;
};

// The last block whose effects storage holds, from the same atomic batch as the state (P5).
struct Floor {
  Hash digest;  // chain_id for genesis
  Height height;
  Millis timestamp_ms;
  // As committed: of this block or of a descendant. Empty for genesis only.
  std::optional<chain::Certificate> finalization;
  Epoch epoch;            // of the next block, whose set is Config::validators
  Hash seed;              // digest of the block that ended the epoch before; chain_id in the first
  bool boundary = false;  // the block ends the epoch before that
};

// What a restart begins with. `records` in log order; those at or below the floor may be among
// them. Requires: the log's records as written (a contradiction among own votes is a failed check).
struct Recovered {
  Floor floor;
  std::vector<Record> records;
};

// For status, metrics and "N of M validators reachable"; read between steps.
struct Snapshot {
  Position position;  // current epoch and view
  Position floor;     // last final position known
  Hash floor_digest;
  Height committed_height;  // last block given out in commit; lags behind while bodies come
  Hash committed_digest;
  ReplicaIndex leader;     // of the current view
  bool gate_open = false;  // whether anything is to be done (CONSENSUS 5)
  bool halted = false;
  std::size_t held_bodies = 0;  // of blocks above the last committed one
  // More final blocks are known than a moment brings: not the place for what is new.
  bool catching_up = false;
  // A vote of the own key that the log does not hold: the log was lost or restored, or a second
  // process uses the key. Nothing is signed from then on (CONSENSUS 8); only new keys help.
  std::optional<chain::VotePosition> unknown_vote;
};

namespace testing {
class CoreProbe;
}

class Core {
 public:
  // Replays the records: no vote is signed, own votes count in the own tally again (P2).
  Core(const Config& config, const Recovered& recovered);
  ~Core();
  Core(const Core& other);  // a value; only the signer is shared
  Core& operator=(const Core&) = delete;
  Core(Core&&) noexcept;
  Core& operator=(Core&&) noexcept;

  // Started must be the first event. Deterministic: equal events give equal outputs.
  [[nodiscard]] Output Step(const Event& event);

  [[nodiscard]] Snapshot snapshot() const;

 private:
  friend class testing::CoreProbe;  // the model checker compares states
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace timebank::consensus
