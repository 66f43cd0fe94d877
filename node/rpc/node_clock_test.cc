#include "node/rpc/node_clock.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"

namespace timebank::rpc {
namespace {

class NodeClockTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "node_clock_test";
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(platform::CreateDirectories(folder_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<NodeClock> Open(std::int64_t first_offset_ms = 0) {
    auto clock = NodeClock::Open(folder_, /*development=*/true, first_offset_ms);
    EXPECT_TRUE(clock.has_value());
    return std::move(*clock);
  }

  std::string folder_;
};

constexpr std::int64_t kYearMs = std::int64_t{365} * 86'400'000;

TEST_F(NodeClockTest, WithoutAnOffsetItIsTheWallClock) {
  const std::uint64_t before = platform::WallTime().value();
  const std::uint64_t now = Open()->LedgerNow().value();
  EXPECT_GE(now, before);
  EXPECT_LE(now, before + 10'000);
}

TEST_F(NodeClockTest, TheOffsetSurvivesARestartAndTheFirstOneDoesNotComeBack) {
  {
    const auto clock = Open(-kYearMs);
    EXPECT_EQ(clock->offset_ms(), -kYearMs);
    ASSERT_TRUE(clock->SetOffset(-kYearMs + 1000));
  }
  EXPECT_EQ(Open(-kYearMs)->offset_ms(), -kYearMs + 1000);
}

TEST_F(NodeClockTest, ForwardOnly) {
  const auto clock = Open();
  ASSERT_TRUE(clock->SetOffset(5000));
  EXPECT_FALSE(clock->SetOffset(4999));
  EXPECT_TRUE(clock->SetOffset(5000));
  EXPECT_EQ(clock->offset_ms(), 5000);
}

TEST_F(NodeClockTest, OnARealNetworkThereIsNoOffset) {
  ASSERT_TRUE(Open()->SetOffset(1));
  const auto kept = NodeClock::Open(folder_, /*development=*/false, 0);
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().find("clock_offset_ms"), std::string::npos);
  TearDown();
  SetUp();
  EXPECT_FALSE(NodeClock::Open(folder_, /*development=*/false, 1).has_value());
  EXPECT_TRUE(NodeClock::Open(folder_, /*development=*/false, 0).has_value());
}

TEST_F(NodeClockTest, AFileThatHoldsNoNumberIsNamed) {
  for (const char* text : {"", "12", "x\n", "12 \n", "99999999999999999999\n"}) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(platform::WriteFileAtomically(folder_ + "/clock_offset_ms", AsBytes(text)));
    const auto clock = NodeClock::Open(folder_, /*development=*/true, 0);
    ASSERT_FALSE(clock.has_value());
    EXPECT_NE(clock.error().find(folder_), std::string::npos);
  }
}

}  // namespace
}  // namespace timebank::rpc
