// A directory planted from a snapshot is one that a node works in as in any other.
#include "node/storage/planting.h"

#include <set>
#include <string>
#include <vector>

#include "node/storage/testing/node_storage_backends.h"
#include "node/storage/testing/sample_blocks.h"
#include "timebank/v1/record.pb.h"

namespace timebank::storage {
namespace {

using testing::DiskBackend;
using testing::SampleBlock;
using testing::SampleCommit;
using testing::SampleCommitted;

constexpr std::uint64_t kBoundary = 3;
constexpr std::uint64_t kTop = 2'000;  // what a start checks of it lies below, and is not here

class PlantingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto planting = Planting::Begin(backend_.directory, testing::Options().chain_id);
    ASSERT_TRUE(planting) << planting.error();
    (*planting)->AddBlock(SampleCommitted(kBoundary));
    (*planting)->AddBlock(SampleCommitted(kTop));
    ASSERT_TRUE((*planting)->AddRecord(AsBytes("\x7Fkey"), AsBytes("value")));
    for (const std::uint64_t height : {kBoundary, kTop}) {
      replica::TransactionRow row = SampleCommit(height).row();
      row.lines = {v1::EffectsLine().SerializeAsString()};
      ASSERT_TRUE((*planting)->AddTransaction(row));
    }
    ASSERT_TRUE((*planting)->Finish());
  }
  void Open() {
    storage_.reset();
    NodeStorageOptions options;
    options.chain_id = testing::Options().chain_id;
    options.report = [this](const std::string& text) { reports_.push_back(text); };
    auto opened = NodeStorage::Open(backend_.directory, std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    storage_ = std::move(*opened);
  }

  DiskBackend backend_;
  std::unique_ptr<NodeStorage> storage_;
  std::vector<std::string> reports_;
};

TEST_F(PlantingTest, HoldsWhatItWasGiven) {
  Open();
  ASSERT_TRUE(storage_->Floor().has_value());
  EXPECT_EQ(storage_->Floor()->block.digest(), SampleBlock(kTop).digest());
  EXPECT_EQ(storage_->first_block(), Height(kTop));
  EXPECT_TRUE(storage_->ReadBlock(Height(kBoundary)).has_value());
  EXPECT_FALSE(storage_->ReadBlock(Height(kTop - 1)).has_value());
  EXPECT_EQ(storage_->HeightOf(SampleBlock(kTop).digest()), Height(kTop));
  EXPECT_TRUE(storage_->FindTransaction(SampleCommit(kBoundary).row().id).has_value());
  std::set<Hash> visited;
  ASSERT_TRUE(storage_->VisitTransactions([&](const auto& row) { visited.insert(row.id); }));
  EXPECT_EQ(visited.size(), 2U);
  EXPECT_TRUE(storage_->TakeRecords().empty());
}

TEST_F(PlantingTest, GoesOnAndStartsAgainWithoutDamage) {
  Open();
  for (std::uint64_t height = kTop + 1; height <= kTop + 5; ++height) {
    storage_->Append(SampleCommit(height).records(), /*sync=*/true);
    storage_->CommitBlock(SampleCommit(height).batch());
  }
  ASSERT_TRUE(storage_->Close());
  Open();
  EXPECT_EQ(storage_->Floor()->block.digest(), SampleBlock(kTop + 5).digest());
  EXPECT_EQ(storage_->first_block(), Height(kTop));
  for (int round = 0; round < 3; ++round) storage_->Scrub({});
  EXPECT_TRUE(storage_->DamagedBlocks().empty());
  EXPECT_EQ(reports_, std::vector<std::string>());
}

TEST_F(PlantingTest, WhereANodeHasWorkedNothingIsPlanted) {
  Open();
  storage_.reset();
  EXPECT_FALSE(Planting::Begin(backend_.directory, testing::Options().chain_id));
}

}  // namespace
}  // namespace timebank::storage
