// PLACE_ORDER, CLAIM_ORDER, CANCEL_ORDER, REPORT_NO_SHOW and the expiry of what nobody served.
#include <gtest/gtest.h>

#include <functional>

#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::By;
using testing::CheckInAt;
using testing::Claim;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::Order;
using testing::OrderFor;
using testing::OrganisationId;
using testing::PersonId;
using testing::Postings;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using testing::WithPolicy;
using Words = std::vector<std::string>;

constexpr std::uint64_t kLateLimitMs = 30 * kDayMs;

TEST(PlaceOrder, HoldsPlannedMinutesAndTolerance) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 100);
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(ledger.lines().size(), 1U);
  const v1::EffectsLine line = ledger.lines()[0];
  EXPECT_EQ(line.entity(), visit.id);
  EXPECT_EQ(line.outcome(), v1::OUTCOME_DONE);
  EXPECT_EQ(line.state(), std::uint32_t{v1::ENTRY_STATE_ORDERED});
  EXPECT_EQ(Postings(line), (Words{"EARNED:elder -45", "HELD:elder 45"}));
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_TRUE(entry.ordered());
  EXPECT_EQ(entry.ordered_by(), PersonId("elder").str());
  EXPECT_EQ(entry.policy_ms(), ledger.state().time().value());
  EXPECT_EQ(entry.due_ms(), visit.start_ms + 30 * testing::kMinuteMs + 14 * kDayMs);
}

TEST(PlaceOrder, WeighsTheHoldByCategoryAndRoundsDown) {
  TestLedger ledger(WithPolicy(1000 + v1::CATEGORY_BATHING_HELP, 1333));
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 59);
  Visit visit = VisitToday(ledger, 30);
  visit.category = v1::CATEGORY_BATHING_HELP;
  ASSERT_EQ(Order(ledger, visit, 30), kOk);  // 45 * 1.333 = 59.985
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_HELD), 59);
}

TEST(PlaceOrder, TakesACategoryThatPolicyAdded) {
  TestLedger without;
  TestLedger with(WithPolicy(1'100, 1'200));
  Visit visit = VisitToday(with, 30);
  visit.category = v1::Category{100};
  for (TestLedger* ledger : {&without, &with}) {
    ledger->Mint("elder", v1::ACCOUNT_KIND_EARNED, 54);
  }
  EXPECT_EQ(Order(without, visit, 30), v1::REASON_UNKNOWN_CATEGORY);
  EXPECT_EQ(Order(with, visit, 30), kOk);
  EXPECT_EQ(with.balance("elder", v1::ACCOUNT_KIND_HELD), 54);
}

TEST(PlaceOrder, RefusesOverdraftByOneMinute) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 44);
  const Visit visit = VisitToday(ledger, 30);
  EXPECT_EQ(Order(ledger, visit, 30), v1::REASON_F13_INSUFFICIENT);
  EXPECT_EQ(Order(ledger, visit, 29), kOk);
}

TEST(PlaceOrder, SpendsGrantThenReceivedThenEarned) {
  TestLedger ledger;
  ledger.Grant({"elder"});
  ledger.Mint("elder", v1::ACCOUNT_KIND_RECEIVED, 10);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 10);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(Order(ledger, VisitToday(ledger, 200), 200), kOk);
  ASSERT_EQ(Order(ledger, VisitToday(ledger, 45), 45), kOk);  // 215 + 215 + 60 = 490
  EXPECT_EQ(Postings(ledger.lines()[0]),
            (Words{"GRANT/202407:elder -50", "HELD:elder 60", "RECEIVED:elder -10"}));
}

TEST(PlaceOrder, ChecksInTheDocumentedOrder) {
  struct Case {
    const char* name;
    std::function<void(TestLedger&, v1::PlaceOrder&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"sound", [](auto&, auto&) {}, kOk},
      {"no kind", [](auto&, auto& o) { o.clear_kind(); }, v1::REASON_MISSING_FIELD},
      {"no start", [](auto&, auto& o) { o.clear_planned_start_ms(); }, v1::REASON_MISSING_FIELD},
      {"start beyond 48 bits", [](auto&, auto& o) { o.set_planned_start_ms(1ULL << 48U); },
       v1::REASON_BAD_FIELD},
      {"unknown elder", [](auto&, auto& o) { o.set_elder(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_MEMBER},
      {"unknown community", [](auto&, auto& o) { o.set_community(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_ORGANISATION},
      {"another community",
       [](auto&, auto& o) { o.set_community(OrganisationId("community2").str()); },
       v1::REASON_F15_WRONG_SCOPE},
      {"another elder", [](auto&, auto& o) { o.set_elder(PersonId("elder2").str()); },
       v1::REASON_F15_WRONG_SCOPE},
      {"no category", [](auto&, auto& o) { o.clear_category(); }, v1::REASON_UNKNOWN_CATEGORY},
      {"start at the late limit",
       [](auto& t, auto& o) { o.set_planned_start_ms(t.now_ms() - kLateLimitMs); }, kOk},
      {"start before the late limit",
       [](auto& t, auto& o) { o.set_planned_start_ms(t.now_ms() - kLateLimitMs - 1); },
       v1::REASON_TOO_LATE},
      {"start at the limit ahead",
       [](auto& t, auto& o) { o.set_planned_start_ms(t.now_ms() + kLateLimitMs); }, kOk},
      {"start beyond it",
       [](auto& t, auto& o) { o.set_planned_start_ms(t.now_ms() + kLateLimitMs + 1); },
       v1::REASON_FUTURE},
      {"no minutes", [](auto&, auto& o) { o.clear_planned_minutes(); }, v1::REASON_ENTRY_TOO_SHORT},
      {"14 minutes", [](auto&, auto& o) { o.set_planned_minutes(14); }, v1::REASON_ENTRY_TOO_SHORT},
      {"15 minutes", [](auto&, auto& o) { o.set_planned_minutes(15); }, kOk},
      {"240 minutes", [](auto&, auto& o) { o.set_planned_minutes(240); }, kOk},
      {"241 minutes", [](auto&, auto& o) { o.set_planned_minutes(241); },
       v1::REASON_ENTRY_TOO_LONG},
      {"2^32 - 1 minutes", [](auto&, auto& o) { o.set_planned_minutes(0xFFFFFFFF); },
       v1::REASON_ENTRY_TOO_LONG},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger ledger;
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
    v1::PlaceOrder order = OrderFor(VisitToday(ledger, 30), 30);
    c.edit(ledger, order);
    EXPECT_EQ(ledger.Submit({{"elder"}}, order), c.reason);
  }
}

TEST(PlaceOrder, JudgesTheTimeInTheId) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
  const auto with_id_at = [&](std::uint64_t ms) {
    Visit visit = VisitToday(ledger, 15);
    ByteWriter id;
    id.U16(static_cast<std::uint16_t>(ms >> 32U)).U32(static_cast<std::uint32_t>(ms));
    visit.id = ToString(id.bytes()) + visit.id.substr(6);
    return Order(ledger, visit, 15);
  };
  EXPECT_EQ(with_id_at(ledger.now_ms() - kLateLimitMs - 1), v1::REASON_BAD_ID_TIME);
  EXPECT_EQ(with_id_at(ledger.now_ms() - kLateLimitMs), kOk);
  EXPECT_EQ(with_id_at(ledger.now_ms() + 5'001), v1::REASON_BAD_ID_TIME);
  EXPECT_EQ(with_id_at(ledger.now_ms() + 5'000), kOk);
}

TEST(PlaceOrder, SameContentAgainIsASuccessWithoutEffect) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
  const Visit visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ledger.Advance(31 * kDayMs);  // the id is judged only where it first appears
  ASSERT_EQ(Claim(ledger, visit), v1::REASON_DEADLINE_PASSED);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_RECORDED);
  EXPECT_EQ(ledger.lines()[0].postings_size(), 0);
  EXPECT_EQ(Order(ledger, visit, 31), v1::REASON_CONFLICT);
}

TEST(PlaceOrder, IsSignedByTheEldersSide) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
  const auto order_by = [&](const std::vector<By>& signers) {
    return ledger.Submit(signers, OrderFor(VisitToday(ledger, 15), 15));
  };
  const By proxy{"proxy", v1::ROLE_PROXY};
  EXPECT_EQ(order_by({{"volunteer"}}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(order_by({{"elder"}, {"elder2"}}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(order_by({proxy}), v1::REASON_F15_WRONG_SCOPE);
  v1::SetProxy set;
  set.set_member(PersonId("elder").str());
  set.set_proxy(PersonId("proxy").str());
  set.set_scope(1 | 2);
  set.set_until_ms(ledger.now_ms() + kDayMs);
  ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  EXPECT_EQ(order_by({proxy}), v1::REASON_F15_WRONG_SCOPE);
  set.set_scope(8);
  ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  EXPECT_EQ(order_by({proxy}), kOk);
  EXPECT_EQ(order_by({{"dispatcher_street", v1::ROLE_DISPATCHER, "street"}}), kOk);
  EXPECT_EQ(order_by({{"dispatcher_street2", v1::ROLE_DISPATCHER, "street2"}}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(order_by({{"clerk_street", v1::ROLE_CLERK, "street"}}), v1::REASON_F15_WRONG_SCOPE);
}

TEST(PlaceOrder, RefusesAYoungKeyAndAFrozenElder) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
  const std::uint64_t since_ms = ledger.now_ms() - kDayMs + 1;
  const auto set_key_since = [&](std::uint64_t ms) {
    ledger.Overwrite<v1::Member>(
        PersonId("elder"), [&](v1::Member& elder) { elder.mutable_keys(0)->set_since_ms(ms); });
  };
  set_key_since(since_ms);
  EXPECT_EQ(Order(ledger, VisitToday(ledger, 30), 30), v1::REASON_F8_KEY_TOO_YOUNG);
  const By dispatcher{"dispatcher_street", v1::ROLE_DISPATCHER, "street"};
  EXPECT_EQ(ledger.Submit({dispatcher}, OrderFor(VisitToday(ledger, 30), 30)), kOk);
  set_key_since(ledger.now_ms() - kDayMs);
  EXPECT_EQ(Order(ledger, VisitToday(ledger, 30), 30), kOk);
  ledger.Overwrite<v1::Member>(
      PersonId("elder"), [](v1::Member& elder) { elder.set_status(v1::MEMBER_STATUS_FROZEN); });
  EXPECT_EQ(ledger.Submit({dispatcher}, OrderFor(VisitToday(ledger, 30), 30)),
            v1::REASON_F14_PARTY_BLOCKED);
}

class Ordered : public ::testing::Test {
 protected:
  Ordered() {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
    visit = VisitToday(ledger, 30);
    EXPECT_EQ(Order(ledger, visit, 30), kOk);
  }
  Reason Cancel(const By& by = {"elder"}) {
    v1::CancelOrder cancel;
    cancel.set_entry(visit.id);
    return ledger.Submit({by}, cancel);
  }
  Reason NoShow(const By& by = {"elder"}) {
    v1::ReportNoShow report;
    report.set_entry(visit.id);
    return ledger.Submit({by}, report);
  }
  TestLedger ledger;
  Visit visit;
};

TEST_F(Ordered, IsClaimedByOne) {
  ASSERT_EQ(Claim(ledger, visit), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CLAIMED);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_DONE);
  Visit other = visit;
  other.volunteer = "volunteer2";
  EXPECT_EQ(Claim(ledger, other), v1::REASON_ALREADY_CLAIMED);
  other.volunteer = "elder";
  EXPECT_EQ(Claim(ledger, other), v1::REASON_F3_SEPARATION_OF_DUTIES);
  other.id = std::string(16, 'x');
  EXPECT_EQ(Claim(ledger, other), v1::REASON_UNKNOWN_ENTRY);
}

TEST_F(Ordered, IsClaimedFromTheEarnAgeOn) {
  const auto born = [&](std::uint32_t year) {
    ledger.Overwrite<v1::Member>(PersonId("volunteer"),
                                 [&](v1::Member& member) { member.set_birth_year(year); });
  };
  born(2024 - 17);
  EXPECT_EQ(Claim(ledger, visit), v1::REASON_AGE);
  born(2024 - 18);
  EXPECT_EQ(Claim(ledger, visit), kOk);
}

TEST_F(Ordered, IsCancelledUntilTheVolunteerCheckedIn) {
  EXPECT_EQ(Cancel({"volunteer"}), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(Cancel(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"HELD:elder -45", "EARNED:elder 45"}));
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CANCELLED);
  EXPECT_EQ(EntryOf(ledger, visit).due_ms(), 0U);
  EXPECT_EQ(Cancel(), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Claim(ledger, visit), v1::REASON_WRONG_STATE);

  visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Cancel({"dispatcher_street", v1::ROLE_DISPATCHER, "street"}), kOk);

  visit = VisitToday(ledger, 30);
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(CheckInAt(ledger, visit, visit.start_ms), kOk);
  EXPECT_EQ(Cancel(), v1::REASON_WRONG_STATE);
}

TEST_F(Ordered, NobodyCameIsSaidAfterThePlannedStart) {
  EXPECT_EQ(NoShow(), v1::REASON_WRONG_STATE);  // nobody was to come
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ASSERT_EQ(NoShow(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"HELD:elder -45", "EARNED:elder 45"}));
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_NO_SHOW);

  visit = VisitToday(ledger, 30);
  visit.start_ms = ledger.now_ms() + kHourMs;
  ASSERT_EQ(Order(ledger, visit, 30), kOk);
  ASSERT_EQ(Claim(ledger, visit), kOk);
  ledger.Advance(visit.start_ms - ledger.now_ms());
  EXPECT_EQ(NoShow(), v1::REASON_FUTURE);
  ledger.Advance(1);
  EXPECT_EQ(NoShow(), kOk);
}

TEST_F(Ordered, ExpiresWhenNobodyServes) {
  ASSERT_EQ(Claim(ledger, visit), kOk);
  const std::uint64_t due_ms = EntryOf(ledger, visit).due_ms();
  ledger.Advance(due_ms - 1 - ledger.now_ms());
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CLAIMED);
  ASSERT_EQ(ledger.now_ms(), due_ms);
  EXPECT_EQ(Cancel(), v1::REASON_DEADLINE_PASSED);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_EXPIRED);
  ASSERT_EQ(ledger.lines(/*sweep=*/true).size(), 1U);
  EXPECT_EQ(Postings(ledger.lines(/*sweep=*/true)[0]),
            (Words{"HELD:elder -45", "EARNED:elder 45"}));
}

}  // namespace
}  // namespace timebank::ledger
