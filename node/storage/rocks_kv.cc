#include "node/storage/rocks_kv.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/check.h"
#include "platform/file.h"

namespace timebank::storage {
namespace {

using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

// In the order of Column. Names on disk; never reused.
constexpr std::array<const char*, kColumns> kColumnNames = {
    "default", "state", "blocks", "digests", "transactions", "leaves", "index"};

constexpr std::size_t kBlockCacheBytes = std::size_t{64} << 20;
constexpr std::size_t kWriteBufferBytes = std::size_t{16} << 20;
constexpr std::size_t kWriteBuffersBytesMax = std::size_t{64} << 20;
constexpr std::uint64_t kWalBytesMax = std::uint64_t{128} << 20;
constexpr int kFilterBitsPerKey = 10;

rocksdb::Slice ToSlice(ByteView view) {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}
ByteView FromSlice(const rocksdb::Slice& slice) {
  return AsBytes(std::string_view(slice.data(), slice.size()));
}
rocksdb::DBOptions DatabaseOptions();
rocksdb::ColumnFamilyOptions ColumnOptions(std::size_t column);

class RocksKv final : public KvStore {
 public:
  RocksKv(std::string directory, std::unique_ptr<rocksdb::DB> db,
          std::vector<rocksdb::ColumnFamilyHandle*> columns)
      : directory_(std::move(directory)), db_(std::move(db)), columns_(std::move(columns)) {}
  RocksKv(const RocksKv&) = delete;
  RocksKv& operator=(const RocksKv&) = delete;
  ~RocksKv() override {
    for (rocksdb::ColumnFamilyHandle* column : columns_) {
      static_cast<void>(db_->DestroyColumnFamilyHandle(column));
    }
    static_cast<void>(db_->Close());
  }

  Result<std::optional<Bytes>> Get(Column column, ByteView key) const override {
    rocksdb::PinnableSlice value;
    const auto status = db_->Get(rocksdb::ReadOptions(), Handle(column), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return Failure("cannot be read", status);
    return std::optional<Bytes>(ToBytes(FromSlice(value)));
  }

  Status Visit(Column column, ByteView from, const Visitor& visit) const override {
    const std::unique_ptr<rocksdb::Iterator> row(
        db_->NewIterator(rocksdb::ReadOptions(), Handle(column)));
    for (row->Seek(ToSlice(from)); row->Valid(); row->Next()) {
      if (!visit(FromSlice(row->key()), FromSlice(row->value()))) return Done{};
    }
    if (!row->status().ok()) return Failure("cannot be read", row->status());
    return Done{};
  }

  Status Write(std::span<const KvWrite> writes) override {
    rocksdb::WriteBatch batch;
    for (const KvWrite& write : writes) {
      rocksdb::ColumnFamilyHandle* const column = Handle(write.column);
      const auto status = write.value ? batch.Put(column, ToSlice(write.key), ToSlice(*write.value))
                                      : batch.Delete(column, ToSlice(write.key));
      if (!status.ok()) return Failure("cannot be written", status);
    }
    const auto status = db_->Write(rocksdb::WriteOptions(), &batch);
    if (!status.ok()) return Failure("cannot be written", status);
    return Done{};
  }

  Status Sync() override {
    const auto status = db_->SyncWAL();
    if (!status.ok()) return Failure("cannot be synced", status);
    return Done{};
  }

  Status Flush() override {
    const auto status = db_->Flush(rocksdb::FlushOptions(), columns_);
    if (!status.ok()) return Failure("cannot be flushed", status);
    return Sync();
  }

  Status CopyTo(const std::string& directory) const override {
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
    if (!status.ok()) return Failure("cannot be copied to " + directory, status);
    return Done{};
  }

  Status Verify() const override {
    const auto status = db_->VerifyFileChecksums(rocksdb::ReadOptions());
    if (!status.ok()) return Failure("is damaged", status);
    return Done{};
  }

 private:
  [[nodiscard]] rocksdb::ColumnFamilyHandle* Handle(Column column) const {
    return columns_.at(static_cast<std::size_t>(column));
  }
  [[nodiscard]] Unexpected<std::string> Failure(const std::string& what,
                                                const rocksdb::Status& status) const {
    return Fail("the database in " + directory_ + " " + what + ": " + status.ToString());
  }

  std::string directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> columns_;
};

}  // namespace

Result<std::unique_ptr<KvStore>> OpenRocksKv(const std::string& directory) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kColumns; ++i) {
    descriptors.emplace_back(kColumnNames.at(i), ColumnOptions(i));
  }
  // Or RocksDB notes an error where there is none yet.
  if (auto made = platform::CreateDirectories(directory, 0700); !made) return Fail(made.error());
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> columns;
  const auto status =
      rocksdb::DB::Open(DatabaseOptions(), directory, descriptors, &columns, &opened);
  if (!status.ok()) {
    return Fail("the database in " + directory + " cannot be opened: " + status.ToString());
  }
  TB_CHECK(columns.size() == kColumns);
  return std::unique_ptr<KvStore>(std::make_unique<RocksKv>(
      directory, std::unique_ptr<rocksdb::DB>(opened), std::move(columns)));
}

namespace {

// RocksDB's notes among the node's own lines. Its own log file is written without a look at the
// answer: on a full disk its second line ends the process by an assertion, before what failed is
// said.
class Notes final : public rocksdb::Logger {
 public:
  Notes() : rocksdb::Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, 512> text{};
    static_cast<void>(std::vsnprintf(text.data(), text.size(), format, arguments));
    spdlog::warn("database: {}", text.data());
  }
};

rocksdb::DBOptions DatabaseOptions() {
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<Notes>();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // What this loses is executed again from the node log; the FloorMark tells when it lost more.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // A checksum of each whole file, so that Verify leaves no byte out.
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.db_write_buffer_size = kWriteBuffersBytesMax;
  options.max_total_wal_size = kWalBytesMax;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  return options;
}

rocksdb::ColumnFamilyOptions ColumnOptions(std::size_t column) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  // Most look-ups ask for transactions that are not there yet.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.compression = rocksdb::CompressionType::kLZ4Compression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Read at the start only, and then whole: what is written is not put in order before it has to.
  if (column == static_cast<std::size_t>(Column::kState) ||
      column == static_cast<std::size_t>(Column::kLeaves)) {
    options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  }
  return options;
}

}  // namespace
}  // namespace timebank::storage
