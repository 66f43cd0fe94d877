#include "node/replica/signature_desk.h"

#include <memory>
#include <utility>

#include "ledger/state.h"

namespace timebank::replica {
namespace {

class RecordingVerifier final : public Verifier {
 public:
  void Verify(VerifyJob job) override { jobs.push_back(std::move(job)); }
  std::vector<VerifyJob> jobs;
};

// Same transaction id, another envelope: what a forger would send.
SharedTransaction Make(std::uint32_t envelope) {
  SignedTransaction transaction;
  for (std::size_t i = 0; i < 4; ++i) {
    transaction.transaction.envelope_hash.data[i] =
        static_cast<std::byte>((envelope >> (8 * i)) & 0xFF);
  }
  return std::make_shared<const SignedTransaction>(std::move(transaction));
}

TEST(SignatureDesk, RemembersGoodEnvelopesNotIds) {
  RecordingVerifier verifier;
  SignatureDesk desk(verifier);
  const auto good = Make(1);
  const auto forged = Make(2);
  const auto ticket = desk.Ask({good, forged}, nullptr, /*urgent=*/false);
  ASSERT_EQ(verifier.jobs.size(), 1U);
  EXPECT_EQ(verifier.jobs[0].ticket, ticket);
  const auto answered = desk.Take(ticket, {v1::REASON_UNSPECIFIED, v1::REASON_BAD_SIGNATURE});
  EXPECT_EQ(answered, (std::vector{good, forged}));
  EXPECT_TRUE(desk.Knows(good));
  EXPECT_FALSE(desk.Knows(forged));
}

TEST(SignatureDesk, AnAnswerCountsOnce) {
  RecordingVerifier verifier;
  SignatureDesk desk(verifier);
  const auto ticket = desk.Ask({Make(1)}, nullptr, /*urgent=*/false);
  EXPECT_EQ(desk.Take(ticket, {v1::REASON_BAD_SIGNATURE}).size(), 1U);
  EXPECT_TRUE(desk.Take(ticket, {v1::REASON_UNSPECIFIED}).empty());
  EXPECT_FALSE(desk.Knows(Make(1)));
}

TEST(SignatureDesk, ForgetsTheOldestAboveItsBound) {
  RecordingVerifier verifier;
  SignatureDesk desk(verifier);
  for (std::uint32_t i = 0; i <= kKnownSignaturesMax; ++i) {
    const auto ticket = desk.Ask({Make(i)}, nullptr, /*urgent=*/false);
    static_cast<void>(desk.Take(ticket, {v1::REASON_UNSPECIFIED}));
  }
  EXPECT_FALSE(desk.Knows(Make(0)));
  EXPECT_TRUE(desk.Knows(Make(1)));
}

}  // namespace
}  // namespace timebank::replica
