// REVIEW_ENTRY and the end of cooling-off: credit, reversal of what nobody reviewed, DEBT repaid.
#include <gtest/gtest.h>

#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::Approve;
using testing::By;
using testing::Confirm;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::OrganisationId;
using testing::PersonId;
using testing::Postings;
using testing::Review;
using testing::ServeOrder;
using testing::SubmitVisit;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using Words = std::vector<std::string>;

constexpr auto kUphold = v1::REVIEW_VERDICT_UPHOLD;
constexpr auto kReverse = v1::REVIEW_VERDICT_REVERSE;
const By kReviewer{"reviewer_street", v1::ROLE_REVIEWER, "street"};
const By kDistrictReviewer{"reviewer_district", v1::ROLE_REVIEWER, "district"};

class Cooling : public ::testing::Test {
 protected:
  Cooling() {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
    plain = VisitToday(ledger, 30);
    ServeOrder(ledger, plain, 30);
    EXPECT_EQ(Confirm(ledger, plain), kOk);
    EXPECT_EQ(Approve(ledger, plain), kOk);
    flagged = VisitToday(ledger, 20);  // a walk-in: R2
    flagged.volunteer = "volunteer2";
    EXPECT_EQ(SubmitVisit(ledger, flagged), kOk);
    EXPECT_EQ(Confirm(ledger, flagged), kOk);
    EXPECT_EQ(Approve(ledger, flagged), kOk);
  }
  // The next block is at `ms` after the approval of the visit.
  void AdvanceTo(const Visit& visit, std::uint64_t ms) {
    ledger.Advance(EntryOf(ledger, visit).approved_ms() + ms - ledger.now_ms());
  }
  void AppointReviewer(const char* person) {
    ledger.Overwrite<v1::Member>(PersonId(person), [](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(OrganisationId("street").str());
      office->set_role(v1::ROLE_REVIEWER);
    });
  }
  TestLedger ledger;
  Visit plain;
  Visit flagged;
};

TEST_F(Cooling, UnflaggedIsCreditedWhenItIsOver) {
  AdvanceTo(plain, 7 * kDayMs - 1);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, plain).state(), v1::ENTRY_STATE_COOLING);
  ledger.Tick();
  const v1::Entry entry = EntryOf(ledger, plain);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_CREDITED);
  EXPECT_EQ(entry.credited_ms(), entry.cooling_until_ms());
  EXPECT_EQ(entry.due_ms(), 0U);
  const auto lines = ledger.lines(/*sweep=*/true);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].entity(), plain.id);
  EXPECT_EQ(lines[0].state(), std::uint32_t{v1::ENTRY_STATE_CREDITED});
  EXPECT_EQ(Postings(lines[0]), (Words{"COOLING:volunteer -30", "EARNED:volunteer 30"}));
}

TEST_F(Cooling, CreditRepaysDebtFirst) {
  ledger.Mint("volunteer", v1::ACCOUNT_KIND_DEBT, -12);
  AdvanceTo(plain, 7 * kDayMs);
  ledger.Tick();
  EXPECT_EQ(Postings(ledger.lines(/*sweep=*/true)[0]),
            (Words{"COOLING:volunteer -30", "DEBT:volunteer 12", "EARNED:volunteer 18"}));
}

TEST_F(Cooling, FlaggedWaitsForItsReview) {
  AdvanceTo(flagged, 7 * kDayMs);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_COOLING);
}

TEST_F(Cooling, UpheldInTimeIsCreditedAtTheEndOfCooling) {
  ASSERT_EQ(Review(ledger, flagged, kUphold), kOk);
  EXPECT_EQ(ledger.lines()[0].postings_size(), 0);
  const v1::Entry entry = EntryOf(ledger, flagged);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_COOLING);
  EXPECT_EQ(entry.review(), kUphold);
  EXPECT_EQ(entry.reviewed_by(), PersonId("reviewer_street").str());
  EXPECT_EQ(entry.due_ms(), entry.cooling_until_ms());
  EXPECT_EQ(Review(ledger, flagged, kReverse), v1::REASON_WRONG_STATE);
  AdvanceTo(flagged, 7 * kDayMs);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_CREDITED);
}

TEST_F(Cooling, UpheldLateIsCreditedInTheNextBlock) {
  AdvanceTo(flagged, 8 * kDayMs);
  ASSERT_EQ(Review(ledger, flagged, kUphold, kDistrictReviewer), kOk);
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_COOLING);
  ASSERT_TRUE(ledger.state().next_due().has_value());
  EXPECT_LE(*ledger.state().next_due(), ledger.now());
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_CREDITED);
}

TEST_F(Cooling, ReversedByReviewRefundsTheElderAtOnce) {
  ASSERT_EQ(Review(ledger, flagged, kReverse), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"COOLING:volunteer2 -20", "EARNED:elder 20"}));
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_REVERSED);
  Visit again = flagged;
  again.id = ledger.NewId();
  EXPECT_EQ(SubmitVisit(ledger, again), kOk);  // F4 and F1 have forgotten it
}

TEST_F(Cooling, UnreviewedIsReversedAfterTwoWeeks) {
  AdvanceTo(flagged, 14 * kDayMs - 1);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_COOLING);
  // The sweep of the same block comes first.
  EXPECT_EQ(Review(ledger, flagged, kUphold, kDistrictReviewer), v1::REASON_WRONG_STATE);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, flagged).state(), v1::ENTRY_STATE_REVERSED);
  EXPECT_EQ(Postings(ledger.lines(/*sweep=*/true).back()),
            (Words{"COOLING:volunteer2 -20", "EARNED:elder 20"}));
  EXPECT_EQ(ledger.balance("volunteer2", v1::ACCOUNT_KIND_EARNED), 0);
}

TEST_F(Cooling, AfterAWeekTheGrandparentReviews) {
  AdvanceTo(flagged, 7 * kDayMs - 1);
  const TestLedger before = ledger;
  EXPECT_EQ(Review(ledger, flagged, kUphold, kDistrictReviewer), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Review(ledger, flagged, kUphold, kReviewer), kOk);
  ledger = before;
  ledger.Advance(1);
  EXPECT_EQ(Review(ledger, flagged, kUphold, kReviewer), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Review(ledger, flagged, kUphold, kDistrictReviewer), kOk);
}

TEST_F(Cooling, RefusesReviewsThatNobodyAskedFor) {
  EXPECT_EQ(Review(ledger, plain, kUphold), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Review(ledger, flagged, v1::REVIEW_VERDICT_UNSPECIFIED), v1::REASON_MISSING_FIELD);
  Visit unknown = flagged;
  unknown.id = std::string(16, 'x');
  EXPECT_EQ(Review(ledger, unknown, kUphold), v1::REASON_UNKNOWN_ENTRY);
  Visit unapproved = VisitToday(ledger, 20);
  unapproved.volunteer = "volunteer2";
  unapproved.start_ms += 30 * kMinuteMs;
  unapproved.end_ms += 30 * kMinuteMs;
  ASSERT_EQ(SubmitVisit(ledger, unapproved), kOk);
  EXPECT_EQ(Review(ledger, unapproved, kUphold), v1::REASON_WRONG_STATE);
}

TEST_F(Cooling, TheReviewerIsAnotherPersonAndNoParty) {
  for (const char* person : {"approver_community", "volunteer2", "elder"}) {
    AppointReviewer(person);
    EXPECT_EQ(Review(ledger, flagged, kUphold, {person, v1::ROLE_REVIEWER, "street"}),
              v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
  EXPECT_EQ(Review(ledger, flagged, kUphold, {"elder2", v1::ROLE_REVIEWER, "street"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Review(ledger, flagged, kUphold, {"reviewer_street2", v1::ROLE_REVIEWER, "street2"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Review(ledger, flagged, kUphold, {"approver_street", v1::ROLE_APPROVER, "street"}),
            v1::REASON_F15_WRONG_SCOPE);
}

TEST_F(Cooling, AYoungKeyReviewsNothing) {
  ledger.Overwrite<v1::Member>(PersonId("reviewer_street"), [&](v1::Member& reviewer) {
    reviewer.mutable_keys(0)->set_since_ms(ledger.now_ms() - kDayMs + 1);
  });
  EXPECT_EQ(Review(ledger, flagged, kUphold), v1::REASON_F8_KEY_TOO_YOUNG);
  ledger.Advance(1);
  EXPECT_EQ(Review(ledger, flagged, kUphold), kOk);
}

TEST_F(Cooling, AFrozenVolunteerIsReversedButNotUpheld) {
  ledger.Overwrite<v1::Member>(PersonId("volunteer2"), [](v1::Member& member) {
    member.set_status(v1::MEMBER_STATUS_FROZEN);
  });
  EXPECT_EQ(Review(ledger, flagged, kUphold), v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(Review(ledger, flagged, kReverse), kOk);
}

TEST_F(Cooling, AReversalReturnsALapsedLotToSink) {
  ledger.Grant({"elder2"});
  Visit visit = VisitToday(ledger, 20);
  visit.elder = "elder2";
  visit.volunteer = "volunteer3";
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  ASSERT_EQ(Confirm(ledger, visit), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"GRANT/202407:elder2 -20", "HELD:elder2 20"}));
  ledger.Advance(2 * kDayMs);
  ASSERT_EQ(Approve(ledger, visit), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"HELD:elder2 -20", "COOLING:volunteer3 20"}));
  const TestLedger before = ledger;
  ASSERT_EQ(Review(ledger, visit, kReverse), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]),
            (Words{"COOLING:volunteer3 -20", "GRANT/202407:elder2 20"}));
  ledger = before;
  ledger.Overwrite<v1::Entry>(As<EntryId>(visit.id), [](v1::Entry& entry) {
    entry.set_due_ms(entry.due_ms() + 30 * kDayMs);
  });
  AdvanceTo(visit, 21 * kDayMs);  // 3 August
  ASSERT_EQ(Review(ledger, visit, kReverse, kDistrictReviewer), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"COOLING:volunteer3 -20", "SINK:district 20"}));
}

}  // namespace
}  // namespace timebank::ledger
