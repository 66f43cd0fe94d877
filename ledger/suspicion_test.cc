// R4 to R8: one below the limit is not flagged, the one at it is; what leaves the window is
// forgotten.
#include "ledger/suspicion.h"

#include <gtest/gtest.h>

#include "ledger/testing/visits.h"

namespace timebank::ledger::testing {
namespace {

const By kApprover{"approver_community", v1::ROLE_APPROVER, "community"};

bool Has(const TestLedger& ledger, const Visit& visit, v1::Flag flag) {
  return (EntryOf(ledger, visit).flags() & static_cast<std::uint32_t>(flag)) != 0;
}

class Suspicion : public ::testing::Test {
 protected:
  Suspicion() {
    for (const char* who : {"elder", "elder2", "volunteer", "volunteer2"}) {
      ledger.Mint(who, v1::ACCOUNT_KIND_EARNED, 20'000);
    }
  }
  // A walk-in of `minutes` that ends an hour ago, submitted now.
  Visit Submit(std::uint64_t minutes, const std::string& volunteer = "volunteer",
               const std::string& elder = "elder") {
    Visit visit = VisitToday(ledger, minutes);
    visit.volunteer = volunteer;
    visit.elder = elder;
    EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
    return visit;
  }
  // The same, confirmed and approved; then the next one is a day later.
  Visit Approved(std::uint64_t minutes, const std::string& volunteer, const std::string& elder) {
    const Visit visit = Submit(minutes, volunteer, elder);
    EXPECT_EQ(Confirm(ledger, visit), kOk);
    EXPECT_EQ(Approve(ledger, visit, kApprover), kOk);
    ledger.Advance(kDayMs);
    return visit;
  }
  TestLedger ledger;
};

TEST_F(Suspicion, R4IsForFourInEachDirection) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(Has(ledger, Approved(20, "volunteer", "volunteer2"), v1::FLAG_R4_RECIPROCAL_PAIR));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(Has(ledger, Approved(20, "volunteer2", "volunteer"), v1::FLAG_R4_RECIPROCAL_PAIR));
  }
  EXPECT_TRUE(Has(ledger, Approved(20, "volunteer2", "volunteer"), v1::FLAG_R4_RECIPROCAL_PAIR));
  EXPECT_FALSE(Has(ledger, Approved(20, "volunteer2", "elder"), v1::FLAG_R4_RECIPROCAL_PAIR));
}

TEST_F(Suspicion, R4ForgetsAfterThirtyDays) {
  for (int i = 0; i < 4; ++i) (void)Approved(20, "volunteer", "volunteer2");
  ledger.Advance(20 * kDayMs);
  for (int i = 0; i < 3; ++i) (void)Approved(20, "volunteer2", "volunteer");
  // The first of the four was 27 days ago; five days on it and the next two are not in the window.
  ledger.Advance(5 * kDayMs);
  EXPECT_FALSE(Has(ledger, Approved(20, "volunteer2", "volunteer"), v1::FLAG_R4_RECIPROCAL_PAIR));
  ledger.Advance(40 * kDayMs);
  ledger.Settle();
  EXPECT_FALSE(
      ledger.state().Find<v1::PairWindow>({PersonId("volunteer"), PersonId("volunteer2")}));
}

TEST_F(Suspicion, R5IsForTheFourthElderOfOneKeyOnADay) {
  // One telephone speaks for everybody: the elder's key is registered for the others too.
  const std::vector<std::string> elders = {"elder", "elder2", "volunteer2", "kin"};
  const crypto::PublicKey key = SecretKeyOf("elder").public_key();
  for (const std::string& name : elders) {
    if (name == "elder") continue;
    ledger.Overwrite<v1::Member>(PersonId(name), [&](v1::Member& member) {
      v1::MemberKey& record = *member.mutable_keys(0);
      record.set_key_id(crypto::KeyIdOf(key).str());
      record.set_key(crypto::SuitedKey(key));
    });
  }
  ledger.Mint("kin", v1::ACCOUNT_KIND_EARNED, 1'000);
  std::vector<Visit> visits;
  for (const std::string& name : elders) {
    const Visit visit = Submit(20, "volunteer", name);
    ledger.Advance(kHourMs);
    v1::ConfirmEntry confirm;
    confirm.set_action(ActionFor(visit, v1::CHANNEL_APP).SerializeAsString());
    EXPECT_EQ(ledger.Submit({{name, v1::ROLE_MEMBER, "", "elder"}}, confirm), kOk);
    visits.push_back(visit);
  }
  for (std::size_t i = 0; i < visits.size(); ++i) {
    EXPECT_EQ(Has(ledger, visits[i], v1::FLAG_R5_ONE_KEY_MANY_ELDERS), i == 3) << i;
  }
}

TEST_F(Suspicion, R6IsForMoreThanThreeInTenFromTwentyOn) {
  // 14 of one volunteer, 6 of the other: from the twentieth on both have more than three in ten.
  std::vector<Visit> visits;
  for (int i = 0; i < 20; ++i) {
    visits.push_back(Approved(20, i % 10 < 7 ? "volunteer" : "volunteer2", "elder"));
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Has(ledger, visits[static_cast<std::size_t>(i)], v1::FLAG_R6_APPROVER_CONCENTRATION),
              false)
        << i;
  }
  EXPECT_FALSE(Has(ledger, Approved(20, "kin", "elder"), v1::FLAG_R6_APPROVER_CONCENTRATION));
  EXPECT_TRUE(Has(ledger, Approved(20, "volunteer", "elder"), v1::FLAG_R6_APPROVER_CONCENTRATION));
}

TEST_F(Suspicion, R7IsForTheSixthOfEqualLengthUnlikeTheOrder) {
  std::vector<Visit> visits;
  for (int i = 0; i < 6; ++i) {
    visits.push_back(Submit(21));
    ledger.Advance(kDayMs);
  }
  for (std::size_t i = 0; i < visits.size(); ++i) {
    EXPECT_EQ(Has(ledger, visits[i], v1::FLAG_R7_IDENTICAL_MINUTES), i == 5) << i;
  }
  Visit ordered = VisitToday(ledger, 21);
  ServeOrder(ledger, ordered, 21);
  EXPECT_FALSE(Has(ledger, ordered, v1::FLAG_R7_IDENTICAL_MINUTES));
  ledger.Advance(kDayMs);
  EXPECT_FALSE(Has(ledger, Submit(21), v1::FLAG_R7_IDENTICAL_MINUTES));  // the row begins anew
}

TEST_F(Suspicion, R8FlagsTheWholeBurst) {
  // Three hours of help, typed in within minutes; each on a day of its own, so that no cap binds.
  std::vector<Visit> visits;
  for (std::uint64_t i = 0; i < 3; ++i) {
    Visit visit = VisitToday(ledger, 120);
    visit.start_ms -= (i + 1) * kDayMs;
    visit.end_ms -= (i + 1) * kDayMs;
    EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
    ledger.Advance(2 * kMinuteMs);
    visits.push_back(visit);
    const bool burst = i == 2;  // 360 minutes
    for (const Visit& each : visits) EXPECT_EQ(Has(ledger, each, v1::FLAG_R8_BURST), burst) << i;
  }
  ledger.Advance(10 * kMinuteMs);
  EXPECT_FALSE(Has(ledger, Submit(120), v1::FLAG_R8_BURST));
}

}  // namespace
}  // namespace timebank::ledger::testing
