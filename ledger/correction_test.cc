// CORRECT_ENTRY: reversal and replacement in one transaction, refunds, DEBT, who may.
#include <gtest/gtest.h>

#include <functional>

#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::By;
using testing::ContentBytes;
using testing::CreditOrder;
using testing::EntryOf;
using testing::kDayMs;
using testing::OrganisationId;
using testing::PersonId;
using testing::Postings;
using testing::Review;
using testing::SubmitVisit;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using Words = std::vector<std::string>;

const By kApprover{"approver_community", v1::ROLE_APPROVER, "community"};
const By kReviewer{"reviewer_street", v1::ROLE_REVIEWER, "street"};

class Credited : public ::testing::Test {
 protected:
  Credited() {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 100);
    visit = VisitToday(ledger, 40);
    CreditOrder(ledger, visit, 30);
  }
  Reason Correct(const By& by = kApprover) {
    v1::CorrectEntry correct;
    correct.set_entry(visit.id);
    return ledger.Submit({by}, correct);
  }
  Reason Replace(const Visit& by_visit, const By& by = kApprover) {
    v1::CorrectEntry correct;
    correct.set_entry(visit.id);
    correct.set_replacement(ContentBytes(by_visit));
    return ledger.Submit({by}, correct);
  }
  Visit Shorter(std::uint64_t minutes) {
    Visit shorter = visit;
    shorter.id = ledger.NewId();
    shorter.end_ms = shorter.start_ms + minutes * kMinuteMs;
    return shorter;
  }
  std::uint32_t CountedOn(v1::CounterScope scope, const char* person, std::uint32_t period) {
    CounterId id;
    id.owner = As<decltype(id.owner)>(PersonId(person).text());
    id.scope = scope;
    id.period = period;
    const auto counter = ledger.state().Find<v1::Counter>(id);
    return counter ? static_cast<std::uint32_t>(counter->minutes()) : 0;
  }
  TestLedger ledger;
  Visit visit;
};

TEST_F(Credited, ReversalRefundsTheElderAndLowersTheCounters) {
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_VOLUNTEER_DAY, "volunteer", 20240711), 40U);
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_CREDIT_YEAR, "volunteer", 2024), 40U);
  ASSERT_EQ(Correct(), kOk);
  ASSERT_EQ(ledger.lines().size(), 1U);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"EARNED:volunteer -40", "EARNED:elder 40"}));
  EXPECT_EQ(ledger.lines()[0].state(), std::uint32_t{v1::ENTRY_STATE_REVERSED});
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_REVERSED);
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_VOLUNTEER_DAY, "volunteer", 20240711), 0U);
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_VOLUNTEER_MONTH, "volunteer", 202407), 0U);
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_ELDER_DAY, "elder", 20240711), 0U);
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_CREDIT_YEAR, "volunteer", 2024), 0U);
  EXPECT_EQ(Correct(), v1::REASON_ALREADY_REVERSED);
}

TEST_F(Credited, WhatTheVolunteerSpentBecomesDebt) {
  ledger.Mint("volunteer", v1::ACCOUNT_KIND_EARNED, -25);
  ASSERT_EQ(Correct(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]),
            (Words{"DEBT:volunteer -25", "EARNED:volunteer -15", "EARNED:elder 40"}));
}

TEST_F(Credited, ReplacementIsPaidAfreshAndReviewed) {
  const Visit shorter = Shorter(20);
  ASSERT_EQ(Replace(shorter), kOk);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].entity(), visit.id);
  EXPECT_EQ(Postings(lines[0]), (Words{"EARNED:volunteer -40", "EARNED:elder 40"}));
  EXPECT_EQ(lines[1].entity(), shorter.id);
  EXPECT_EQ(Postings(lines[1]), (Words{"EARNED:elder -20", "COOLING:volunteer 20"}));
  EXPECT_EQ(lines[1].flags(), std::uint32_t{v1::FLAG_R1_NOT_OWN_KEY});
  EXPECT_EQ(EntryOf(ledger, visit).replaced_by(), shorter.id);
  const v1::Entry entry = EntryOf(ledger, shorter);
  EXPECT_EQ(entry.replaces(), visit.id);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_COOLING);
  EXPECT_EQ(entry.policy_ms(), EntryOf(ledger, visit).policy_ms());
  EXPECT_EQ(CountedOn(v1::COUNTER_SCOPE_VOLUNTEER_DAY, "volunteer", 20240711), 20U);
  ASSERT_EQ(Review(ledger, shorter, v1::REVIEW_VERDICT_UPHOLD), kOk);
  ledger.Advance(7 * kDayMs);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, shorter).state(), v1::ENTRY_STATE_CREDITED);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_EARNED), 20);
}

TEST_F(Credited, ReplacementKeepsTheOrderOfTheOriginal) {
  Visit night = Shorter(60);
  night.start_ms = visit.start_ms - 5 * 60 * kMinuteMs;  // 03:00, which only an order allows
  night.end_ms = night.start_ms + 60 * kMinuteMs;
  ASSERT_EQ(Replace(night), kOk);
  EXPECT_EQ(EntryOf(ledger, night).served_minutes(), 45);  // ordered 30 + tolerance 15
}

TEST_F(Credited, ReplacementIsOfTheSameVisit) {
  struct Case {
    const char* name;
    std::function<void(Visit&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"sound", [](auto&) {}, kOk},
      {"other volunteer", [](auto& v) { v.volunteer = "volunteer2"; }, v1::REASON_CONFLICT},
      {"other elder", [](auto& v) { v.elder = "elder2"; }, v1::REASON_CONFLICT},
      {"other community", [](auto& v) { v.community = "community2"; }, v1::REASON_CONFLICT},
      {"other channel", [](auto& v) { v.channel = v1::CHANNEL_PAPER; }, v1::REASON_CONFLICT},
      {"the same id", [&](auto& v) { v.id = visit.id; }, v1::REASON_CONFLICT},
      {"id of 1970", [](auto& v) { v.id[0] = '\0'; }, v1::REASON_BAD_ID_TIME},
      {"too short", [](auto& v) { v.end_ms = v.start_ms + 14 * kMinuteMs; },
       v1::REASON_ENTRY_TOO_SHORT},
      {"too dear", [](auto& v) { v.end_ms = v.start_ms + 46 * kMinuteMs; },
       v1::REASON_F13_INSUFFICIENT},
      {"just affordable", [](auto& v) { v.end_ms = v.start_ms + 44 * kMinuteMs; }, kOk},
  };
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, -56);  // 4 left, 44 after the refund
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TestLedger before = ledger;
    Visit replacement = Shorter(20);
    c.edit(replacement);
    EXPECT_EQ(Replace(replacement), c.reason);
    ledger = before;
  }
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CREDITED);
}

TEST_F(Credited, ReplacementCountsAgainstTheApproversDay) {
  Visit replacement = visit;
  for (int i = 0; i < 11; ++i) {
    const TestLedger before = ledger;
    ledger.Overwrite<v1::Counter>(
        {.owner = As<decltype(CounterId::owner)>(PersonId("approver_community").text()),
         .scope = v1::COUNTER_SCOPE_APPROVER_DAY,
         .period = 20240718},
        [&](v1::Counter& counter) {
          counter.set_version(1);
          counter.set_count(static_cast<std::uint32_t>(i));
        });
    replacement = Shorter(20);
    EXPECT_EQ(Replace(replacement), i < 10 ? kOk : v1::REASON_F9_APPROVER_LIMIT);
    ledger = before;
  }
}

TEST_F(Credited, IsCorrectedWithinThirtyDays) {
  const std::uint64_t closes_ms = EntryOf(ledger, visit).credited_ms() + 30 * kDayMs;
  ledger.Advance(closes_ms - 1 - ledger.now_ms());
  const TestLedger before = ledger;
  EXPECT_EQ(Correct(), kOk);
  ledger = before;
  ledger.Advance(1);
  EXPECT_EQ(Correct(), v1::REASON_DEADLINE_PASSED);
}

TEST_F(Credited, IsCorrectedAtTheSameLevelOrHigher) {
  EXPECT_EQ(Correct({"elder2"}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Correct({"approver_street", v1::ROLE_APPROVER, "street"}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Correct({"reviewer_street2", v1::ROLE_REVIEWER, "street2"}),
            v1::REASON_F15_WRONG_SCOPE);
  for (const By& by : {kApprover, By{"approver2_community", v1::ROLE_APPROVER, "community"},
                       kReviewer, By{"reviewer_district", v1::ROLE_REVIEWER, "district"}}) {
    SCOPED_TRACE(by.person);
    const TestLedger before = ledger;
    EXPECT_EQ(Correct(by), kOk);
    ledger = before;
  }
}

TEST_F(Credited, AReviewedEntryIsCorrectedByReviewers) {
  visit = VisitToday(ledger, 20);  // a walk-in: R2
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  ASSERT_EQ(testing::Confirm(ledger, visit), kOk);
  ASSERT_EQ(testing::Approve(ledger, visit), kOk);
  EXPECT_EQ(Correct(), v1::REASON_WRONG_STATE);
  ASSERT_EQ(Review(ledger, visit, v1::REVIEW_VERDICT_UPHOLD), kOk);
  ledger.Advance(7 * kDayMs);
  ledger.Tick();
  EXPECT_EQ(Correct(), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Correct(kReviewer), kOk);
}

TEST_F(Credited, NobodyTooCloseCorrects) {
  for (const char* person : {"volunteer", "elder"}) {
    ledger.Overwrite<v1::Member>(PersonId(person), [](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(OrganisationId("community").str());
      office->set_role(v1::ROLE_APPROVER);
    });
    EXPECT_EQ(Correct({person, v1::ROLE_APPROVER, "community"}),
              v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
}

TEST_F(Credited, AYoungKeyCorrectsNothing) {
  ledger.Overwrite<v1::Member>(PersonId("approver_community"), [&](v1::Member& approver) {
    approver.mutable_keys(0)->set_since_ms(ledger.now_ms() - kDayMs + 1);
  });
  EXPECT_EQ(Correct(), v1::REASON_F8_KEY_TOO_YOUNG);
  ledger.Advance(1);
  EXPECT_EQ(Correct(), kOk);
}

}  // namespace
}  // namespace timebank::ledger
