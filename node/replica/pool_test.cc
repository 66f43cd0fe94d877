#include "node/replica/pool.h"

#include <memory>
#include <string>

namespace timebank::replica {
namespace {

// The pool looks at ids, hashes, sizes and the first signer only.
SharedTransaction Make(std::uint8_t number, const std::string& member = "m",
                       std::size_t size = 10) {
  SignedTransaction transaction;
  transaction.envelope = std::string(size, static_cast<char>(number));
  transaction.transaction.id.data.back() = std::byte{number};
  transaction.transaction.envelope_hash.data.front() = std::byte{number};
  transaction.transaction.body.add_signers()->set_member(member);
  return std::make_shared<const SignedTransaction>(std::move(transaction));
}

std::vector<SharedTransaction> InOrder(const Pool& pool) {
  std::vector<SharedTransaction> out;
  pool.ForEach([&out](const SharedTransaction& transaction) {
    out.push_back(transaction);
    return true;
  });
  return out;
}

const Pool::Judge kAllGood = [](const SignedTransaction&) { return v1::REASON_UNSPECIFIED; };

TEST(Pool, KeepsTheOrderOfArrivalAndEachOnce) {
  Pool pool{PoolLimits{}};
  const auto first = Make(9);
  const auto second = Make(1);
  EXPECT_EQ(pool.Add(first, Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(pool.Add(second, Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(pool.Add(first, Millis(0)), Pool::Added::kKnown);
  EXPECT_EQ(InOrder(pool), (std::vector{first, second}));
  EXPECT_EQ(pool.FindEnvelope(second->transaction.envelope_hash), second);
  pool.Remove(first->transaction.id);
  EXPECT_EQ(InOrder(pool), std::vector{second});
  EXPECT_EQ(pool.bytes(), second->envelope.size());
}

TEST(Pool, IsFullByCountBytesAndMember) {
  Pool by_count(PoolLimits{2, 1000, 10});
  EXPECT_EQ(by_count.Add(Make(1), Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(by_count.Add(Make(2), Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(by_count.Add(Make(3), Millis(0)), Pool::Added::kFull);

  Pool by_bytes(PoolLimits{10, 20, 10});
  EXPECT_EQ(by_bytes.Add(Make(1, "m", 20), Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(by_bytes.Add(Make(2, "m", 1), Millis(0)), Pool::Added::kFull);

  Pool by_member(PoolLimits{10, 1000, 1});
  EXPECT_EQ(by_member.Add(Make(1, "a"), Millis(0)), Pool::Added::kAdded);
  EXPECT_EQ(by_member.Add(Make(2, "a"), Millis(0)), Pool::Added::kFull);
  EXPECT_EQ(by_member.Add(Make(3, "b"), Millis(0)), Pool::Added::kAdded);
  by_member.Remove(Make(1)->transaction.id);
  EXPECT_EQ(by_member.Add(Make(2, "a"), Millis(0)), Pool::Added::kAdded);
}

TEST(Pool, DropsWhatIsNoLongerValidWithTheReason) {
  Pool pool{PoolLimits{}};
  for (std::uint8_t i = 1; i <= 4; ++i) pool.Add(Make(i), Millis(0));
  const auto refused = pool.JudgeAgain([](const SignedTransaction& transaction) {
    const bool odd = transaction.transaction.id.data.back() == std::byte{1} ||
                     transaction.transaction.id.data.back() == std::byte{3};
    return odd ? v1::REASON_F13_INSUFFICIENT : v1::REASON_UNSPECIFIED;
  });
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].reason, v1::REASON_F13_INSUFFICIENT);
  EXPECT_EQ(pool.size(), 2U);
  EXPECT_FALSE(pool.Has(Make(1)->transaction.id));
  EXPECT_TRUE(pool.Has(Make(2)->transaction.id));
}

// An invalid transaction must never hold the idle gate open: the front is judged however many are
// refused.
TEST(Pool, JudgesUntilOneIsValid) {
  Pool pool{PoolLimits{}};
  for (std::uint8_t i = 1; i <= 200; ++i) pool.Add(Make(i), Millis(0));
  const auto refused = pool.JudgeAgain([](const SignedTransaction&) { return v1::REASON_EXPIRED; });
  EXPECT_EQ(refused.size(), 200U);
  EXPECT_EQ(pool.size(), 0U);
  EXPECT_EQ(pool.bytes(), 0U);
  EXPECT_FALSE(pool.next_flood().has_value());
}

TEST(Pool, FloodsWhatIsDueInBoundedFramesAndAgainLater) {
  Pool pool{PoolLimits{}};
  for (std::uint8_t i = 1; i <= 3; ++i) pool.Add(Make(i), Millis(100));
  pool.Add(Make(4), Millis(100 + kFloodAgainMs));
  EXPECT_TRUE(pool.TakeFlood(Millis(99), 10, 1000).empty());
  EXPECT_EQ(pool.TakeFlood(Millis(100), 2, 1000).size(), 2U);
  EXPECT_EQ(pool.next_flood(), Millis(100));
  EXPECT_EQ(pool.TakeFlood(Millis(100), 2, 1000).size(), 1U);
  EXPECT_EQ(pool.next_flood(), Millis(100 + kFloodAgainMs));
  EXPECT_EQ(pool.TakeFlood(Millis(100 + kFloodAgainMs), 10, 1000).size(), 4U);
}

TEST(Pool, AFrameHoldsAtLeastOneHoweverLong) {
  Pool pool{PoolLimits{}};
  pool.Add(Make(1, "m", 500), Millis(0));
  pool.Add(Make(2, "m", 500), Millis(0));
  EXPECT_EQ(pool.TakeFlood(Millis(0), 10, 100).size(), 1U);
  EXPECT_EQ(pool.TakeFlood(Millis(0), 10, 100).size(), 1U);
  EXPECT_EQ(pool.JudgeAgain(kAllGood).size(), 0U);
}

}  // namespace
}  // namespace timebank::replica
