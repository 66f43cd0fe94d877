#include "node/rpc/rate_limit.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

TEST(RateLimit, TwoSecondsAtOnceThenTheSteadyRate) {
  RateLimit limit(10);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limit.Allow("a", kRequestCost, 1000));
  EXPECT_FALSE(limit.Allow("a", kRequestCost, 1000));
  EXPECT_FALSE(limit.Allow("a", kRequestCost, 1099));
  EXPECT_TRUE(limit.Allow("a", kRequestCost, 1100));
  EXPECT_FALSE(limit.Allow("a", kRequestCost, 1100));
}

TEST(RateLimit, ADebtIsPaidByTheSteadyRate) {
  RateLimit limit(10);
  EXPECT_EQ(limit.Charge("a", 20 * kRequestCost, 1000), 0U);
  EXPECT_EQ(limit.Charge("a", 3 * kRequestCost, 1000), 300U);
  EXPECT_FALSE(limit.Allow("a", 1, 1300));
  EXPECT_TRUE(limit.Allow("a", 1, 1301));
}

TEST(RateLimit, ABucketBelongsToAnAddressAndOnLoopbackToAConnection) {
  EXPECT_EQ(BucketOf("ipv4:192.0.2.7:50123"), BucketOf("ipv4:192.0.2.7:50999"));
  EXPECT_NE(BucketOf("ipv4:192.0.2.7:50123"), BucketOf("ipv4:192.0.2.8:50123"));
  EXPECT_EQ(BucketOf("ipv6:%5B2001:db8::7%5D:1"), BucketOf("ipv6:[2001:db8:0:0:9::1]:2"));
  EXPECT_NE(BucketOf("ipv6:%5B2001:db8::7%5D:1"), BucketOf("ipv6:%5B2001:db8:0:1::7%5D:1"));
  EXPECT_NE(BucketOf("ipv4:127.0.0.1:1"), BucketOf("ipv4:127.0.0.1:2"));
  EXPECT_NE(BucketOf("ipv6:%5B::1%5D:1"), BucketOf("ipv6:%5B::1%5D:2"));
  EXPECT_EQ(BucketOf("unix:/run/node"), "unix:/run/node");
}

TEST(RateLimit, OneConnectionDoesNotUseUpAnothers) {
  RateLimit limit(1);
  while (limit.Allow("a", kRequestCost, 0)) {
  }
  EXPECT_TRUE(limit.Allow("b", kRequestCost, 0));
}

TEST(RateLimit, AFrameCostsLessThanItsTransactionsAlone) {
  RateLimit limit(1);
  EXPECT_TRUE(limit.Allow("a", kRequestCost + 50 * kFrameTransactionCost, 0));
  EXPECT_FALSE(limit.Allow("a", 1, 0));
}

TEST(RateLimit, ManyConnectionsAreForgottenOldestFirst) {
  RateLimit limit(1);
  EXPECT_TRUE(limit.Allow("first", 2 * kRequestCost, 0));
  for (std::uint64_t i = 1; i <= kBucketsMax; ++i) {
    EXPECT_TRUE(limit.Allow(std::to_string(i), kRequestCost, i));
  }
  EXPECT_TRUE(limit.Allow("first", 2 * kRequestCost, kBucketsMax)) << "a full bucket again";
}

}  // namespace
}  // namespace timebank::rpc
