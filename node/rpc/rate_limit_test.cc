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
  for (std::uint64_t i = 1; i <= kConnectionsMax; ++i) {
    EXPECT_TRUE(limit.Allow(std::to_string(i), kRequestCost, i));
  }
  EXPECT_TRUE(limit.Allow("first", 2 * kRequestCost, kConnectionsMax)) << "a full bucket again";
}

}  // namespace
}  // namespace timebank::rpc
