// Power cuts, full disks and rot: what a start must survive and what it must refuse.
#include "node/storage/node_storage.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/prng.h"
#include "node/storage/rows.h"
#include "node/storage/testing/node_storage_fixture.h"

namespace timebank::storage {
namespace {

using testing::DiskBackend;
using testing::FlipFileByte;
using testing::kStart;
using testing::MemoryBackend;
using testing::NodeStorageTest;
using testing::Options;
using testing::SampleCommit;
using testing::SampleVote;

// ---- Crashes of the whole machine, on the faulty disk ----

class CrashTest : public NodeStorageTest<MemoryBackend> {
 protected:
  void Crash(Prng& prng) {
    storage_.reset();
    backend_.files->Crash(prng);
    backend_.disk.Crash(static_cast<std::size_t>(prng.Below(backend_.disk.unsynced.size() + 1)));
  }
};

TEST_F(CrashTest, TheDatabaseMayLoseAnythingUnsyncedAndIsCaughtUpFromTheLog) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Prng prng(seed);
    backend_ = MemoryBackend();
    Reopen();
    const std::uint64_t last = 5 + prng.Below(90);
    for (std::uint64_t height = 1; height <= last; ++height) {
      Commit(height, height);
      storage_->MaybeSync(Millis(height));
    }
    Append(SampleVote(last + 1));
    Crash(prng);
    Reopen();
    const auto floor = storage_->Floor();
    const std::uint64_t kept = floor ? floor->block.header().height.value() : 0;
    EXPECT_GE(kept, last >= kSyncBlocks ? kSyncBlocks : 0);
    const auto records = storage_->TakeRecords();
    std::vector<std::uint64_t> above;
    for (std::uint64_t height = kept + 1; height <= last; ++height) above.push_back(height);
    ASSERT_EQ(HeightsIn(records), above);
    ASSERT_EQ(VotesIn(records), std::vector<std::uint64_t>{last + 1});
    for (const std::uint64_t height : above) storage_->CommitBlock(SampleCommit(height).batch());
    EXPECT_EQ(State()["common"], std::to_string(last));
  }
}

TEST_F(CrashTest, ADatabaseBehindTheLastFloorMarkIsRefused) {
  Commit(1, 3);
  storage_->MaybeSync(kStart);
  EXPECT_FALSE(backend_.disk.unsynced.empty()) << "neither 64 blocks nor 2 s";
  storage_->MaybeSync(Millis(kStart.value() + kSyncIntervalMs - 1));
  EXPECT_FALSE(backend_.disk.unsynced.empty());
  const auto before = backend_.disk;
  storage_->MaybeSync(Millis(kStart.value() + kSyncIntervalMs));
  EXPECT_TRUE(backend_.disk.unsynced.empty());
  storage_.reset();
  const auto synced = backend_.disk;
  backend_.disk = before;
  backend_.disk.Crash(2);
  EXPECT_NE(RefusedBecause().find("ends at block 2, but the node log knows that block 3"),
            std::string::npos);
  backend_.disk = synced;
  EXPECT_EQ(RefusedBecause(), "");
}

TEST_F(CrashTest, SixtyFourBlocksAreSyncedWithoutWaiting) {
  for (std::uint64_t height = 1; height < kSyncBlocks; ++height) {
    Commit(height, height);
    storage_->MaybeSync(kStart);
    ASSERT_FALSE(backend_.disk.unsynced.empty());
  }
  Commit(kSyncBlocks, kSyncBlocks);
  storage_->MaybeSync(kStart);
  EXPECT_TRUE(backend_.disk.unsynced.empty());
}

TEST_F(CrashTest, NothingIsWrittenWhileNothingHappens) {
  Commit(1, 1);
  storage_->MaybeSync(kStart);
  storage_->MaybeSync(Millis(kStart.value() + kSyncIntervalMs));
  const std::uint64_t syncs = backend_.files->syncs();
  for (std::uint64_t i = 2; i < 50; ++i) {
    storage_->MaybeSync(Millis(kStart.value() + i * kSyncIntervalMs));
  }
  EXPECT_EQ(backend_.files->syncs(), syncs);
}

TEST_F(CrashTest, UnknownFormatVersionIsRefusedWithAdvice) {
  storage_.reset();
  backend_.disk.durable[static_cast<std::size_t>(Column::kMeta)][ToBytes(AsBytes(kMetaVersion))] =
      ByteWriter().U32(kDatabaseVersion + 1).Take();
  EXPECT_NE(RefusedBecause().find("start the version that wrote it"), std::string::npos);
}

TEST_F(CrashTest, ADamagedDatabaseIsRefused) {
  Commit(1, 1);
  storage_.reset();
  backend_.disk.fault = "checksum mismatch in 000123.sst";
  const std::string reason = RefusedBecause();
  EXPECT_NE(reason.find("000123.sst"), std::string::npos);
  EXPECT_NE(reason.find("Keep the whole data directory"), std::string::npos);
}

using CommitDeathTest = CrashTest;

TEST_F(CommitDeathTest, AFailedCommitEndsTheProcess) {
  const SampleCommit commit(1);
  storage_->Append(commit.records(), true);
  backend_.disk.fault = "no space left on device";
  EXPECT_DEATH(storage_->CommitBlock(commit.batch()), "storage failed.*no space left");
}

// ---- Rot, on real files ----

class RotTest : public NodeStorageTest<DiskBackend> {
 protected:
  // Flips bytes all over the file; after each, the start must be refused or, where the file holds
  // nothing that is still needed, everything must be there.
  [[nodiscard]] std::size_t CountRefusals(const std::string& path, std::uint64_t last) {
    std::size_t refusals = 0;
    const std::size_t size = std::filesystem::file_size(path);
    const std::string copy = backend_.directory + ".copy";
    const std::string original = backend_.directory;
    for (std::size_t i = 0; i < kFlips; ++i) {
      std::filesystem::remove_all(copy);
      std::filesystem::copy(original, copy, std::filesystem::copy_options::recursive);
      const std::string name = path.substr(original.size());
      FlipFileByte(copy + name, (size - 1) * i / (kFlips - 1));
      auto opened = NodeStorage::Open(copy, Options());
      if (!opened) {
        ++refusals;
        EXPECT_NE(opened.error().find("Keep the whole data directory"), std::string::npos)
            << opened.error();
        continue;
      }
      EXPECT_EQ((*opened)->Floor()->block.header().height, Height(last)) << name << " " << i;
    }
    std::filesystem::remove_all(copy);
    return refusals;
  }
  static constexpr std::size_t kFlips = 12;
};

TEST_F(RotTest, AnyFlippedByteOfTheDatabaseOfAStoppedNodeIsRefused) {
  Commit(1, 40);
  ASSERT_TRUE(storage_->Close());
  storage_.reset();
  std::size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(backend_.directory + "/kv")) {
    const std::string name = entry.path().filename().string();
    const bool is_table = name.ends_with(".sst");
    const bool is_manifest = name.starts_with("MANIFEST") || name == "CURRENT";
    if (!is_table && !is_manifest) continue;
    tables += is_table ? 1 : 0;
    EXPECT_EQ(CountRefusals(entry.path().string(), 40), kFlips) << name;
  }
  EXPECT_GE(tables, 7U);
}

TEST_F(RotTest, AFlippedByteInTheDatabasesOwnLogIsRefusedOrExecutedAgain) {
  Commit(1, 40);
  storage_->MaybeSync(kStart);
  storage_->MaybeSync(Millis(kStart.value() + kSyncIntervalMs));
  // A copy while the node runs is what kill -9 leaves.
  const std::string killed = backend_.directory + ".killed";
  std::filesystem::copy(backend_.directory, killed, std::filesystem::copy_options::recursive);
  storage_.reset();
  std::filesystem::remove_all(backend_.directory);
  std::filesystem::rename(killed, backend_.directory);
  std::size_t logs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(backend_.directory + "/kv")) {
    if (entry.path().extension() != ".log" || entry.file_size() < 1000) continue;
    ++logs;
    EXPECT_GE(CountRefusals(entry.path().string(), 40), kFlips - 1);
  }
  EXPECT_EQ(logs, 1U);
}

}  // namespace
}  // namespace timebank::storage
