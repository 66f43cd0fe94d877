// CHECK_IN, CHECK_OUT, SUBMIT_ENTRY: the clock, the limits, F1, F2, F4, F5, F6 and the flags.
#include <gtest/gtest.h>

#include <functional>

#include "base/civil.h"
#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::CheckInAt;
using testing::CheckOutAt;
using testing::Claim;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::Order;
using testing::PersonId;
using testing::ServeOrder;
using testing::SubmitVisit;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using testing::WithPolicy;

constexpr std::uint64_t kLateLimitMs = 30 * kDayMs;
constexpr std::uint32_t kR2 = v1::FLAG_R2_NO_CHECK_IN;
constexpr std::uint32_t kR3 = v1::FLAG_R3_SUBMITTED_LATE;

std::uint64_t LocalMs(int day, int hour, int minute) {
  return FromCivil({.year = 2024, .month = 7, .day = day, .hour = hour, .minute = minute}, 480)
      ->value();
}

class Visiting : public ::testing::Test {
 protected:
  Visiting() { ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 5000); }
  // Walk-in help of `volunteer` with `elder`, in July 2024.
  Visit At(int day, int hour, int minute, std::uint64_t minutes) {
    Visit visit = VisitToday(ledger, 15);
    visit.start_ms = LocalMs(day, hour, minute);
    visit.end_ms = visit.start_ms + minutes * kMinuteMs;
    return visit;
  }
  Reason SubmitAt(int day, int hour, int minute, std::uint64_t minutes) {
    return SubmitVisit(ledger, At(day, hour, minute, minutes));
  }
  TestLedger ledger;
};

TEST_F(Visiting, ServesAnOrderFromClaimToSubmission) {
  const Visit visit = VisitToday(ledger, 44);
  ServeOrder(ledger, visit, 30);
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_SUBMITTED);
  EXPECT_EQ(entry.check_in_ms(), visit.start_ms);
  EXPECT_EQ(entry.check_out_ms(), visit.end_ms);
  EXPECT_EQ(entry.served_minutes(), 44);
  EXPECT_EQ(entry.credited_minutes(), 44);
  EXPECT_EQ(entry.flags(), 0U);
  EXPECT_EQ(entry.content_hash(), testing::ContentHash(visit));
  EXPECT_EQ(entry.submitted_by(), PersonId("volunteer").str());
  EXPECT_EQ(entry.due_ms(), entry.submitted_ms() + 72 * kHourMs);
  const v1::EffectsLine line = ledger.lines()[0];
  EXPECT_EQ(line.content_hash(), entry.content_hash());
  EXPECT_EQ(line.state(), std::uint32_t{v1::ENTRY_STATE_SUBMITTED});
}

TEST_F(Visiting, CountsNoMoreThanOrderedAndTolerance) {
  const Visit visit = VisitToday(ledger, 46);
  ServeOrder(ledger, visit, 30);
  EXPECT_EQ(EntryOf(ledger, visit).served_minutes(), 45);
}

TEST_F(Visiting, WalkInHelpCountsAllOfIt) {
  const Visit visit = VisitToday(ledger, 46);
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_FALSE(entry.ordered());
  EXPECT_EQ(entry.served_minutes(), 46);
  EXPECT_EQ(entry.policy_ms(), entry.submitted_ms());
  EXPECT_EQ(entry.flags(), kR2);
}

TEST(VisitingByWeight, CreditsByCategoryAndRoundsDown) {
  TestLedger ledger(WithPolicy(1000 + v1::CATEGORY_BATHING_HELP, 1333));
  Visit visit = VisitToday(ledger, 40);
  visit.category = v1::CATEGORY_BATHING_HELP;
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).served_minutes(), 40);
  EXPECT_EQ(EntryOf(ledger, visit).credited_minutes(), 53);  // 53.32
}

TEST(VisitingByWeight, ACategoryOutsideTheSchemaNeedsAPolicy) {
  TestLedger without;
  TestLedger with(WithPolicy(1'100, 1'500));
  Visit visit = VisitToday(without, 40);
  visit.category = v1::Category{100};
  EXPECT_EQ(SubmitVisit(without, visit), v1::REASON_UNKNOWN_CATEGORY);
  ASSERT_EQ(SubmitVisit(with, visit), kOk);
  EXPECT_EQ(EntryOf(with, visit).category(), v1::Category{100});
  EXPECT_EQ(EntryOf(with, visit).credited_minutes(), 60);
}

TEST_F(Visiting, ChecksInAndOutInOrderWithinTheClock) {
  const Visit visit = VisitToday(ledger, 30);
  EXPECT_EQ(CheckInAt(ledger, visit, visit.start_ms), v1::REASON_UNKNOWN_ENTRY);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  EXPECT_EQ(CheckInAt(ledger, visit, visit.start_ms), v1::REASON_WRONG_STATE);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  EXPECT_EQ(CheckOutAt(ledger, visit, visit.end_ms), v1::REASON_WRONG_STATE);
  Visit other = visit;
  other.volunteer = "volunteer2";
  EXPECT_EQ(CheckInAt(ledger, other, visit.start_ms), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(CheckInAt(ledger, visit, 0), v1::REASON_MISSING_FIELD);
  EXPECT_EQ(CheckInAt(ledger, visit, ledger.now_ms() + 5'001), v1::REASON_FUTURE);
  EXPECT_EQ(CheckInAt(ledger, visit, visit.start_ms - 14 * kDayMs - 1),
            v1::REASON_CONTENT_MISMATCH);
  ASSERT_EQ(CheckInAt(ledger, visit, visit.start_ms - 14 * kDayMs), kOk);
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_EQ(entry.due_ms(), ledger.state().time().value() + 12 * kHourMs);
  EXPECT_EQ(CheckOutAt(ledger, other, visit.end_ms), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(CheckOutAt(ledger, visit, ledger.now_ms() + 5'001), v1::REASON_FUTURE);
  ASSERT_EQ(CheckOutAt(ledger, visit, ledger.now_ms() + 5'000), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).due_ms(), ledger.state().time().value() + kLateLimitMs);
}

TEST(VisitingUnderAShortLateLimit, ClaimsOfTimeAreNoOlder) {
  TestLedger ledger(WithPolicy(v1::POLICY_PARAMETER_LATE_LIMIT_MS, kDayMs));
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 5000);
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  EXPECT_EQ(CheckInAt(ledger, visit, ledger.now_ms() - kDayMs - 1), v1::REASON_TOO_LATE);
  ASSERT_EQ(CheckInAt(ledger, visit, ledger.now_ms() - kDayMs), kOk);
  EXPECT_EQ(CheckOutAt(ledger, visit, EntryOf(ledger, visit).check_in_ms()), v1::REASON_TOO_LATE);
}

TEST_F(Visiting, AnOrderIsForAboutItsTime) {
  for (const std::uint64_t early_ms : {14 * kDayMs, 14 * kDayMs + 1}) {
    TestLedger fresh;
    fresh.Mint("elder", v1::ACCOUNT_KIND_EARNED, 5000);
    const Visit visit = VisitToday(fresh, 30);
    v1::PlaceOrder order = testing::OrderFor(visit, 30);
    order.set_planned_start_ms(visit.start_ms + early_ms);
    ASSERT_EQ(fresh.Submit({{"elder"}}, order), kOk);
    ASSERT_EQ(Claim(fresh, visit), kOk);
    EXPECT_EQ(SubmitVisit(fresh, visit),
              early_ms > 14 * kDayMs ? v1::REASON_CONTENT_MISMATCH : kOk);
  }
}

TEST_F(Visiting, CheckOutComesAfterCheckIn) {
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(CheckInAt(ledger, visit, visit.start_ms), kOk);
  EXPECT_EQ(CheckOutAt(ledger, visit, visit.start_ms), v1::REASON_BAD_FIELD);
  EXPECT_EQ(CheckOutAt(ledger, visit, visit.start_ms + 1), kOk);
}

TEST_F(Visiting, WithoutCheckOutExpiresAfterTwelveHours) {
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(CheckInAt(ledger, visit, visit.start_ms), kOk);
  ledger.Advance(12 * kHourMs - 2);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CHECKED_IN);
  EXPECT_EQ(CheckOutAt(ledger, visit, visit.end_ms), v1::REASON_DEADLINE_PASSED);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_EXPIRED);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_EARNED), 5000);
}

TEST_F(Visiting, SubmissionChecksFormAndParties) {
  struct Case {
    const char* name;
    std::function<void(Visit&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"sound", [](auto&) {}, kOk},
      {"paper channel", [](auto& v) { v.channel = v1::CHANNEL_PAPER; }, v1::REASON_BAD_FIELD},
      {"unknown elder", [](auto& v) { v.elder = "nobody"; }, v1::REASON_UNKNOWN_MEMBER},
      {"unknown community", [](auto& v) { v.community = "nowhere"; },
       v1::REASON_UNKNOWN_ORGANISATION},
      {"own elder", [](auto& v) { v.elder = "volunteer"; }, v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"not the elder's home", [](auto& v) { v.community = "community2"; },
       v1::REASON_F15_WRONG_SCOPE},
      {"id of 1970", [](auto& v) { v.id[0] = '\0'; }, v1::REASON_BAD_ID_TIME},
      {"no category", [](auto& v) { v.category = v1::CATEGORY_UNSPECIFIED; },
       v1::REASON_UNKNOWN_CATEGORY},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger fresh;
    Visit visit = VisitToday(fresh, 30);
    c.edit(visit);
    EXPECT_EQ(SubmitVisit(fresh, visit), c.reason);
  }
}

TEST_F(Visiting, OnlyTheVolunteerSubmits) {
  v1::SubmitEntry submit;
  submit.set_content(testing::ContentBytes(VisitToday(ledger, 30)));
  EXPECT_EQ(ledger.Submit({{"volunteer2"}}, submit), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"volunteer", v1::ROLE_PROXY}}, submit), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}, {"elder"}}, submit), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, submit), kOk);
}

TEST_F(Visiting, ObservesClockAndLimits) {
  const auto submit = [&](std::uint64_t start_ms, std::uint64_t end_ms) {
    TestLedger fresh;
    Visit visit = VisitToday(fresh, 15);
    visit.start_ms = start_ms;
    visit.end_ms = end_ms;
    return SubmitVisit(fresh, visit);
  };
  const std::uint64_t now = ledger.now_ms();
  EXPECT_EQ(submit(now - kHourMs, now + 5'000), kOk);
  EXPECT_EQ(submit(now - kHourMs, now + 5'001), v1::REASON_FUTURE);
  const std::uint64_t earliest = now - kLateLimitMs;
  EXPECT_EQ(submit(earliest - kHourMs, earliest), kOk);
  EXPECT_EQ(submit(earliest - kHourMs, earliest - 1), v1::REASON_TOO_LATE);
  EXPECT_EQ(submit(now - 15 * kMinuteMs, now), kOk);
  EXPECT_EQ(submit(now - 15 * kMinuteMs + 1, now), v1::REASON_ENTRY_TOO_SHORT);
  EXPECT_EQ(submit(now - 240 * kMinuteMs, now), kOk);
  EXPECT_EQ(submit(now - 241 * kMinuteMs, now), v1::REASON_ENTRY_TOO_LONG);
}

TEST_F(Visiting, ADayIsTheLongestVisitWhateverThePolicySays) {
  const auto policy = WithPolicy(v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES, 100'000);
  TestLedger fresh([&](v1::Genesis& genesis) {
    policy(genesis);
    v1::ParameterBound* bound = genesis.add_bounds();
    bound->set_parameter(v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES);
    bound->set_min(1);
    bound->set_max(100'000);
  });
  Visit visit = VisitToday(fresh, 15);
  visit.start_ms = visit.end_ms - 1441 * kMinuteMs;
  EXPECT_EQ(SubmitVisit(fresh, visit), v1::REASON_ENTRY_TOO_LONG);
  visit.start_ms = visit.end_ms - 1440 * kMinuteMs;
  EXPECT_EQ(SubmitVisit(fresh, visit), v1::REASON_F6_OUTSIDE_HOURS);  // the next rule
}

TEST_F(Visiting, F4TellsTheSameVisitAgainFromAnOverlap) {
  ASSERT_EQ(SubmitAt(10, 9, 0, 30), kOk);
  EXPECT_EQ(SubmitAt(10, 9, 0, 30), v1::REASON_F4_DUPLICATE);
  EXPECT_EQ(SubmitAt(10, 9, 0, 60), v1::REASON_F4_DUPLICATE);
  EXPECT_EQ(SubmitAt(10, 9, 1, 30), v1::REASON_F1_OVERLAP);
  Visit other = At(10, 9, 0, 30);
  other.elder = "elder2";
  EXPECT_EQ(SubmitVisit(ledger, other), v1::REASON_F1_OVERLAP);
}

TEST_F(Visiting, F1IntervalsAreHalfOpen) {
  ASSERT_EQ(SubmitAt(10, 9, 0, 30), kOk);
  Visit before = At(10, 8, 45, 15);
  before.end_ms += 1;
  EXPECT_EQ(SubmitVisit(ledger, before), v1::REASON_F1_OVERLAP);
  EXPECT_EQ(SubmitAt(10, 8, 45, 15), kOk);
  EXPECT_EQ(SubmitAt(10, 9, 29, 15), v1::REASON_F1_OVERLAP);
  EXPECT_EQ(SubmitAt(10, 9, 30, 15), kOk);
}

TEST_F(Visiting, F1LooksAcrossMidnight) {
  Visit night = At(10, 23, 0, 120);
  ASSERT_EQ(Order(ledger, night, 120), kOk);
  ASSERT_EQ(Claim(ledger, night), kOk);
  ASSERT_EQ(SubmitVisit(ledger, night), kOk);
  const auto ordered = [&](Visit visit) {
    EXPECT_EQ(Order(ledger, visit, 60), kOk);
    EXPECT_EQ(Claim(ledger, visit), kOk);
    return SubmitVisit(ledger, visit);
  };
  EXPECT_EQ(ordered(At(11, 0, 59, 15)), v1::REASON_F1_OVERLAP);
  EXPECT_EQ(ordered(At(11, 1, 0, 15)), kOk);
  EXPECT_EQ(ordered(At(10, 22, 50, 15)), v1::REASON_F1_OVERLAP);
  EXPECT_EQ(ordered(At(10, 22, 45, 15)), kOk);
  EXPECT_EQ(ordered(At(9, 23, 30, 60)), kOk);
}

TEST_F(Visiting, F2LetsTwoVolunteersHelpAtOnce) {
  ASSERT_EQ(SubmitAt(10, 9, 0, 60), kOk);
  Visit second = At(10, 9, 30, 60);
  second.volunteer = "volunteer2";
  ASSERT_EQ(SubmitVisit(ledger, second), kOk);
  Visit third = At(10, 9, 59, 16);
  third.volunteer = "volunteer3";
  EXPECT_EQ(SubmitVisit(ledger, third), v1::REASON_F2_TOO_MANY_VOLUNTEERS);
  third.kind = v1::ENTRY_KIND_COMMUNITY_SERVICE;
  EXPECT_EQ(SubmitVisit(ledger, third), kOk);  // group help
  third = At(10, 10, 15, 15);
  third.volunteer = "volunteer";
  EXPECT_EQ(SubmitVisit(ledger, third), kOk);
}

// Two at once at most, though three others meet the new visit, one after the other.
TEST_F(Visiting, F2CountsAnInstantNotAVisit) {
  Visit visit = At(10, 9, 0, 20);
  visit.volunteer = "volunteer2";
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  visit = At(10, 9, 20, 20);
  visit.volunteer = "volunteer3";
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  visit = At(10, 9, 40, 20);
  visit.volunteer = "volunteer2";
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  EXPECT_EQ(SubmitAt(10, 9, 0, 60), kOk);
}

TEST_F(Visiting, F6WalkInHelpStaysWithinTheServiceDay) {
  EXPECT_EQ(SubmitAt(10, 5, 59, 15), v1::REASON_F6_OUTSIDE_HOURS);
  EXPECT_EQ(SubmitAt(10, 6, 0, 15), kOk);
  EXPECT_EQ(SubmitAt(10, 21, 46, 15), v1::REASON_F6_OUTSIDE_HOURS);
  EXPECT_EQ(SubmitAt(10, 21, 45, 15), kOk);
  EXPECT_EQ(SubmitAt(9, 23, 50, 15), v1::REASON_F6_OUTSIDE_HOURS);
  Visit ordered = At(9, 23, 50, 15);
  ASSERT_EQ(Order(ledger, ordered, 15), kOk);
  ASSERT_EQ(Claim(ledger, ordered), kOk);
  EXPECT_EQ(SubmitVisit(ledger, ordered), kOk);
}

TEST_F(Visiting, F5CapsTheDayOfTheVolunteer) {
  for (const char* elder : {"elder", "elder2"}) {
    Visit visit = At(10, elder == std::string("elder") ? 9 : 12, 0, 110);
    visit.elder = elder;
    ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  }
  EXPECT_EQ(SubmitAt(10, 15, 0, 21), v1::REASON_F5_CAP);
  EXPECT_EQ(SubmitAt(10, 15, 0, 20), kOk);
  EXPECT_EQ(SubmitAt(10, 17, 0, 15), v1::REASON_F5_CAP);
  EXPECT_EQ(SubmitAt(9, 17, 0, 15), kOk);
}

TEST_F(Visiting, F5CapsTheDayOfTheElder) {
  ASSERT_EQ(SubmitAt(10, 9, 0, 200), kOk);
  Visit visit = At(10, 15, 0, 41);
  visit.volunteer = "volunteer2";
  EXPECT_EQ(SubmitVisit(ledger, visit), v1::REASON_F5_CAP);
  visit.end_ms -= kMinuteMs;
  EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
}

TEST(VisitingMonth, F5CapsTheMonthOfTheVolunteer) {
  TestLedger ledger(WithPolicy(v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES, 100));
  const auto submit = [&](int month, int day, std::uint64_t minutes) {
    Visit visit = VisitToday(ledger, 15);
    visit.start_ms = FromCivil({.year = 2024, .month = month, .day = day, .hour = 9}, 480)->value();
    visit.end_ms = visit.start_ms + minutes * kMinuteMs;
    return SubmitVisit(ledger, visit);
  };
  ASSERT_EQ(submit(7, 10, 60), kOk);
  EXPECT_EQ(submit(7, 9, 41), v1::REASON_F5_CAP);
  EXPECT_EQ(submit(7, 9, 40), kOk);
  EXPECT_EQ(submit(7, 8, 15), v1::REASON_F5_CAP);
  EXPECT_EQ(submit(6, 30, 15), kOk);
}

TEST_F(Visiting, NewVolunteersHaveHalfADayAndAreReviewed) {
  ledger.Overwrite<v1::Member>(PersonId("volunteer"), [](v1::Member& member) {
    member.set_created_ms(LocalMs(9, 9, 0) - 30 * kDayMs);
  });
  ASSERT_EQ(SubmitAt(9, 8, 40, 15), kOk);
  EXPECT_EQ(ledger.lines()[0].flags(), kR2 | v1::FLAG_NEW_VOLUNTEER);
  ASSERT_EQ(SubmitAt(9, 9, 0, 15), kOk);
  EXPECT_EQ(ledger.lines()[0].flags(), kR2);
  ASSERT_EQ(SubmitAt(8, 9, 0, 100), kOk);
  EXPECT_EQ(SubmitAt(8, 13, 0, 21), v1::REASON_F5_CAP);
  EXPECT_EQ(SubmitAt(8, 13, 0, 20), kOk);
}

TEST_F(Visiting, TheAgeToEarnIsEighteen) {
  const auto born = [&](std::uint32_t year) {
    ledger.Overwrite<v1::Member>(PersonId("volunteer"),
                                 [&](v1::Member& member) { member.set_birth_year(year); });
  };
  born(2024 - 17);
  EXPECT_EQ(SubmitAt(10, 9, 0, 15), v1::REASON_AGE);
  born(2024 - 18);
  EXPECT_EQ(SubmitAt(10, 9, 0, 15), kOk);
}

TEST_F(Visiting, SameContentAgainIsASuccessOtherContentAConflict) {
  Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_RECORDED);
  visit.end_ms += kMinuteMs;
  EXPECT_EQ(SubmitVisit(ledger, visit), v1::REASON_CONFLICT);
  visit.volunteer = "volunteer2";
  EXPECT_EQ(SubmitVisit(ledger, visit), v1::REASON_CONFLICT);
}

TEST_F(Visiting, AgreesWithItsOrder) {
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  EXPECT_EQ(SubmitVisit(ledger, visit), v1::REASON_WRONG_STATE);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  Visit other = visit;
  other.category = v1::CATEGORY_CLEANING;
  EXPECT_EQ(SubmitVisit(ledger, other), v1::REASON_CONFLICT);
  other = visit;
  other.kind = v1::ENTRY_KIND_NEIGHBOUR;
  EXPECT_EQ(SubmitVisit(ledger, other), v1::REASON_CONFLICT);
  other = visit;
  other.elder = "elder2";
  EXPECT_EQ(SubmitVisit(ledger, other), v1::REASON_CONFLICT);
  other = visit;
  other.volunteer = "volunteer2";
  EXPECT_EQ(SubmitVisit(ledger, other), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
}

TEST_F(Visiting, R2WantsCheckInAndOutAroundTheVisitAtTheRightPlace) {
  struct Case {
    const char* name;
    std::int64_t in_ms;   // check-in after the start
    std::int64_t out_ms;  // check-out after the end
    v1::PlaceClaim place;
    std::uint32_t flags;
  };
  const Case cases[] = {
      {"exactly around", 0, 0, v1::PLACE_CLAIM_MATCH, 0},
      {"near", -1, 1, v1::PLACE_CLAIM_NEAR, 0},
      {"checked in late", 1, 0, v1::PLACE_CLAIM_MATCH, kR2},
      {"checked out early", 0, -1, v1::PLACE_CLAIM_MATCH, kR2},
      {"elsewhere", 0, 0, v1::PLACE_CLAIM_MISMATCH, kR2},
      {"no place", 0, 0, v1::PLACE_CLAIM_NONE, kR2},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger fresh;
    fresh.Mint("elder", v1::ACCOUNT_KIND_EARNED, 100);
    Visit visit = VisitToday(fresh, 30);
    visit.place = c.place;
    const auto after = [](std::uint64_t at, std::int64_t ms) {
      return at + static_cast<std::uint64_t>(ms);
    };
    ASSERT_EQ(Order(fresh, visit, 30), kOk);
    ASSERT_EQ(Claim(fresh, visit), kOk);
    ASSERT_EQ(CheckInAt(fresh, visit, after(visit.start_ms, c.in_ms)), kOk);
    ASSERT_EQ(CheckOutAt(fresh, visit, after(visit.end_ms, c.out_ms)), kOk);
    visit.place = v1::PLACE_CLAIM_MATCH;
    ASSERT_EQ(SubmitVisit(fresh, visit), kOk);
    EXPECT_EQ(EntryOf(fresh, visit).flags(), c.flags);
  }
}

TEST_F(Visiting, R2AsksForTheCheckOutToo) {
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(CheckInAt(ledger, visit, visit.start_ms), kOk);
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).flags(), kR2);
}

TEST_F(Visiting, R3FlagsWhatComesMoreThanThreeDaysLate) {
  const Visit on_time = VisitToday(ledger, 15);
  ledger.Advance(on_time.end_ms + 72 * kHourMs - ledger.now_ms());
  ASSERT_EQ(SubmitVisit(ledger, on_time), kOk);
  EXPECT_EQ(EntryOf(ledger, on_time).flags(), kR2);
  Visit late = on_time;
  late.id = ledger.NewId();
  late.volunteer = "volunteer2";
  ASSERT_EQ(ledger.now_ms(), late.end_ms + 72 * kHourMs + 1);
  ASSERT_EQ(SubmitVisit(ledger, late), kOk);
  EXPECT_EQ(EntryOf(ledger, late).flags(), kR2 | kR3);
}

TEST_F(Visiting, UnconfirmedExpiresAndGivesTheDayBack) {
  Visit visit = VisitToday(ledger, 240);
  visit.start_ms -= 3 * kHourMs;
  visit.end_ms -= 3 * kHourMs;
  ServeOrder(ledger, visit, 240);
  Visit more = visit;
  more.id = ledger.NewId();
  more.start_ms = visit.end_ms;
  more.end_ms = more.start_ms + 15 * kMinuteMs;
  EXPECT_EQ(SubmitVisit(ledger, more), v1::REASON_F5_CAP);
  ledger.Advance(72 * kHourMs);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_EXPIRED);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_EARNED), 5000);
  EXPECT_EQ(SubmitVisit(ledger, more), kOk);
  more = visit;
  more.id = ledger.NewId();
  more.start_ms += 2 * kHourMs;  // 07:00: nobody ordered it
  more.end_ms = more.start_ms + 120 * kMinuteMs;
  EXPECT_EQ(SubmitVisit(ledger, more), kOk);  // neither F4 nor F1 remembers
}

}  // namespace
}  // namespace timebank::ledger
