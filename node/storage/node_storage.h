// The replica's Storage port (node/replica/ports.h) on the node log and the database behind it:
// the log is the durability point, the database follows and never leads (CONSENSUS 8).
// One thread opens, appends, commits and heals; the reading calls may come from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node/replica/ports.h"
#include "node/storage/block_store.h"
#include "node/storage/kv_store.h"
#include "node/storage/live_tail.h"
#include "node/storage/log.h"

namespace timebank::storage {

// When the database is synced and a FloorMark logged, whichever comes first.
inline constexpr std::uint64_t kSyncBlocks = 64;
inline constexpr std::uint64_t kSyncIntervalMs = 2000;

// Whether a node has ever worked on the data in `directory`.
[[nodiscard]] bool HasStarted(const std::string& directory);

// How much one call of Scrub reads, whichever is reached first.
struct ScrubBudget {
  std::size_t blocks = 256;
  std::size_t bytes = std::size_t{4} << 20;
};

struct NodeStorageOptions {
  Hash chain_id;
  LogOptions log;
  // Told once per damaged thing that was found while reading. Any thread; default: silence.
  std::function<void(const std::string&)> report;
};

class NodeStorage final : public replica::Storage {
 public:
  // Opens or creates `directory`/kv and `directory`/log, and checks all that a start relies on:
  // every data file of the database, the log from its live part on, the floor against the last
  // FloorMark, and the last kRecentBlocks blocks. The error names what is wrong and what to do.
  [[nodiscard]] static platform::Result<std::unique_ptr<NodeStorage>> Open(
      const std::string& directory, NodeStorageOptions options);
  [[nodiscard]] static platform::Result<std::unique_ptr<NodeStorage>> OpenOn(
      std::shared_ptr<LogFiles> files, std::unique_ptr<KvStore> kv, NodeStorageOptions options);

  // A clean stop: nothing is left to be executed again, and the next start verifies every byte.
  // Not for a storage whose state was refused: it would be marked as sound.
  // Requires: no call after it.
  [[nodiscard]] platform::Status Close();

  [[nodiscard]] std::optional<consensus::CommittedBlock> Floor() override;
  void VisitState(const std::function<void(ByteView key, ByteView value)>& visit) override;
  void VisitLogLeaves(const std::function<void(const Hash& leaf_hash)>& visit) override;
  [[nodiscard]] std::vector<consensus::Record> TakeRecords() override;
  // Not synced: kept in memory and written with the next synced batch. A batch of its own could
  // reach the disk after a later one, which a start would take for damage.
  void Append(std::span<const consensus::Record> records, bool sync) override;
  void CommitBlock(const replica::CommitBatch& batch) override;
  void MaybeSync(Millis steady_ms) override;
  [[nodiscard]] std::optional<consensus::CommittedBlock> ReadBlock(Height height) override;
  [[nodiscard]] std::optional<Height> HeightOf(const Hash& digest) override;
  [[nodiscard]] std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override;

  // Rows of the secondary indexes whose keys begin with `prefix` and come after `after` (empty:
  // from the first), ascending, at most `limit`. Any thread.
  [[nodiscard]] std::vector<replica::IndexRow> ScanIndex(ByteView prefix, ByteView after,
                                                         std::size_t limit) const;

  // From which height on all final blocks are here: 1, or that of the snapshot that this node began
  // with. Any thread.
  [[nodiscard]] Height first_block() const { return first_block_; }
  // All final transactions, ascending by id.
  [[nodiscard]] platform::Status VisitTransactions(
      const std::function<void(const replica::TransactionRow&)>& visit) const;

  // A copy of database and log of one moment, while the node works: HoldMarks(true), CopyDatabase,
  // then log_end and HoldMarks(false) together. In between no FloorMark is logged, or the log could
  // name a floor that the copy of the database does not have. The log below log_end never changes.
  void HoldMarks(bool hold) { marks_held_ = hold; }
  [[nodiscard]] const LogPosition& log_end() const { return log_->next(); }
  // Any thread; `directory` must not exist.
  [[nodiscard]] platform::Status CopyDatabase(const std::string& directory) const {
    return kv_->CopyTo(directory);
  }

  // Heights at which damage was found that Heal can repair and has not yet. Any thread.
  [[nodiscard]] std::vector<Height> DamagedBlocks() const;
  // Reads further blocks within the budget (but at least one), from the first to the last and then
  // again, so that damage is noticed before somebody asks. Any one thread.
  void Scrub(ScrubBudget budget);
  // Stores a peer's copy of a damaged block, on the writer's thread. Fails when it is not that
  // block: digest and body against the header's roots are checked here.
  [[nodiscard]] platform::Status Heal(const consensus::Block& block);

 private:
  NodeStorage(std::shared_ptr<LogFiles> files, std::unique_ptr<KvStore> kv,
              NodeStorageOptions options);
  // The steps of OpenOn, in this order.
  [[nodiscard]] platform::Status CheckIdentity();
  [[nodiscard]] platform::Status LoadFloor();
  [[nodiscard]] platform::Status OpenLog();
  [[nodiscard]] platform::Status TakeRecord(const ScannedRecord& record);
  [[nodiscard]] platform::Status CheckFloorMark();
  [[nodiscard]] platform::Status CheckRecentBlocks();

  // One synced batch of what waits and `extra`.
  void AppendUnsynced(std::optional<LogRecord> extra);
  void Remember(const consensus::Record& record, const RecordLocation& at,
                const LogPosition& batch);
  void SyncAndMark();
  void NoteDamage(Height height, const BlockError& error);
  void RequireWritten(const platform::Status& status) const;

  // Shared, because the disk of a simulated power cut outlives the process that used it.
  std::shared_ptr<LogFiles> files_;
  std::unique_ptr<KvStore> kv_;
  NodeStorageOptions options_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<BlockStore> blocks_;
  LiveTail tail_;
  FloorRow floor_;  // height 0: genesis
  Height first_block_{1};
  CommittedPoint point_;
  FloorRow mark_;  // the last FloorMark
  bool marks_held_ = false;
  std::optional<Millis> synced_at_ms_;
  std::vector<consensus::Record> recovered_;
  std::vector<consensus::Record> unsynced_;
  // Bodies above the floor, by which CommitBlock finds where they lie.
  std::map<std::pair<Height, Hash>, RecordLocation> bodies_;

  Height scrub_next_{1};
  mutable std::mutex damaged_mutex_;
  std::set<Height> damaged_;
  std::set<Height> lost_;  // damaged in a way that no peer can heal
};

}  // namespace timebank::storage
