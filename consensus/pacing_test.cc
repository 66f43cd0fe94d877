#include "consensus/pacing.h"

#include <gtest/gtest.h>

namespace timebank::consensus {
namespace {

TEST(BackedOff, GrowsByHalfUpToSixteenTimes) {
  const std::uint64_t expected[] = {200, 300, 450, 675, 1012, 1518, 2277, 3200, 3200};
  for (std::uint64_t k = 0; k < 9; ++k) EXPECT_EQ(BackedOff(200, k), expected[k]);
  EXPECT_EQ(BackedOff(200, ~0ULL), 3200U);
  EXPECT_EQ(BackedOff(1, 2), 3U);
  EXPECT_EQ(BackedOff(0, 5), 0U);
}

TEST(LeaderOf, AddsTheReducedSeedToTheView) {
  Hash boundary;
  for (std::size_t i = 0; i < 8; ++i) boundary.data[i] = std::byte{0xFF};
  // 2^64 - 1 = 3 mod 4, so that adding before reducing would overflow.
  EXPECT_EQ(LeaderOffset(boundary, 4), 3U);
  EXPECT_EQ(LeaderOf(3, View(1), 4), ReplicaIndex(0));
  EXPECT_EQ(LeaderOf(3, View(2), 4), ReplicaIndex(1));
  EXPECT_EQ(LeaderOf(3, View(~0ULL), 4), ReplicaIndex(2));
}

TEST(Jittered, StaysWithinAFifthAndDiffersByOwner) {
  bool differs = false;
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_GE(Jittered(1000, 1, i), 800U);
    EXPECT_LE(Jittered(1000, 1, i), 1200U);
    EXPECT_EQ(Jittered(1000, 1, i), Jittered(1000, 1, i));
    differs = differs || Jittered(1000, 1, i) != Jittered(1000, 2, i);
  }
  EXPECT_TRUE(differs);
}

TEST(Activity, SilentForNViewsWhileAQuorumOfOthersWasHeard) {
  Activity activity(4, 3, View(1));
  for (std::uint16_t i = 0; i < 3; ++i) activity.Heard(ReplicaIndex(i), View(6));
  EXPECT_FALSE(activity.IsSilent(ReplicaIndex(3), View(5)));
  EXPECT_TRUE(activity.IsSilent(ReplicaIndex(3), View(6)));
  EXPECT_FALSE(activity.IsSilent(ReplicaIndex(0), View(6)));
  // The others silent too: it is the network, or a jump of views, and says nothing about one.
  EXPECT_FALSE(activity.IsSilent(ReplicaIndex(3), View(100)));
  activity.Heard(ReplicaIndex(3), View(6));
  EXPECT_FALSE(activity.IsSilent(ReplicaIndex(3), View(6)));
}

TEST(TokenBucket, RefillsByTheMillisecond) {
  TokenBucket bucket(10);
  EXPECT_TRUE(bucket.Take(Millis(5000), 10));
  EXPECT_FALSE(bucket.Take(Millis(5000), 1));
  EXPECT_FALSE(bucket.Take(Millis(5099), 1));
  EXPECT_TRUE(bucket.Take(Millis(5100), 1));
  EXPECT_FALSE(bucket.Take(Millis(5100), 1));
  EXPECT_FALSE(bucket.Take(Millis(900'000), 11));
  EXPECT_TRUE(bucket.Take(Millis(900'000), 10));
  EXPECT_FALSE(bucket.Take(Millis(1), 1));  // a clock that steps back gives nothing
}

TEST(TokenBucket, ChargesWhatWasSpentAlready) {
  TokenBucket bucket(1000);
  EXPECT_EQ(bucket.TakeUpTo(Millis(1000), 700), 700U);
  EXPECT_EQ(bucket.TakeUpTo(Millis(1000), 700), 300U);
  EXPECT_EQ(bucket.TakeUpTo(Millis(1000), 700), 0U);
  bucket.Charge(Millis(1000), 1500);
  EXPECT_FALSE(bucket.Take(Millis(2000), 1));
  EXPECT_EQ(bucket.TakeUpTo(Millis(2400), 1), 0U);
  EXPECT_TRUE(bucket.Take(Millis(2600), 100));
}

}  // namespace
}  // namespace timebank::consensus
