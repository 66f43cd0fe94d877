// What a replica needs of the world, as ports: Storage, Transport, Verifier, ClientSink. The edge
// gives real ones, the simulator fake ones. All are called from the thread that calls
// Replica::Step, and none may call back into the replica: answers arrive as events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/header.h"
#include "chain/receipt.h"
#include "consensus/output.h"
#include "consensus/record.h"
#include "node/replica/signed_transaction.h"
#include "node/replica/transport.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {
class State;
}  // namespace timebank::ledger

namespace timebank::replica {

// One record under the state root that a block changed; no value: it is gone.
struct StateChange {
  Bytes key;
  std::optional<Bytes> value;
};
// One leaf of the transaction log: a transaction of the block, or the sweep (envelope empty).
struct TransactionRow {
  Hash id;
  std::uint64_t log_index = 0;
  Height height;
  Hash leaf_hash;                  // RFC 9162 leaf hash in the log
  std::vector<std::string> lines;  // canonical EffectsLines, in order
  bool sweep = false;
  std::uint32_t position = 0;  // among the block's envelopes; 0 for the sweep
};
// A row of the secondary indexes (index_rows.h): key = kind u8 || owner 16 || id, sorted by key.
struct IndexRow {
  Bytes key;
  Bytes value;
};
// Everything that one final block changes: one atomic batch.
struct CommitBatch {
  const consensus::CommittedBlock& block;  // finalization: of it or of a descendant
  std::vector<StateChange> changes;        // each key once
  std::vector<TransactionRow> transactions;
  std::vector<IndexRow> index_rows;
};

// The node log and the database behind it (CONSENSUS 8, DESIGN 5). A failed write or sync ends the
// process: none of these returns an error.
class Storage {
 public:
  virtual ~Storage() = default;

  // Start, once each, before anything else; what is damaged was refused before that.
  // The last block of the database, from the same atomic batch as the state. Empty: genesis.
  [[nodiscard]] virtual std::optional<consensus::CommittedBlock> Floor() = 0;
  virtual void VisitState(const std::function<void(ByteView key, ByteView value)>& visit) = 0;
  // Leaf hashes of the transaction log up to the floor, in order.
  virtual void VisitLogLeaves(const std::function<void(const Hash& leaf_hash)>& visit) = 0;
  // What the log holds of blocks above the floor's height and views above its Finalization, in
  // order, wherever it lies in the log; older records may be among them.
  [[nodiscard]] virtual std::vector<consensus::Record> TakeRecords() = 0;

  // Appends the records as one batch; durable when it returns, if `sync`.
  virtual void Append(std::span<const consensus::Record> records, bool sync) = 0;
  // Applies the batch atomically, not synced. Heights rise by one. Requires: body and finalization
  // were appended and synced before.
  virtual void CommitBlock(const CommitBatch& batch) = 0;
  // Syncs the database and logs a FloorMark when that is due (every 64 blocks or 2 s).
  virtual void MaybeSync(Millis steady_ms) = 0;

  // Final blocks; empty when not held here, or damaged (then it is fetched again from peers).
  [[nodiscard]] virtual std::optional<consensus::CommittedBlock> ReadBlock(Height height) = 0;
  [[nodiscard]] virtual std::optional<Height> HeightOf(const Hash& digest) = 0;
  [[nodiscard]] virtual std::optional<TransactionRow> FindTransaction(const Hash& id) = 0;
};

// Checks signatures of transactions by ledger::CheckSignatures against keys in `state`, off the
// replica's thread. The answer is an event SignaturesVerified with the same ticket, one reason per
// transaction. Every job is answered, in any order.
struct VerifyJob {
  std::uint64_t ticket = 0;
  std::shared_ptr<const ledger::State> state;
  std::vector<SharedTransaction> transactions;
  bool urgent = false;  // a block waits for it
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual void Verify(VerifyJob job) = 0;
};

// What this node thinks of a submitted transaction, judged against the final state.
struct SubmitAnswer {
  Hash id;
  // UNSPECIFIED: admitted, or already final (`final_height`). INBOX_FULL: ask again later.
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  Height judged_height;
  std::optional<Height> final_height;  // already final: its receipt can be built
};

// A block that became final, with what receipts need (receipts.h).
struct FinalBlock {
  consensus::CommittedBlock block;
  std::vector<SharedTransaction> transactions;
  std::vector<TransactionRow> rows;  // the sweep first, if it did anything
  // The block that the finalization names: `block` or a descendant, whose log root proves the
  // rows. Empty while that one is not here yet (catching up): Replica::FindReceipt has it later.
  std::optional<chain::Header> proven_by;
  std::vector<std::vector<Hash>> log_paths;  // per row, under proven_by->log_root
  // At least those before the epoch of proven_by. Null: one cannot be read just now.
  std::shared_ptr<const chain::EpochLinks> epochs;
};

class ClientSink {
 public:
  virtual ~ClientSink() = default;
  // To the Submitted event with this ticket, exactly once.
  virtual void Answer(std::uint64_t ticket, const SubmitAnswer& answer) = 0;
  // An admitted transaction that can no longer become final here.
  virtual void Dropped(const SubmitAnswer& answer) = 0;
  // Heights rise by one. After a restart, blocks above the database's floor come again.
  virtual void Final(const FinalBlock& block) = 0;
};

}  // namespace timebank::replica
