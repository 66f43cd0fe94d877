#include "platform/entropy.h"

#include <gtest/gtest.h>

#include <set>

namespace timebank::platform {
namespace {

TEST(EntropyTest, IdStartsWithLedgerTimeAndIsOtherwiseFresh) {
  const Millis at(0x0123456789AB);
  std::set<EntryId> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = NewId<EntryId>(at);
    EXPECT_EQ(ToHex(id.view().first(6)), "0123456789ab");
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(EntropyTest, IdsSortByTime) {
  EXPECT_LT(NewId<MemberId>(Millis(1000)), NewId<MemberId>(Millis(1001)));
  EXPECT_LT(NewId<MemberId>(Millis(0xFF)), NewId<MemberId>(Millis(0x100)));
}

TEST(EntropyTest, NewKeysDifferAndSign) {
  const auto one = NewSecretKey();
  const auto two = NewSecretKey();
  EXPECT_NE(one.public_key(), two.public_key());
  const auto signature = one.Sign(AsBytes("message"));
  EXPECT_TRUE(crypto::Verify(one.public_key(), AsBytes("message"), signature));
  EXPECT_FALSE(crypto::Verify(two.public_key(), AsBytes("message"), signature));
}

}  // namespace
}  // namespace timebank::platform
