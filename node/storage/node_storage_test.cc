// One contract for the Storage port, on a faulty disk in memory and on real files with RocksDB.
#include "node/storage/node_storage.h"

#include <gtest/gtest.h>

#include "node/storage/testing/node_storage_fixture.h"

namespace timebank::storage {
namespace {

using consensus::Record;
using testing::DiskBackend;
using testing::MemoryBackend;
using testing::NodeStorageTest;
using testing::Options;
using testing::SampleCommit;
using testing::SampleVote;

using Backends = ::testing::Types<MemoryBackend, DiskBackend>;
TYPED_TEST_SUITE(NodeStorageTest, Backends);

TYPED_TEST(NodeStorageTest, AFreshNodeHasNothing) {
  EXPECT_FALSE(this->storage_->Floor());
  EXPECT_TRUE(this->State().empty());
  EXPECT_TRUE(this->storage_->TakeRecords().empty());
  EXPECT_FALSE(this->storage_->ReadBlock(Height(1)));
  EXPECT_FALSE(this->storage_->HeightOf(Hash{}));
  EXPECT_FALSE(this->storage_->FindTransaction(Hash{}));
  EXPECT_TRUE(this->storage_->DamagedBlocks().empty());
}

TYPED_TEST(NodeStorageTest, CommittedBlocksAreThereAfterAnyKindOfStop) {
  this->Commit(1, 3);
  for (const bool clean : {false, true}) {
    if (clean) {
      ASSERT_TRUE(this->storage_->Close());
    }
    this->Reopen();
    const auto floor = this->storage_->Floor();
    ASSERT_TRUE(floor);
    EXPECT_EQ(floor->block.digest(), testing::SampleBlock(3).digest());
    EXPECT_EQ(floor->finalization, testing::SampleCommitted(3).finalization);
    EXPECT_TRUE(this->storage_->TakeRecords().empty());
    const std::map<std::string, std::string> state = {{"brief-3", "x"},
                                                      {"common", "3"},
                                                      {"key-1", "value 1"},
                                                      {"key-2", "value 2"},
                                                      {"key-3", "value 3"}};
    EXPECT_EQ(this->State(), state);
    for (std::uint64_t height = 1; height <= 3; ++height) {
      const SampleCommit commit(height);
      const auto block = this->storage_->ReadBlock(Height(height));
      ASSERT_TRUE(block);
      EXPECT_EQ(*block->block.body(), *commit.block().block.body());
      EXPECT_EQ(this->storage_->HeightOf(block->block.digest()), Height(height));
      const auto row = this->storage_->FindTransaction(commit.row().id);
      ASSERT_TRUE(row);
      EXPECT_EQ(row->lines, commit.row().lines);
      EXPECT_EQ(row->height, Height(height));
      EXPECT_EQ(row->log_index, height - 1);
      EXPECT_EQ(row->position, 7U);
      EXPECT_FALSE(row->sweep);
    }
    std::vector<Hash> leaves;
    this->storage_->VisitLogLeaves([&](const Hash& leaf) { leaves.push_back(leaf); });
    ASSERT_EQ(leaves.size(), 3U);
    EXPECT_EQ(leaves[2], SampleCommit(3).row().leaf_hash);
  }
}

TYPED_TEST(NodeStorageTest, IndexRowsAreListedInPages) {
  this->Commit(1, 5);
  const Bytes prefix = testing::SampleIndexPrefix();
  const auto first = this->storage_->ScanIndex(prefix, {}, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(AsText(first[0].value), "row 1");
  const auto rest = this->storage_->ScanIndex(prefix, first[1].key, 99);
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(AsText(rest[0].value), "row 3");
  EXPECT_TRUE(this->storage_->ScanIndex(Bytes(17, std::byte{0x12}), {}, 9).empty());
  EXPECT_TRUE(this->storage_->ScanIndex(Bytes(17, std::byte{0x10}), {}, 9).empty());
  EXPECT_TRUE(this->storage_->ScanIndex(prefix, {}, 0).empty());
}

TYPED_TEST(NodeStorageTest, RecordsAboveTheFloorComeBackInOrderAndOthersDoNot) {
  this->Append(SampleVote(1));
  this->Commit(1, 2);
  this->Append(SampleVote(3));
  this->Append(consensus::BodyRecord{testing::SampleBlock(3)});
  this->Append(SampleVote(2));
  this->Append(SampleVote(4));
  this->Reopen();
  const auto records = this->storage_->TakeRecords();
  EXPECT_EQ(this->VotesIn(records), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(this->HeightsIn(records), (std::vector<std::uint64_t>{3}));
  EXPECT_TRUE(this->storage_->TakeRecords().empty()) << "given once";
  // The body in the log is enough to commit.
  const SampleCommit next(3);
  this->Append(consensus::CertificateRecord{next.block().finalization});
  this->storage_->CommitBlock(next.batch());
  EXPECT_TRUE(this->storage_->ReadBlock(Height(3)));
}

// A lagging node may have voted far above blocks that reached its log only later.
TYPED_TEST(NodeStorageTest, AnEarlyVoteAboveTheFloorOutlivesManyLaterBlocks) {
  constexpr std::uint64_t kLast = kRecentBlocks + 80;
  this->Append(SampleVote(kLast + 1));
  this->Commit(1, kLast);
  this->Reopen();
  EXPECT_EQ(this->VotesIn(this->storage_->TakeRecords()), (std::vector<std::uint64_t>{kLast + 1}));
}

TYPED_TEST(NodeStorageTest, UnsyncedRecordsTravelWithTheNextSyncedBatch) {
  this->Append(SampleVote(5), /*sync=*/false);
  this->Append(SampleVote(6), /*sync=*/true);
  this->Reopen();
  EXPECT_EQ(this->VotesIn(this->storage_->TakeRecords()), (std::vector<std::uint64_t>{5, 6}));
  this->Append(SampleVote(7), /*sync=*/false);
  ASSERT_TRUE(this->storage_->Close());
  this->Reopen();
  EXPECT_EQ(this->VotesIn(this->storage_->TakeRecords()), (std::vector<std::uint64_t>{5, 6, 7}));
}

TYPED_TEST(NodeStorageTest, AnotherChainIsRefused) {
  this->Commit(1, 1);
  NodeStorageOptions options = Options();
  options.chain_id = crypto::Sha256(AsBytes("another"));
  const std::string reason = this->RefusedBecause(options);
  EXPECT_NE(reason.find("belongs to chain " + ToHex(Options().chain_id.view())), std::string::npos);
  EXPECT_EQ(this->RefusedBecause(), "");
}

TYPED_TEST(NodeStorageTest, AMissingDatabaseIsRefused) {
  this->Commit(1, 3);
  this->storage_.reset();
  this->backend_.RemoveDatabase();
  EXPECT_NE(this->RefusedBecause().find("is missing"), std::string::npos);
}

TYPED_TEST(NodeStorageTest, AMissingLogIsRefused) {
  this->Commit(1, 3);
  this->storage_.reset();
  this->backend_.RemoveLog();
  EXPECT_NE(this->RefusedBecause().find(SegmentName(1) + " is missing"), std::string::npos);
  EXPECT_NE(this->RefusedBecause(), "") << "the refusal made no new log";
}

// A first start that was killed before its first block has voted all the same.
TYPED_TEST(NodeStorageTest, ALostHalfIsRefusedBeforeTheFirstBlock) {
  if constexpr (std::is_same_v<TypeParam, DiskBackend>) {
    this->Append(SampleVote(1));
    this->storage_.reset();
    const std::string directory = this->backend_.directory;
    std::filesystem::copy(directory, directory + ".kept", std::filesystem::copy_options::recursive);
    this->backend_.RemoveLog();
    EXPECT_NE(this->RefusedBecause().find("has voted from here"), std::string::npos);
    this->backend_.RemoveDatabase();
    EXPECT_NE(this->RefusedBecause().find("has voted from here"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(directory + "/kv")) << "a refusal made a new database";
    std::filesystem::remove_all(directory);
    std::filesystem::rename(directory + ".kept", directory);
    EXPECT_EQ(this->RefusedBecause(), "");
  }
}

TYPED_TEST(NodeStorageTest, ADamagedOldBlockIsNeitherServedNorFatalAndCanBeHealed) {
  constexpr std::uint64_t kLast = kRecentBlocks + 20;
  this->Commit(1, kLast);
  const RecordLocation old = this->Find(5);
  this->storage_.reset();
  this->backend_.FlipLogByte(old.segment, old.offset + old.length - 1);
  this->Reopen();
  for (std::uint64_t done = 0; done < kLast; done += 100) {
    this->storage_->Scrub({.blocks = 100});
  }
  EXPECT_EQ(this->storage_->DamagedBlocks(), std::vector<Height>{Height(5)});

  EXPECT_FALSE(this->storage_->ReadBlock(Height(5)));
  EXPECT_TRUE(this->storage_->ReadBlock(Height(4)));

  const consensus::Block copy = testing::SampleBlock(5);
  chain::Header forged = copy.header();
  forged.timestamp_ms = Millis(99);
  EXPECT_FALSE(this->storage_->Heal({forged, copy.body()}));
  EXPECT_FALSE(this->storage_->Heal({copy.header(), nullptr}));
  EXPECT_FALSE(this->storage_->Heal({copy.header(), std::make_shared<Bytes>(3)}));
  EXPECT_EQ(this->storage_->DamagedBlocks().size(), 1U);
  ASSERT_TRUE(this->storage_->Heal(copy));
  EXPECT_TRUE(this->storage_->DamagedBlocks().empty());
  this->Reopen();
  EXPECT_EQ(this->storage_->ReadBlock(Height(5))->block.digest(), testing::SampleBlock(5).digest());
}

TYPED_TEST(NodeStorageTest, ADamagedRecentBlockIsRefused) {
  this->Commit(1, 30);
  for (const std::uint64_t height : {1U, 15U, 29U}) {
    const RecordLocation at = this->Find(height);
    this->storage_.reset();
    this->backend_.FlipLogByte(at.segment, at.offset + at.length / 2);
    EXPECT_NE(this->RefusedBecause().find(SegmentName(at.segment)), std::string::npos);
    this->backend_.FlipLogByte(at.segment, at.offset + at.length / 2);
    this->Reopen();
  }
  // The last batch looks torn, but the database never leads the log: that is damage too, and the
  // bytes stay as they are.
  const RecordLocation last = this->Find(30);
  for (const std::uint32_t offset : {last.offset, last.offset + last.length + 20}) {
    this->storage_.reset();
    this->backend_.FlipLogByte(last.segment, offset);
    EXPECT_NE(this->RefusedBecause().find("block 30"), std::string::npos);
    this->backend_.FlipLogByte(last.segment, offset);
    this->Reopen();
  }
}

TYPED_TEST(NodeStorageTest, AFlippedVoteInTheLiveLogIsRefused) {
  this->Commit(1, 2);
  const std::size_t end = this->Find(2).offset + this->Find(2).length;
  this->Append(SampleVote(8));
  this->Append(SampleVote(9));
  this->storage_.reset();
  this->backend_.FlipLogByte(1, end + 300);
  const std::string reason = this->RefusedBecause();
  EXPECT_NE(reason.find("does not verify, but a later batch"), std::string::npos) << reason;
}

}  // namespace
}  // namespace timebank::storage
