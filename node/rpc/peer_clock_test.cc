#include "node/rpc/peer_clock.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

TEST(PeerClock, SaysNothingBeforeTheFirstFrame) { EXPECT_EQ(PeerClock().ahead_ms(), std::nullopt); }

TEST(PeerClock, TheFrameThatWasQuickestCounts) {
  PeerClock clock;
  clock.Note(Millis(70'000), Millis(10'500), 1);  // 60 s ahead, half a second on the way
  EXPECT_EQ(clock.ahead_ms(), 59'500);
  clock.Note(Millis(71'000), Millis(11'001), 2);
  EXPECT_EQ(clock.ahead_ms(), 59'999);
  clock.Note(Millis(72'000), Millis(15'000), 3);
  EXPECT_EQ(clock.ahead_ms(), 59'999);
}

TEST(PeerClock, ABehindClockIsNegative) {
  PeerClock clock;
  clock.Note(Millis(4'000), Millis(10'000), 1);
  EXPECT_EQ(clock.ahead_ms(), -6'000);
}

TEST(PeerClock, ARepairedClockShowsAfterTwoWindows) {
  PeerClock clock;
  clock.Note(Millis(70'000), Millis(10'000), 0);
  clock.Note(Millis(10'000), Millis(10'000), kPeerClockWindowMs - 1);
  EXPECT_EQ(clock.ahead_ms(), 60'000);
  clock.Note(Millis(20'000), Millis(20'000), kPeerClockWindowMs);
  EXPECT_EQ(clock.ahead_ms(), 60'000);
  clock.Note(Millis(30'000), Millis(30'001), 2 * kPeerClockWindowMs);
  EXPECT_EQ(clock.ahead_ms(), 0);
}

TEST(PeerClock, ANewStreamBeginsAnew) {
  PeerClock clock;
  clock.Note(Millis(70'000), Millis(10'000), 0);
  clock.Begin();
  EXPECT_EQ(clock.ahead_ms(), std::nullopt);
  clock.Note(Millis(10'003), Millis(10'000), 1);
  EXPECT_EQ(clock.ahead_ms(), 3);
}

TEST(PeerClock, AClaimWithoutMeasureIsBounded) {
  PeerClock clock;
  clock.Note(Millis(std::uint64_t{1} << 63), Millis(0), 0);
  EXPECT_EQ(clock.ahead_ms(), -kPeerClockAheadMaxMs);
  clock.Note(Millis((std::uint64_t{1} << 63) - 1), Millis(0), 1);
  EXPECT_EQ(clock.ahead_ms(), kPeerClockAheadMaxMs);
}

}  // namespace
}  // namespace timebank::rpc
