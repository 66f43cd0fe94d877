// One node's disk as the Storage port: a log with a synced and an unsynced part, and a database
// that follows it lazily. A crash drops what was not synced, and the database falls back to some
// point between its last sync and the crash. What was appended is kept as bytes, so that the record
// codec is simulated too.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/prng.h"
#include "consensus/record.h"
#include "node/replica/ports.h"

namespace timebank::sim {

// A disk that breaks its contract, to see that the checkers notice (the simulator's own test).
enum class Lie : std::uint8_t {
  kNone,
  kForgetsVotes,         // own votes are gone after a restart
  kForgetsTransactions,  // final transactions are not found by their id
  kSyncsLate,            // a sync returns before it is through: with the next write
};

class Disk final : public replica::Storage {
 public:
  // `step` is called before and after every write; while it is false, writes do nothing: the
  // process is dead. `fail` hears of a write out of order.
  Disk(Prng prng, std::function<bool()> step, std::function<void(std::string)> fail)
      : prng_(std::move(prng)), step_(std::move(step)), fail_(std::move(fail)) {}

  void SetLie(Lie lie) { lie_ = lie; }
  // Told of what went wrong here, by name.
  void SetFired(std::function<void(std::string_view)> fired) { fired_ = std::move(fired); }
  // While full, a write is an error; `die` ends the process, as every error of a write does.
  void SetFull(std::function<void()> die) { die_ = std::move(die); }
  // An old block can no longer be read, until Heal.
  void Rot();
  void Heal();
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  // The process died. What a next one finds is settled now.
  void Crash();
  // The disk is replaced by an empty one.
  void Wipe();
  [[nodiscard]] bool was_wiped() const { return wiped_; }
  // A new process may hand out `records` again.
  void Reopen() { taken_ = false; }

  std::optional<consensus::CommittedBlock> Floor() override;
  void VisitState(const std::function<void(ByteView, ByteView)>& visit) override;
  void VisitLogLeaves(const std::function<void(const Hash&)>& visit) override;
  std::vector<consensus::Record> TakeRecords() override;
  void Append(std::span<const consensus::Record> records, bool sync) override;
  void CommitBlock(const replica::CommitBatch& batch) override;
  void MaybeSync(Millis steady_ms) override;
  std::optional<consensus::CommittedBlock> ReadBlock(Height height) override;
  std::optional<Height> HeightOf(const Hash& digest) override;
  std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override;

  // All final transactions, by id.
  [[nodiscard]] const std::map<Hash, replica::TransactionRow>& rows() const {
    return database_.rows;
  }

  // Whether the log would still hold it after a crash.
  [[nodiscard]] bool HasSynced(const chain::VotePosition& my_vote) const {
    return synced_votes_.contains(my_vote);
  }
  [[nodiscard]] bool HasSyncedBody(const Hash& digest) const {
    return synced_bodies_.contains(digest);
  }
  [[nodiscard]] bool HasSyncedFinalization(const Hash& digest) const {
    return synced_finalizations_.contains(digest);
  }

 private:
  struct Stored {
    consensus::RecordType type;
    Bytes payload;
  };
  // A block's batch, by value.
  struct Commit {
    consensus::CommittedBlock block;
    std::vector<replica::StateChange> changes;
    std::vector<replica::TransactionRow> rows;
  };
  struct Database {
    std::map<Bytes, Bytes> state;
    std::vector<Hash> leaves;
    std::vector<consensus::CommittedBlock> blocks;  // from height 1
    std::map<Hash, Height> heights;
    std::map<Hash, replica::TransactionRow> rows;
    void Apply(const Commit& commit);
  };
  void MarkSynced();

  Prng prng_;
  std::function<bool()> step_;
  std::function<void(std::string)> fail_;
  std::vector<std::vector<Stored>> log_;  // batches
  std::size_t log_synced_ = 0;            // of them
  Database synced_;
  std::vector<Commit> unsynced_;
  Database database_;  // synced_ with unsynced_ applied
  Millis synced_at_;
  std::set<chain::VotePosition> synced_votes_;
  std::set<Hash> synced_bodies_;
  std::set<Hash> synced_finalizations_;  // by the digest that they name
  std::function<void(std::string_view)> fired_ = [](std::string_view) {};
  std::function<void()> die_;
  std::set<Height> rotten_;
  std::uint64_t writes_ = 0;
  bool wiped_ = false;
  bool taken_ = false;
  Lie lie_ = Lie::kNone;
};

}  // namespace timebank::sim
