// A copy of database and log, made while the node works, opens as data of that moment.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "node/storage/testing/node_storage_fixture.h"

namespace timebank::storage {
namespace {

using testing::DiskBackend;

using LiveCopyTest = testing::NodeStorageTest<DiskBackend>;

constexpr Millis kLater{testing::kStart.value() + 2 * kSyncIntervalMs};

// The log below `end`; what lies behind is as in a segment that was never written there.
void CopyLog(const std::string& from, const std::string& to, const LogPosition& end) {
  std::filesystem::create_directories(to);
  for (std::uint32_t number = 1; number <= end.segment; ++number) {
    const std::string name = "/" + SegmentName(number);
    std::filesystem::copy(from + name, to + name);
    if (number != end.segment) continue;
    const auto size = std::filesystem::file_size(to + name);
    std::filesystem::resize_file(to + name, end.offset);
    std::filesystem::resize_file(to + name, size);
  }
}

TEST_F(LiveCopyTest, OpensWithTheFloorOfTheMomentAndWhatTheLogHasAbove) {
  storage_->MaybeSync(testing::kStart);
  Commit(1, 3);
  const DiskBackend copy;
  storage_->HoldMarks(true);
  ASSERT_TRUE(storage_->CopyDatabase(copy.directory + "/kv"));
  Commit(4, 5);
  storage_->MaybeSync(kLater);
  const LogPosition end = storage_->log_end();
  storage_->HoldMarks(false);
  Commit(6, 7);
  storage_->MaybeSync(Millis(2 * kLater.value()));
  CopyLog(backend_.directory + "/log", copy.directory + "/log", end);

  const auto opened = copy.Open();
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ((*opened)->Floor()->block.digest(), testing::SampleBlock(3).digest());
  EXPECT_EQ(HeightsIn((*opened)->TakeRecords()), (std::vector<std::uint64_t>{4, 5}));
}

// Why marks are held: the log of the copy would name a floor that its database does not have.
TEST_F(LiveCopyTest, AMarkInBetweenMakesTheCopyUseless) {
  storage_->MaybeSync(testing::kStart);
  Commit(1, 3);
  const DiskBackend copy;
  ASSERT_TRUE(storage_->CopyDatabase(copy.directory + "/kv"));
  Commit(4, 5);
  storage_->MaybeSync(kLater);
  CopyLog(backend_.directory + "/log", copy.directory + "/log", storage_->log_end());
  const auto opened = copy.Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("comes from a backup"), std::string::npos) << opened.error();
}

TEST_F(LiveCopyTest, HeldMarksAreMadeUpForLater) {
  storage_->MaybeSync(testing::kStart);
  storage_->HoldMarks(true);
  Commit(1, 3);
  const LogPosition before = storage_->log_end();
  storage_->MaybeSync(kLater);
  EXPECT_EQ(storage_->log_end(), before);
  storage_->HoldMarks(false);
  storage_->MaybeSync(kLater);
  EXPECT_GT(storage_->log_end(), before);
}

}  // namespace
}  // namespace timebank::storage
