// One validator or observer without I/O: consensus core, ledger and pool over the ports.
// Single-threaded and deterministic: equal events give equal calls of the ports. The order
// "persist, then send, then commit" (CONSENSUS 8) is written once, in replica.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "consensus/core.h"
#include "ledger/editions.h"
#include "node/replica/peer_codec.h"
#include "node/replica/pool.h"
#include "node/replica/ports.h"

namespace timebank::replica {

struct Config {
  std::string genesis;  // canonical bytes of the Genesis; chain_id = H of them
  // Canonical bytes of a Recovery that begins a new era at the last block here, or has done so.
  std::string recovery = {};
  // Null: observer, as is who has a key that is not in the current set. Outlives the replica, which
  // tells it the votes of the log.
  consensus::LocalSigner* signer = nullptr;
  bool votes = true;             // false: an observer, although it has a validator's key
  std::uint64_t delay_ms = 100;  // D of CONSENSUS 2
  PoolLimits pool;
  // A leader stops here; voters accept whatever the limits of a block allow (DESIGN 4). With twice
  // as many, executing a block on a busy machine takes longer than its view lasts.
  std::size_t block_transactions = 500;
  bool watch_own_key = true;                            // as in consensus::Config
  std::uint32_t edition_known = ledger::kEditionKnown;  // of the rules, the latest
};

struct Ports {
  Storage& storage;
  Transport& transport;
  Verifier& verifier;
  ClientSink& clients;
};

// ---- Events. Time enters only as Event::now ----

struct Started {};  // the first event, exactly once
struct PeerConnected {
  PeerKey peer;
};
struct PeerMessageReceived {
  PeerKey from;
  PeerMessage message;  // by DecodePeerMessage, on any thread
};
// A client's transaction, by ReadTransaction on any thread. Answered through ClientSink.
struct Submitted {
  std::uint64_t ticket = 0;
  SharedTransaction transaction;
};
struct SignaturesVerified {
  std::uint64_t ticket = 0;
  std::vector<v1::Reason> verdicts;  // UNSPECIFIED: all signatures are good
};
struct Tick {};  // sent at wake_at, harmless at any other moment

struct Event {
  consensus::Now now;
  std::variant<Started, PeerConnected, PeerMessageReceived, Submitted, SignaturesVerified, Tick>
      what;
};

// Why a node refuses to start. Text for people: Describe.
enum class RecoveryFault : std::uint8_t {
  kBadGenesis,          // no canonical Genesis, or one that the ledger refuses
  kStateRootMismatch,   // the records of the database do not give the floor's state_root
  kLogRootMismatch,     // the stored log leaves do not give the floor's log_root
  kFloorNotProven,      // the floor's Finalization is of another block, set or chain
  kContradiction,       // the log holds votes that exclude each other, or that the signer refuses
  kEditionUnknown,      // the next block needs rules that this release does not know
  kRecoveryLosesBlock,  // the recovery names a block below one that is known to be final here
  kRecoveryAhead,       // it names a block that is not here yet
  kRecoveryRefused,     // it does not hold for the last block, or is not the one its era began with
};
[[nodiscard]] std::string_view Describe(RecoveryFault fault);

// The last committed block and the state after it: what clients are judged against and read.
struct FinalView {
  std::shared_ptr<const ledger::State> state;
  // At genesis, and where an era begins: only height, chain, time and roots are filled.
  chain::Header header;
  Hash digest;                                     // there, the chain_id
  std::optional<chain::Certificate> finalization;  // of it or of a descendant; there, empty
  // From genesis to the epoch of the next block. Null: a boundary block cannot be read just now.
  std::shared_ptr<const chain::EpochLinks> epochs;
};

struct Status {
  consensus::Snapshot consensus;
  std::size_t pool_transactions = 0;
  std::size_t pool_bytes = 0;
  std::optional<Millis> next_due_ms;  // ledger time of the earliest due item
  // Proofs of double voting that wait for a block; in final ones, of this epoch and the last.
  std::size_t evidence_pending = 0;
  std::size_t evidence_recorded = 0;
  // Of the rules: in force for the next block, and what the council has scheduled.
  std::uint32_t edition = 0;
  std::optional<ledger::ScheduledEdition> edition_to_come;
  // A block needs an edition newer than is known: stop, and start a newer release.
  bool is_outdated = false;
};

class Replica {
 public:
  // Loads the final state from storage, replays the log above it (no votes, no execution), checks
  // the roots. Blocks above the floor are executed again at Started.
  [[nodiscard]] static Expected<std::unique_ptr<Replica>, RecoveryFault> Open(const Config& config,
                                                                              const Ports& ports);
  ~Replica();

  // Takes the events in order, then does what follows from them: one synced write, sends, commits.
  // Many events in one call share the write. Times never go back.
  void Step(std::span<const Event> events);
  void Step(const Event& event) { Step(std::span(&event, 1)); }

  // Steady time at which a Tick is wanted; empty: never. Read after each Step.
  [[nodiscard]] std::optional<Millis> wake_at() const;
  [[nodiscard]] const FinalView& final_view() const;
  [[nodiscard]] Status status() const;
  // Set once correctness is lost: alarm, write the dump, stop the process. Steps do nothing more.
  [[nodiscard]] const std::optional<consensus::Divergence>& halted() const;

  // The receipt of a final transaction, or empty: canonical bytes of v1::Receipt with the lines
  // named (empty: all). Reads storage.
  [[nodiscard]] std::optional<std::string> FindReceipt(const Hash& id,
                                                       std::span<const std::uint32_t> lines) const;

 private:
  class Impl;
  explicit Replica(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A readable account of a divergence: positions, digests, header and roots on both sides.
[[nodiscard]] std::string DumpText(const consensus::Divergence& divergence);

}  // namespace timebank::replica
