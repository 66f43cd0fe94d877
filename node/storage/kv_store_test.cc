// One contract, every implementation of KvStore.
#include "node/storage/kv_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "node/storage/rocks_kv.h"
#include "node/storage/testing/memory_kv.h"

namespace timebank::storage {
namespace {

class MemoryBackend {
 public:
  [[nodiscard]] std::unique_ptr<KvStore> Open() {
    return std::make_unique<testing::MemoryKv>(disk_);
  }

 private:
  testing::MemoryKvDisk disk_;
};

class RocksBackend {
 public:
  RocksBackend() {
    directory_ = ::testing::TempDir() + "tb_kv_XXXXXX";
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~RocksBackend() { std::filesystem::remove_all(directory_); }
  RocksBackend(const RocksBackend&) = delete;
  RocksBackend& operator=(const RocksBackend&) = delete;
  [[nodiscard]] std::unique_ptr<KvStore> Open() {
    auto opened = OpenRocksKv(directory_);
    EXPECT_TRUE(opened) << opened.error();
    return std::move(*opened);
  }

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

template <typename Backend>
class KvStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { kv_ = backend_.Open(); }
  void Reopen() {
    kv_.reset();
    kv_ = backend_.Open();
  }
  void Put(Column column, const std::string& key, const std::string& value) {
    const KvWrite write{column, ToBytes(AsBytes(key)), ToBytes(AsBytes(value))};
    ASSERT_TRUE(kv_->Write({&write, 1}));
  }
  [[nodiscard]] std::string Get(Column column, const std::string& key) const {
    const auto value = kv_->Get(column, AsBytes(key));
    EXPECT_TRUE(value);
    return *value ? ToString(**value) : "-";
  }
  [[nodiscard]] std::string List(Column column, const std::string& from, std::size_t limit) const {
    std::string out;
    EXPECT_TRUE(kv_->Visit(column, AsBytes(from), [&](ByteView key, ByteView value) {
      out += ToString(key) + "=" + ToString(value) + " ";
      return --limit > 0;
    }));
    return out;
  }

  Backend backend_;
  std::unique_ptr<KvStore> kv_;
};

using Backends = ::testing::Types<MemoryBackend, RocksBackend>;
TYPED_TEST_SUITE(KvStoreTest, Backends);

TYPED_TEST(KvStoreTest, ColumnsAreApartAndKeysMayHoldAnyByte) {
  const std::string odd("\0\xFF\0", 3);
  this->Put(Column::kState, odd, "state");
  this->Put(Column::kIndex, odd, "");
  EXPECT_EQ(this->Get(Column::kState, odd), "state");
  EXPECT_EQ(this->Get(Column::kIndex, odd), "");
  EXPECT_EQ(this->Get(Column::kMeta, odd), "-");
  EXPECT_EQ(this->Get(Column::kState, odd.substr(0, 2)), "-");
}

TYPED_TEST(KvStoreTest, ABatchPutsAndDeletesInItsOrder) {
  this->Put(Column::kState, "a", "1");
  const auto bytes = [](const char* text) { return ToBytes(AsBytes(text)); };
  const std::vector<KvWrite> batch = {{Column::kState, bytes("b"), bytes("2")},
                                      {Column::kState, bytes("a"), std::nullopt},
                                      {Column::kState, bytes("c"), bytes("3")},
                                      {Column::kState, bytes("c"), std::nullopt},
                                      {Column::kState, bytes("absent"), std::nullopt}};
  ASSERT_TRUE(this->kv_->Write(batch));
  EXPECT_EQ(this->List(Column::kState, "", 99), "b=2 ");
}

TYPED_TEST(KvStoreTest, VisitAscendsFromAKeyUntilToldToStop) {
  for (const char* key : {"b", "a", "ab", "c", "B"}) this->Put(Column::kIndex, key, key);
  EXPECT_EQ(this->List(Column::kIndex, "", 99), "B=B a=a ab=ab b=b c=c ");
  EXPECT_EQ(this->List(Column::kIndex, "aa", 2), "ab=ab b=b ");
  EXPECT_EQ(this->List(Column::kIndex, "d", 2), "");
}

TYPED_TEST(KvStoreTest, RowsSurviveReopeningSyncedFlushedOrNot) {
  this->Put(Column::kMeta, "synced", "1");
  ASSERT_TRUE(this->kv_->Sync());
  this->Put(Column::kState, "flushed", "2");
  ASSERT_TRUE(this->kv_->Flush());
  this->Put(Column::kLeaves, "neither", "3");
  this->Reopen();
  EXPECT_EQ(this->Get(Column::kMeta, "synced"), "1");
  EXPECT_EQ(this->Get(Column::kState, "flushed"), "2");
  EXPECT_EQ(this->Get(Column::kLeaves, "neither"), "3");
  EXPECT_TRUE(this->kv_->Verify());
}

TEST(MemoryKvTest, ACrashKeepsAPrefixOfWhatWasNotSynced) {
  testing::MemoryKvDisk disk;
  {
    testing::MemoryKv kv(disk);
    for (std::uint8_t i = 1; i <= 4; ++i) {
      const KvWrite write{Column::kState, Bytes(1, std::byte{i}), Bytes(1, std::byte{i})};
      ASSERT_TRUE(kv.Write({&write, 1}));
      if (i == 2) {
        ASSERT_TRUE(kv.Sync());
      }
    }
  }
  disk.Crash(1);
  testing::MemoryKv kv(disk);
  EXPECT_TRUE(*kv.Get(Column::kState, Bytes(1, std::byte{3})));
  EXPECT_FALSE(*kv.Get(Column::kState, Bytes(1, std::byte{4})));
}

TEST(RocksKvTest, ASecondOpenOfOneDatabaseIsRefused) {
  RocksBackend backend;
  const auto first = backend.Open();
  ASSERT_TRUE(first);
  const auto second = OpenRocksKv(backend.directory());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find(backend.directory()), std::string::npos);
}

}  // namespace
}  // namespace timebank::storage
