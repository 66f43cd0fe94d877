#include "node/storage/planting.h"

#include <utility>

#include "base/check.h"
#include "node/replica/index_rows.h"
#include "node/storage/block_store.h"
#include "node/storage/live_tail.h"
#include "node/storage/rocks_kv.h"
#include "node/storage/rows.h"

namespace timebank::storage {
namespace {

using consensus::CommittedBlock;
using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

constexpr std::size_t kWritesAtOnce = 4096;

}  // namespace

Result<std::unique_ptr<Planting>> Planting::Begin(const std::string& directory,
                                                  const Hash& chain_id) {
  auto files = OpenLogDirectory(directory + "/log");
  if (!files) return Fail(files.error());
  auto kv = OpenRocksKv(directory + "/kv");
  if (!kv) return Fail(kv.error());
  std::unique_ptr<Planting> planting(new Planting(std::move(*files), std::move(*kv)));
  auto log = Log::Open(*planting->files_, {}, std::nullopt,
                       [](const ScannedRecord&) { return Fail("the directory holds a log"); });
  if (!log) return Fail(log.error());
  planting->log_ = std::move(*log);
  if (Status ready = planting->log_->Recover(); !ready) return Fail(ready.error());
  planting->writes_ = {
      {Column::kMeta, ToBytes(AsBytes(kMetaVersion)), ByteWriter().U32(kDatabaseVersion).Take()},
      {Column::kMeta, ToBytes(AsBytes(kMetaChain)), ToBytes(chain_id.view())}};
  return planting;
}

Status Planting::AddRecord(ByteView key, ByteView value) {
  writes_.push_back({Column::kState, ToBytes(key), ToBytes(value)});
  return WriteMany();
}

Status Planting::AddTransaction(const replica::TransactionRow& row) {
  writes_.push_back({Column::kTransactions, ToBytes(row.id.view()), Encode(row)});
  writes_.push_back({Column::kLeaves, NumberKey(row.log_index), ToBytes(row.leaf_hash.view())});
  std::vector<replica::IndexRow> rows;
  replica::AppendStatementRows(row, rows);
  AddIndexRows(std::move(rows));
  return WriteMany();
}

void Planting::AddIndexRows(std::vector<replica::IndexRow> rows) {
  for (replica::IndexRow& row : rows) {
    writes_.push_back({Column::kIndex, std::move(row.key), std::move(row.value)});
  }
}

Status Planting::WriteMany() { return writes_.size() < kWritesAtOnce ? Status(Done{}) : Write(); }

Status Planting::Write() {
  const std::vector<KvWrite> writes = std::exchange(writes_, {});
  return kv_->Write(writes);
}

Status Planting::IndexRecords() {
  if (Status written = Write(); !written) return written;
  Status written = Done{};
  const Status read = kv_->Visit(Column::kState, {}, [&](ByteView key, ByteView value) {
    std::vector<replica::IndexRow> rows;
    replica::AppendRecordRows(key, std::nullopt, value, rows);
    AddIndexRows(std::move(rows));
    written = WriteMany();
    return bool{written};
  });
  return written ? read : written;
}

// The floor comes last: a directory without one is of a restore that was cut short.
Status Planting::Finish() {
  TB_CHECK(!blocks_.empty());
  if (Status indexed = IndexRecords(); !indexed) return indexed;
  LiveTail tail;
  for (const CommittedBlock& block : blocks_) {
    const consensus::BodyRecord record{block.block};
    const Appended at =
        log_->AppendAndSync({{consensus::RecordType::kBody, consensus::EncodeRecord(record)}});
    tail.Add(at.batch, ReachOf(record));
    BlockStore::AddRows(block, at.locations[0], writes_);
  }
  const CommittedBlock& last = blocks_.back();
  const chain::VotePosition& final_at = last.finalization.position;
  const Height height = last.block.header().height;
  const auto start = tail.StartFor({height, {final_at.epoch, final_at.view}});
  TB_CHECK(start.has_value());
  const FloorRow floor{.height = height, .digest = last.block.digest()};
  writes_.push_back({Column::kMeta, ToBytes(AsBytes(kMetaLogStart)), Encode(*start)});
  writes_.push_back({Column::kMeta, ToBytes(AsBytes(kMetaFirst)), NumberKey(height.value())});
  writes_.push_back({Column::kMeta, ToBytes(AsBytes(kMetaFloor)), Encode(floor)});
  if (Status written = Write(); !written) return written;
  if (Status synced = kv_->Sync(); !synced) return synced;
  return kv_->Flush();
}

}  // namespace timebank::storage
