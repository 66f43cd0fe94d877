#include "node/storage/node_storage.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "node/replica/block_body.h"
#include "node/storage/advice.h"
#include "node/storage/rocks_kv.h"
#include "node/storage/rows.h"
#include "platform/file.h"

namespace timebank::storage {
namespace {

using consensus::CommittedBlock;
using consensus::Record;
using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

// More unsynced records than this are written at once: they are a convenience, not a queue.
constexpr std::size_t kUnsyncedRecordsMax = 1024;

// Written once the first start is through: from then on database and log belong to this validator's
// past, and neither may be missing.
constexpr std::string_view kStartedFile = "/started";
constexpr std::string_view kStartedText =
    "This validator has voted from this directory. Its database (kv) and log belong together and "
    "to the votes it has given; see RUNBOOK.md before anything here is moved or removed.\n";

Result<bool> HasSegments(const LogFiles& files) {
  const auto names = files.List();
  if (!names) return Fail(WithAdvice(names.error()));
  return std::ranges::any_of(
      *names, [](const std::string& name) { return ParseSegmentName(name).has_value(); });
}

// Neither database nor log may be absent where this validator was at work before. Comes first: the
// libraries would make what is not there.
Status CheckPresence(const std::string& directory, const LogFiles& files) {
  const auto log = HasSegments(files);
  if (!log) return Fail(log.error());
  const bool database = platform::FileExists(directory + "/kv/CURRENT");
  if (!HasStarted(directory)) return Done{};
  if (!database) {
    return Fail(WithAdvice("the database " + directory + "/kv is missing or incomplete (no " +
                           "CURRENT), although this validator has voted from here"));
  }
  if (!*log) {
    return Fail(WithAdvice("the node log is missing: " + files.PathOf(SegmentName(1)) +
                           " is missing, although this validator has voted from here"));
  }
  return Done{};
}

}  // namespace

bool HasStarted(const std::string& directory) {
  return platform::FileExists(directory + std::string(kStartedFile));
}

Result<std::unique_ptr<NodeStorage>> NodeStorage::Open(const std::string& directory,
                                                       NodeStorageOptions options) {
  auto files = OpenLogDirectory(directory + "/log");
  if (!files) return Fail(WithAdvice(files.error()));
  if (Status present = CheckPresence(directory, **files); !present) return Fail(present.error());
  auto kv = OpenRocksKv(directory + "/kv");
  if (!kv) return Fail(WithAdvice(kv.error()));
  auto storage = OpenOn(std::move(*files), std::move(*kv), std::move(options));
  if (!storage) return storage;
  if (HasStarted(directory)) return storage;
  const Status marked = platform::CreateFileExclusively(directory + std::string(kStartedFile),
                                                        AsBytes(kStartedText), 0600);
  if (!marked) return Fail(WithAdvice(marked.error()));
  return storage;
}

Result<std::unique_ptr<NodeStorage>> NodeStorage::OpenOn(std::shared_ptr<LogFiles> files,
                                                         std::unique_ptr<KvStore> kv,
                                                         NodeStorageOptions options) {
  std::unique_ptr<NodeStorage> storage(
      new NodeStorage(std::move(files), std::move(kv), std::move(options)));
  // Nothing on the disk is changed before all of it was found sound.
  for (const auto step :
       {&NodeStorage::CheckIdentity, &NodeStorage::LoadFloor, &NodeStorage::OpenLog,
        &NodeStorage::CheckFloorMark, &NodeStorage::CheckRecentBlocks}) {
    if (Status sound = (*storage.*step)(); !sound) return Fail(sound.error());
  }
  if (Status ready = storage->log_->Recover(); !ready) return Fail(WithAdvice(ready.error()));
  return storage;
}

Status NodeStorage::Close() {
  if (Status flushed = kv_->Flush(); !flushed) return flushed;
  if (floor_ != mark_ || !unsynced_.empty()) SyncAndMark();
  return Done{};
}

std::optional<CommittedBlock> NodeStorage::Floor() {
  if (floor_.height == Height(0)) return std::nullopt;
  return ReadBlock(floor_.height);
}

void NodeStorage::VisitState(const std::function<void(ByteView, ByteView)>& visit) {
  RequireWritten(kv_->Visit(Column::kState, {}, [&](ByteView key, ByteView value) {
    visit(key, value);
    return true;
  }));
}

void NodeStorage::VisitLogLeaves(const std::function<void(const Hash&)>& visit) {
  RequireWritten(kv_->Visit(Column::kLeaves, {}, [&](ByteView, ByteView value) {
    // A row of another length gives a wrong log root, which the replica refuses.
    visit(Hash::From(value).value_or(Hash{}));
    return true;
  }));
}

std::vector<Record> NodeStorage::TakeRecords() { return std::exchange(recovered_, {}); }

void NodeStorage::Append(std::span<const Record> records, bool sync) {
  unsynced_.insert(unsynced_.end(), records.begin(), records.end());
  if (unsynced_.empty() || (!sync && unsynced_.size() <= kUnsyncedRecordsMax)) return;
  AppendUnsynced({});
}

void NodeStorage::CommitBlock(const replica::CommitBatch& batch) {
  const chain::Header& header = batch.block.block.header();
  const Hash& digest = batch.block.block.digest();
  TB_CHECK(header.height == floor_.height.Next());
  const auto body = bodies_.find({header.height, digest});
  TB_CHECK(body != bodies_.end());

  std::vector<KvWrite> writes;
  writes.reserve(batch.changes.size() + 2 * batch.transactions.size() + batch.index_rows.size() +
                 4);
  for (const replica::StateChange& change : batch.changes) {
    writes.push_back({Column::kState, change.key, change.value});
  }
  for (const replica::TransactionRow& row : batch.transactions) {
    writes.push_back({Column::kTransactions, ToBytes(row.id.view()), Encode(row)});
    writes.push_back({Column::kLeaves, NumberKey(row.log_index), ToBytes(row.leaf_hash.view())});
  }
  for (const replica::IndexRow& row : batch.index_rows) {
    writes.push_back({Column::kIndex, row.key, row.value});
  }
  BlockStore::AddRows(batch.block, body->second, writes);

  const chain::VotePosition& final_at = batch.block.finalization.position;
  const CommittedPoint point{.height = header.height, .position = {final_at.epoch, final_at.view}};
  const FloorRow floor{.height = header.height, .digest = digest};
  const auto start = tail_.StartFor(point);
  TB_CHECK(start.has_value());  // the batch of this very body, at the latest
  writes.push_back({Column::kMeta, ToBytes(AsBytes(kMetaFloor)), Encode(floor)});
  writes.push_back({Column::kMeta, ToBytes(AsBytes(kMetaLogStart)), Encode(*start)});
  // A memtable finds the place of a key at once when it follows the one before it.
  std::sort(writes.begin(), writes.end(), [](const KvWrite& a, const KvWrite& b) {
    return std::tie(a.column, a.key) < std::tie(b.column, b.key);
  });
  RequireWritten(kv_->Write(writes));

  floor_ = floor;
  point_ = point;
  bodies_.erase(bodies_.begin(), bodies_.lower_bound({header.height.Next(), Hash{}}));
}

void NodeStorage::MaybeSync(Millis steady_ms) {
  if (!synced_at_ms_) synced_at_ms_ = steady_ms;
  if (floor_ == mark_ || marks_held_) return;
  const bool many = floor_.height.value() - mark_.height.value() >= kSyncBlocks;
  const bool late = steady_ms.value() - synced_at_ms_->value() >= kSyncIntervalMs;
  if (!many && !late) return;
  SyncAndMark();
  synced_at_ms_ = steady_ms;
}

std::optional<CommittedBlock> NodeStorage::ReadBlock(Height height) {
  auto block = blocks_->Read(height);
  if (block) return std::move(*block);
  if (block.error().fault != BlockFault::kAbsent) NoteDamage(height, block.error());
  return std::nullopt;
}

std::optional<Height> NodeStorage::HeightOf(const Hash& digest) {
  const auto height = blocks_->HeightOf(digest);
  if (height) return *height;
  if (options_.report) options_.report(height.error());
  return std::nullopt;
}

std::optional<replica::TransactionRow> NodeStorage::FindTransaction(const Hash& id) {
  const auto value = kv_->Get(Column::kTransactions, id.view());
  if (value && !*value) return std::nullopt;
  auto row = value ? DecodeTransactionRow(id, **value) : std::nullopt;
  if (!row && options_.report) {
    options_.report("the row of transaction " + ToHex(id.view()) + " is damaged" +
                    (value ? "" : ": " + value.error()));
  }
  return row;
}

Status NodeStorage::VisitTransactions(
    const std::function<void(const replica::TransactionRow&)>& visit) const {
  Status sound = Done{};
  const Status read = kv_->Visit(Column::kTransactions, {}, [&](ByteView key, ByteView value) {
    const auto id = Hash::From(key);
    const auto row = id ? DecodeTransactionRow(*id, value) : std::nullopt;
    if (row) {
      visit(*row);
    } else {
      sound = Fail("the row of transaction " + ToHex(key) + " is damaged");
    }
    return row.has_value();
  });
  return read ? sound : read;
}

std::vector<replica::IndexRow> NodeStorage::ScanIndex(ByteView prefix, ByteView after,
                                                      std::size_t limit) const {
  std::vector<replica::IndexRow> rows;
  if (limit == 0) return rows;
  const ByteView from = after.empty() ? prefix : after;
  const Status read = kv_->Visit(Column::kIndex, from, [&](ByteView key, ByteView value) {
    if (!std::ranges::equal(key.first(std::min(key.size(), prefix.size())), prefix)) return false;
    if (std::ranges::equal(key, after)) return true;
    rows.push_back({ToBytes(key), ToBytes(value)});
    return rows.size() < limit;
  });
  if (!read && options_.report) options_.report(read.error());
  return rows;
}

std::vector<Height> NodeStorage::DamagedBlocks() const {
  const std::lock_guard lock(damaged_mutex_);
  return {damaged_.begin(), damaged_.end()};
}

void NodeStorage::Scrub(ScrubBudget budget) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < budget.blocks && bytes < budget.bytes; ++i) {
    const auto block = blocks_->Read(scrub_next_);
    if (!block && block.error().fault == BlockFault::kAbsent) {
      scrub_next_ = first_block_;
      return;
    }
    if (!block) NoteDamage(scrub_next_, block.error());
    if (block && block->block.body() != nullptr) bytes += block->block.body()->size();
    scrub_next_ = scrub_next_.Next();
  }
}

Status NodeStorage::Heal(const consensus::Block& block) {
  const auto is_unknown = [](const Hash&) { return replica::SharedTransaction(); };
  if (block.body() == nullptr) return Fail("a header alone heals nothing");
  const auto body = replica::ReadBody(block, is_unknown);
  if (!body && body.error() == consensus::BodyVerdict::kMismatch) {
    return Fail("the body offered is not that of its header");
  }
  if (Status healed = blocks_->Heal(block); !healed) return healed;
  const std::lock_guard lock(damaged_mutex_);
  damaged_.erase(block.header().height);
  return Done{};
}

NodeStorage::NodeStorage(std::shared_ptr<LogFiles> files, std::unique_ptr<KvStore> kv,
                         NodeStorageOptions options)
    : files_(std::move(files)), kv_(std::move(kv)), options_(std::move(options)) {
  if (!options_.log.fatal) options_.log.fatal = AbortOnStorageFailure;
}

Status NodeStorage::CheckIdentity() {
  if (Status whole = kv_->Verify(); !whole) return Fail(WithAdvice(whole.error()));
  const auto version = kv_->Get(Column::kMeta, AsBytes(kMetaVersion));
  const auto chain = kv_->Get(Column::kMeta, AsBytes(kMetaChain));
  if (!version) return Fail(WithAdvice(version.error()));
  if (!chain) return Fail(WithAdvice(chain.error()));
  const Bytes ours = ByteWriter().U32(kDatabaseVersion).Take();
  if (!*version) {
    const auto log = HasSegments(*files_);
    if (!log) return Fail(log.error());
    if (*log) {
      return Fail(
          WithAdvice("the database beside the node log " + files_->PathOf("") + " is missing"));
    }
    const std::vector<KvWrite> identity = {
        {Column::kMeta, ToBytes(AsBytes(kMetaVersion)), ours},
        {Column::kMeta, ToBytes(AsBytes(kMetaChain)), ToBytes(options_.chain_id.view())}};
    if (Status written = kv_->Write(identity); !written) return written;
    return kv_->Sync();
  }
  if (**version != ours) {
    return Fail("the data directory has format version " + ToHex(**version) + " and this program " +
                ToHex(ours) +
                "; start the version that wrote it, or one whose release notes say "
                "that it converts it");
  }
  if (!*chain || !std::ranges::equal(**chain, options_.chain_id.view())) {
    return Fail("the data directory belongs to chain " + (*chain ? ToHex(**chain) : "unknown") +
                ", the configured genesis is chain " + ToHex(options_.chain_id.view()) +
                "; give this node its own data directory or the other genesis file");
  }
  return Done{};
}

Status NodeStorage::LoadFloor() {
  const auto value = kv_->Get(Column::kMeta, AsBytes(kMetaFloor));
  if (!value) return Fail(WithAdvice(value.error()));
  if (!*value) return Done{};
  const auto floor = DecodeFloorRow(**value);
  if (!floor) return Fail(WithAdvice("the floor in the database is damaged"));
  const auto row = ReadBlockRow(*kv_, floor->height);
  if (!row) return Fail(WithAdvice("the floor: " + row.error().text));
  if (row->digest != floor->digest) {
    return Fail(WithAdvice("the floor in the database and its block differ"));
  }
  const auto first = kv_->Get(Column::kMeta, AsBytes(kMetaFirst));
  if (!first) return Fail(WithAdvice(first.error()));
  if (*first) {
    const auto height = ParseNumber(**first);
    if (!height || *height == 0 || *height > floor->height.value()) {
      return Fail(WithAdvice("the height of the first block in the database is damaged"));
    }
    first_block_ = scrub_next_ = Height(*height);
  }
  floor_ = *floor;
  const chain::VotePosition& final_at = row->finalization.position;
  point_ = {.height = floor->height, .position = {final_at.epoch, final_at.view}};
  return Done{};
}

Status NodeStorage::OpenLog() {
  std::optional<LogPosition> start;
  if (floor_.height > Height(0)) {
    const auto value = kv_->Get(Column::kMeta, AsBytes(kMetaLogStart));
    if (value && *value) start = DecodeLogPosition(**value);
    if (!start) {
      return Fail(WithAdvice("the start of the log in the database is damaged"));
    }
  }
  auto log = Log::Open(*files_, options_.log, start,
                       [this](const ScannedRecord& record) { return TakeRecord(record); });
  if (!log) return Fail(log.error());
  log_ = std::move(*log);
  blocks_ = std::make_unique<BlockStore>(*kv_, *log_);
  return Done{};
}

Status NodeStorage::TakeRecord(const ScannedRecord& scanned) {
  const std::string where = files_->PathOf(SegmentName(scanned.location.segment)) +
                            ": the record at offset " + std::to_string(scanned.location.offset);
  if (scanned.type == consensus::RecordType::kFloorMark) {
    const auto mark = DecodeFloorRow(scanned.payload);
    if (!mark) return Fail(WithAdvice(where + " is no FloorMark"));
    mark_ = std::max(mark_, *mark);
    return Done{};
  }
  auto record = consensus::DecodeRecord(scanned.type, scanned.payload);
  if (!record) return Fail(WithAdvice(where + " is whole but means nothing"));
  Remember(*record, scanned.location, scanned.batch);
  if (IsAbove(ReachOf(*record), point_)) recovered_.push_back(std::move(*record));
  return Done{};
}

Status NodeStorage::CheckFloorMark() {
  if (mark_.height > floor_.height) {
    return Fail(WithAdvice("the database ends at block " + std::to_string(floor_.height.value()) +
                           ", but the node log knows that block " +
                           std::to_string(mark_.height.value()) +
                           " was stored durably: the database lost data or comes from a backup"));
  }
  if (mark_.height == Height(0)) return Done{};
  const auto row = ReadBlockRow(*kv_, mark_.height);
  if (row && row->digest == mark_.digest) return Done{};
  return Fail(WithAdvice("block " + std::to_string(mark_.height.value()) +
                         " in the database is not the one that the node log names"));
}

Status NodeStorage::CheckRecentBlocks() {
  if (floor_.height == Height(0)) return Done{};
  const std::uint64_t last = floor_.height.value();
  const Height recent(last > kRecentBlocks ? last - kRecentBlocks + 1 : 1);
  const Height first = std::max(recent, first_block_);
  const Status sound = blocks_->Verify(first, floor_.height);
  return sound ? sound : Fail(WithAdvice(sound.error()));
}

void NodeStorage::AppendUnsynced(std::optional<LogRecord> extra) {
  const std::vector<Record> records = std::exchange(unsynced_, {});
  std::vector<LogRecord> encoded;
  encoded.reserve(records.size() + 1);
  for (const Record& record : records) {
    encoded.push_back({consensus::TypeOf(record), consensus::EncodeRecord(record)});
  }
  if (extra) encoded.push_back(std::move(*extra));
  const Appended appended = log_->AppendAndSync(std::move(encoded));
  for (std::size_t i = 0; i < records.size(); ++i) {
    Remember(records[i], appended.locations[i], appended.batch);
  }
}

void NodeStorage::Remember(const Record& record, const RecordLocation& at,
                           const LogPosition& batch) {
  tail_.Add(batch, ReachOf(record));
  const auto* body = std::get_if<consensus::BodyRecord>(&record);
  if (body == nullptr) return;
  const Height height = body->block.header().height;
  if (height > floor_.height) bodies_[{height, body->block.digest()}] = at;
}

void NodeStorage::SyncAndMark() {
  // The mark names the floor at the moment of the call; it is logged only once that is durable.
  const FloorRow mark = floor_;
  RequireWritten(kv_->Sync());
  AppendUnsynced(LogRecord{consensus::RecordType::kFloorMark, Encode(mark)});
  mark_ = mark;
}

void NodeStorage::NoteDamage(Height height, const BlockError& error) {
  const std::lock_guard lock(damaged_mutex_);
  const bool heals = error.fault == BlockFault::kDamaged;
  if (!(heals ? damaged_ : lost_).insert(height).second || !options_.report) return;
  options_.report(heals ? error.text + ". It is asked of the peers"
                        : error.text +
                              ". Without the row no copy can be proven: this node serves "
                              "the block no more; ask another");
}

void NodeStorage::RequireWritten(const Status& status) const {
  if (status) return;
  options_.log.fatal(status.error());
  AbortOnStorageFailure(status.error());
}

}  // namespace timebank::storage
