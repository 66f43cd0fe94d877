#include "node/rpc/verify_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "node/rpc/testing/sample_ledger.h"

namespace timebank::rpc {
namespace {

replica::SharedTransaction Transaction(int number) {
  replica::SignedTransaction out;
  out.envelope = std::to_string(number);
  out.transaction.envelope_hash.data[0] = static_cast<std::byte>(number & 0xFF);
  out.transaction.envelope_hash.data[1] = static_cast<std::byte>(number >> 8);
  return std::make_shared<const replica::SignedTransaction>(std::move(out));
}

class VerifyPoolTest : public ::testing::Test {
 protected:
  // Odd transactions have bad signatures.
  VerifyPoolTest()
      : state_(std::make_shared<const ledger::State>(sample_.state())),
        pool_(
            3,
            [this](const ledger::State&, const replica::SignedTransaction& transaction) {
              ++checks_;
              return std::stoi(transaction.envelope) % 2 == 0 ? v1::REASON_UNSPECIFIED
                                                              : v1::REASON_BAD_SIGNATURE;
            },
            &metrics_) {
    pool_.SetAnswer(
        [this](replica::SignaturesVerified answer) { answered_.set_value(std::move(answer)); });
  }

  replica::SignaturesVerified Verify(std::uint64_t ticket, int first, int count) {
    answered_ = {};
    replica::VerifyJob job{.ticket = ticket, .state = state_};
    for (int i = 0; i < count; ++i) job.transactions.push_back(Transaction(first + i));
    auto answer = answered_.get_future();
    pool_.Verify(std::move(job));
    return answer.get();
  }

  testing::SampleLedger sample_;
  std::shared_ptr<const ledger::State> state_;
  Metrics metrics_;
  std::atomic<int> checks_{0};
  std::promise<replica::SignaturesVerified> answered_;
  VerifyPool pool_;
};

TEST_F(VerifyPoolTest, OneVerdictForEachTransactionInOrder) {
  for (const int count : {0, 1, 15, 16, 17, 100}) {
    SCOPED_TRACE(count);
    const auto answer = Verify(static_cast<std::uint64_t>(count), 0, count);
    EXPECT_EQ(answer.ticket, static_cast<std::uint64_t>(count));
    ASSERT_EQ(answer.verdicts.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(answer.verdicts[static_cast<std::size_t>(i)],
                i % 2 == 0 ? v1::REASON_UNSPECIFIED : v1::REASON_BAD_SIGNATURE);
    }
  }
}

TEST_F(VerifyPoolTest, GoodSignaturesAreRememberedAndBadOnesAreNot) {
  (void)Verify(1, 0, 40);
  EXPECT_EQ(checks_, 40);
  const auto again = Verify(2, 0, 40);
  EXPECT_EQ(checks_, 60) << "the 20 bad ones were checked again";
  EXPECT_EQ(again.verdicts[0], v1::REASON_UNSPECIFIED);
  EXPECT_EQ(again.verdicts[1], v1::REASON_BAD_SIGNATURE);
}

TEST_F(VerifyPoolTest, AStoppedPoolTakesNothing) {
  pool_.Stop();
  pool_.Verify({.ticket = 1, .state = state_, .transactions = {Transaction(2)}});
  EXPECT_EQ(checks_, 0);
}

}  // namespace
}  // namespace timebank::rpc
