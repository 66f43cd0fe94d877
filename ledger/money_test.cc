// Balances, holds and credit: what moves where, and that nothing moves that may not.
#include <gtest/gtest.h>

#include "base/civil.h"
#include "ledger/counters.h"
#include "ledger/credit.h"
#include "ledger/holds.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

constexpr std::uint32_t kJune = 202406;
constexpr std::uint32_t kJuly = 202407;
constexpr std::uint32_t kAugust = 202408;

// A transaction under way on the state of `ledger`, with one line begun.
class Purse {
 public:
  explicit Purse(const TestLedger& ledger, std::uint64_t later_ms = 0)
      : state_(ledger.state()),
        records_(state_),
        facts_{state_.height(), Millis(ledger.now_ms() + later_ms), &state_.chain()},
        tx_(records_, facts_) {
    tx_.BeginLine(PersonId("elder").view());
  }
  TxContext& tx() { return tx_; }
  std::int64_t Of(v1::AccountKind kind, std::uint32_t lot = 0, const char* person = "elder") {
    return BalanceOf(records_, Account::Of(PersonId(person), kind, lot));
  }
  std::int64_t OfOrg(const char* org, v1::AccountKind kind) {
    return BalanceOf(records_, Account::Of(OrganisationId(org), kind));
  }
  void Give(v1::AccountKind kind, std::int64_t minutes, std::uint32_t lot = 0,
            const char* person = "elder") {
    EXPECT_EQ(AddToBalance(records_, Account::Of(PersonId(person), kind, lot), minutes), kOk);
  }

 private:
  State state_;
  Records records_;
  BlockFacts facts_;
  TxContext tx_;
};

const HoldName kHold{{{std::byte{7}}}, PersonId("elder"), v1::HOLD_PURPOSE_ORDER};

HoldPlan Plan(std::int64_t minutes, HoldSources sources = HoldSources::kSpendingOrder) {
  return {.name = kHold, .minutes = minutes, .sources = sources};
}

// A credited entry of the volunteer, whose minutes are in COOLING.
v1::Entry EntryOf(std::int64_t minutes, Millis credited = {}) {
  v1::Entry entry;
  entry.set_volunteer(PersonId("volunteer").str());
  entry.set_credited_minutes(minutes);
  entry.set_credited_ms(credited.value());
  return entry;
}

// 10 in July's lot, 20 in August's, 30 received, 40 earned, and 5 lapsed.
void Fill(Purse& purse) {
  purse.Give(v1::ACCOUNT_KIND_GRANT, 20, kAugust);
  purse.Give(v1::ACCOUNT_KIND_GRANT, 10, kJuly);
  purse.Give(v1::ACCOUNT_KIND_GRANT, 5, kJune);
  purse.Give(v1::ACCOUNT_KIND_RECEIVED, 30);
  purse.Give(v1::ACCOUNT_KIND_EARNED, 40);
}

TEST(Balances, SignsBelongToTheKind) {
  struct Case {
    v1::AccountKind kind;
    std::int64_t amount;
    Reason expected;
  };
  for (const Case& c : {Case{v1::ACCOUNT_KIND_EARNED, -1, v1::REASON_F13_INSUFFICIENT},
                        Case{v1::ACCOUNT_KIND_EARNED, 1, kOk}, Case{v1::ACCOUNT_KIND_DEBT, -1, kOk},
                        Case{v1::ACCOUNT_KIND_DEBT, 1, v1::REASON_AMOUNT_OVERFLOW},
                        Case{v1::ACCOUNT_KIND_HELD, -1, v1::REASON_F13_INSUFFICIENT},
                        Case{v1::ACCOUNT_KIND_LOCKED, -1, v1::REASON_F13_INSUFFICIENT},
                        Case{v1::ACCOUNT_KIND_COOLING, -1, v1::REASON_F13_INSUFFICIENT}}) {
    SCOPED_TRACE(c.kind);
    const TestLedger ledger;
    Purse purse(ledger);
    const Account account = Account::Of(PersonId("elder"), c.kind);
    EXPECT_EQ(AddToBalance(purse.tx().records(), account, c.amount), c.expected);
    EXPECT_EQ(purse.Of(c.kind), c.expected == kOk ? c.amount : 0);
  }
}

TEST(Balances, OfOrganisations) {
  const TestLedger ledger;
  Purse purse(ledger);
  Records& records = purse.tx().records();
  const OrgId org = OrganisationId("district");
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_ISSUER), 1),
            v1::REASON_F10_CREATES_MINUTES);
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_ISSUER), -1),
            v1::REASON_F10_CREATES_MINUTES)
      << "no budget";
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_POOL), -1),
            v1::REASON_F13_INSUFFICIENT);
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_POOL), INT64_MAX), kOk);
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_POOL), 1),
            v1::REASON_AMOUNT_OVERFLOW);
  EXPECT_EQ(AddToBalance(records, Account::Of(org, v1::ACCOUNT_KIND_POOL), -INT64_MAX), kOk);
  EXPECT_EQ(records.Find<v1::OrgAccount>({.owner = org, .kind = v1::ACCOUNT_KIND_POOL}), nullptr);
}

TEST(Balances, AscendAndVanishAtZero) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  const auto* elder = purse.tx().Find<v1::Member>(PersonId("elder"));
  ASSERT_EQ(elder->balances_size(), 5);
  EXPECT_EQ(elder->balances(0).account(), v1::ACCOUNT_KIND_EARNED);
  EXPECT_EQ(elder->balances(2).lot(), kJune);
  EXPECT_EQ(elder->balances(4).lot(), kAugust);
  purse.Give(v1::ACCOUNT_KIND_GRANT, -10, kJuly);
  EXPECT_EQ(elder->balances_size(), 4);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kJuly), 0);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kAugust), 20);
}

TEST(Move, MergesPostingsOfOneAccount) {
  const TestLedger ledger;
  Purse purse(ledger);
  purse.Give(v1::ACCOUNT_KIND_EARNED, 10);
  const Account earned = Account::Of(PersonId("elder"), v1::ACCOUNT_KIND_EARNED);
  const Account held = Account::Of(PersonId("elder"), v1::ACCOUNT_KIND_HELD);
  EXPECT_EQ(purse.tx().Move(earned, held, -1), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(purse.tx().Move(earned, held, 0), kOk);
  EXPECT_EQ(purse.tx().line().postings_size(), 0);
  EXPECT_EQ(purse.tx().Move(earned, held, 4), kOk);
  EXPECT_EQ(purse.tx().Move(earned, held, 3), kOk);
  ASSERT_EQ(purse.tx().line().postings_size(), 2);
  EXPECT_EQ(purse.tx().line().postings(0).amount(), -7);
  EXPECT_EQ(purse.tx().Move(held, earned, 7), kOk);
  EXPECT_EQ(purse.tx().line().postings_size(), 0) << "nothing moved on balance";
}

TEST(Holds, SpendGrantsFirstThenReceivedThenEarned) {
  struct Case {
    std::int64_t minutes;
    std::vector<std::int64_t> lines;
    Reason expected;
  };
  for (const Case& c : {Case{10, {10}, kOk}, Case{11, {10, 1}, kOk}, Case{60, {10, 20, 30}, kOk},
                        Case{61, {10, 20, 30, 1}, kOk}, Case{100, {10, 20, 30, 40}, kOk},
                        Case{101, {}, v1::REASON_F13_INSUFFICIENT}, Case{0, {}, kOk}}) {
    SCOPED_TRACE(c.minutes);
    const TestLedger ledger;
    Purse purse(ledger);
    Fill(purse);
    EXPECT_EQ(Spendable(purse.tx(), *purse.tx().Find<v1::Member>(PersonId("elder")),
                        HoldSources::kSpendingOrder),
              100);
    ASSERT_EQ(PlaceHold(purse.tx(), Plan(c.minutes)), c.expected);
    if (c.expected != kOk) continue;
    const auto* hold = purse.tx().Find<v1::Hold>(kHold.hold);
    std::vector<std::int64_t> lines;
    for (const v1::HoldLine& line : hold->lines()) lines.push_back(line.minutes());
    EXPECT_EQ(lines, c.lines);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_HELD), c.minutes);
    EXPECT_EQ(HeldMinutes(purse.tx(), kHold.hold), c.minutes);
    EXPECT_EQ(PlaceHold(purse.tx(), Plan(0)), v1::REASON_CONFLICT);
    ASSERT_EQ(ReleaseHold(purse.tx(), kHold), kOk);
    EXPECT_EQ(purse.tx().line().postings_size(), 0) << "all of it went back";
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kAugust), 20);
    EXPECT_EQ(ReleaseHold(purse.tx(), kHold), v1::REASON_UNKNOWN_HOLD);
  }
}

TEST(Holds, OfEarnedMinutesOnly) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  EXPECT_EQ(PlaceHold(purse.tx(), Plan(40, HoldSources::kEarnedOnly)), kOk);
  EXPECT_EQ(purse.tx().Find<v1::Member>(PersonId("elder"))->held_earned_minutes(), 40);
  EXPECT_EQ(ReleaseHold(purse.tx(), kHold), kOk);
  EXPECT_EQ(purse.tx().Find<v1::Member>(PersonId("elder"))->held_earned_minutes(), 0);
  EXPECT_EQ(PlaceHold(purse.tx(), Plan(41, HoldSources::kEarnedOnly)), v1::REASON_F13_INSUFFICIENT);
}

TEST(Holds, AreBarredByDebt) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  purse.Give(v1::ACCOUNT_KIND_DEBT, -1);
  EXPECT_EQ(PlaceHold(purse.tx(), Plan(1)), v1::REASON_DEBT);
  EXPECT_EQ(PlaceHold(purse.tx(), Plan(1'000)), v1::REASON_DEBT) << "before F13";
}

TEST(Holds, CapturedInPartUseTheirLinesInOrder) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  ASSERT_EQ(PlaceHold(purse.tx(), Plan(70)), kOk);
  const Account cooling = Account::Of(PersonId("volunteer"), v1::ACCOUNT_KIND_COOLING);
  google::protobuf::RepeatedPtrField<v1::HoldLine> paid;
  EXPECT_EQ(CaptureHold(purse.tx(), kHold, 71, cooling, &paid), v1::REASON_F13_INSUFFICIENT);
  ASSERT_EQ(CaptureHold(purse.tx(), kHold, 25, cooling, &paid), kOk);
  ASSERT_EQ(paid.size(), 2);
  EXPECT_EQ(paid[0].minutes(), 10);
  EXPECT_EQ(paid[1].minutes(), 15);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_COOLING, 0, "volunteer"), 25);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kAugust), 5);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_RECEIVED), 30);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_EARNED), 40);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_HELD), 0);
  EXPECT_EQ(purse.tx().Find<v1::Hold>(kHold.hold), nullptr);
  ASSERT_EQ(Refund(purse.tx(), cooling, PersonId("elder"), paid), kOk);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kJuly), 10);
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kAugust), 20);
}

TEST(Holds, OfALotThatLapsedAreCapturedButNotReleased) {
  TestLedger ledger;
  ledger.Grant({"elder"});
  const std::uint64_t august = EndOfMonth(kJuly, 480)->value();
  for (const bool capture : {true, false}) {
    for (const std::uint64_t early : {0U, 1U}) {
      SCOPED_TRACE(early);
      Purse purse(ledger);
      ASSERT_EQ(PlaceHold(purse.tx(), Plan(480)), kOk);
      // The same records, at the end of the month.
      const BlockFacts later{Height(9), Millis(august - early), &ledger.state().chain()};
      TxContext tx(purse.tx().records(), later);
      tx.BeginLine(kHold.hold.view());
      if (capture) {
        const Account pool = Account::Of(OrganisationId("street"), v1::ACCOUNT_KIND_POOL);
        ASSERT_EQ(CaptureHold(tx, kHold, 400, pool, nullptr), kOk);
        EXPECT_EQ(purse.OfOrg("street", v1::ACCOUNT_KIND_POOL), 400);
      } else {
        ASSERT_EQ(ReleaseHold(tx, kHold), kOk);
      }
      const std::int64_t back = capture ? 80 : 480;
      EXPECT_EQ(purse.OfOrg("district", v1::ACCOUNT_KIND_SINK), early == 0 ? back : 0);
      EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_GRANT, kJuly), early == 0 ? 0 : back);
    }
  }
}

TEST(Holds, DoNotTakeFromALotThatLapsedBeforeTheSweepReachedIt) {
  TestLedger ledger;
  ledger.Grant({"elder"});
  const std::uint64_t august = EndOfMonth(kJuly, 480)->value();
  Purse last_moment(ledger, august - 1 - ledger.now_ms());
  EXPECT_EQ(PlaceHold(last_moment.tx(), Plan(1)), kOk);
  Purse too_late(ledger, august - ledger.now_ms());
  EXPECT_EQ(PlaceHold(too_late.tx(), Plan(1)), v1::REASON_F13_INSUFFICIENT);
}

TEST(Credit, RepaysDebtThenFillsEarnedThenOverflows) {
  struct Case {
    std::int64_t debt, earned, held_earned, minutes;
    std::int64_t debt_after, earned_after, pool;
  };
  for (const Case& c :
       {Case{0, 0, 0, 60, 0, 60, 0}, Case{-60, 0, 0, 60, 0, 0, 0}, Case{-61, 0, 0, 60, -1, 0, 0},
        Case{-59, 0, 0, 60, 0, 1, 0}, Case{0, 89'940, 0, 60, 0, 90'000, 0},
        Case{0, 89'941, 0, 60, 0, 90'000, 1}, Case{0, 90'000, 0, 60, 0, 90'000, 60},
        Case{0, 95'000, 0, 60, 0, 95'000, 60}, Case{-10, 90'000, 0, 60, 0, 90'000, 50},
        Case{0, 89'000, 1'000, 60, 0, 89'000, 60}}) {
    SCOPED_TRACE(c.earned);
    SCOPED_TRACE(c.debt);
    const TestLedger ledger;
    Purse purse(ledger);
    const MemberId id = PersonId("volunteer");
    purse.Give(v1::ACCOUNT_KIND_EARNED, c.earned, 0, "volunteer");
    purse.Give(v1::ACCOUNT_KIND_DEBT, c.debt, 0, "volunteer");
    purse.Give(v1::ACCOUNT_KIND_COOLING, c.minutes, 0, "volunteer");
    purse.tx().Edit<v1::Member>(id)->set_held_earned_minutes(c.held_earned);
    v1::Entry entry = EntryOf(c.minutes);
    ASSERT_EQ(Credit(purse.tx(), entry), kOk);
    EXPECT_EQ(entry.pooled_minutes(), c.pool);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_DEBT, 0, "volunteer"), c.debt_after);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_EARNED, 0, "volunteer"), c.earned_after);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_COOLING, 0, "volunteer"), 0);
    EXPECT_EQ(purse.OfOrg("community", v1::ACCOUNT_KIND_POOL), c.pool);
    EXPECT_EQ(purse.tx().Find<v1::Member>(id)->honours_minutes(), c.pool);
    EXPECT_EQ(CountedMinutes(purse.tx(), MemberCounter(id, v1::COUNTER_SCOPE_CREDIT_YEAR, 2024)),
              c.minutes);
  }
}

TEST(TakeBack, BorrowsWhatWasSpent) {
  for (const std::int64_t spent : {0, 1, 60}) {
    SCOPED_TRACE(spent);
    const TestLedger ledger;
    Purse purse(ledger);
    const MemberId id = PersonId("volunteer");
    purse.Give(v1::ACCOUNT_KIND_COOLING, 60, 0, "volunteer");
    v1::Entry entry = EntryOf(60, purse.tx().now());
    ASSERT_EQ(Credit(purse.tx(), entry), kOk);
    purse.Give(v1::ACCOUNT_KIND_EARNED, -spent, 0, "volunteer");
    ASSERT_EQ(TakeBack(purse.tx(), entry), kOk);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_EARNED, 0, "volunteer"), 60);
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_DEBT, 0, "volunteer"), -spent);
    EXPECT_EQ(CountedMinutes(purse.tx(), MemberCounter(id, v1::COUNTER_SCOPE_CREDIT_YEAR, 2024)),
              0);
  }
}

// 50 of 60 overflowed: they come back from POOL, unless POOL has spent them.
TEST(TakeBack, TakesFromThePoolWhatWentThere) {
  for (const std::int64_t left : {50, 49, 0}) {
    SCOPED_TRACE(left);
    const TestLedger ledger;
    Purse purse(ledger);
    const OrgId home = OrganisationId("community");
    purse.Give(v1::ACCOUNT_KIND_EARNED, 89'990, 0, "volunteer");
    purse.Give(v1::ACCOUNT_KIND_COOLING, 60, 0, "volunteer");
    v1::Entry entry = EntryOf(60, purse.tx().now());
    ASSERT_EQ(Credit(purse.tx(), entry), kOk);
    ASSERT_EQ(entry.pooled_minutes(), 50);
    ASSERT_EQ(
        AddToBalance(purse.tx().records(), Account::Of(home, v1::ACCOUNT_KIND_POOL), left - 50),
        kOk);
    ASSERT_EQ(TakeBack(purse.tx(), entry), kOk);
    // The caller takes all 60 from EARNED.
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_EARNED, 0, "volunteer") - 60, 89'990 - (50 - left));
    EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_DEBT, 0, "volunteer"), 0);
    EXPECT_EQ(purse.OfOrg("community", v1::ACCOUNT_KIND_POOL), 0);
    EXPECT_EQ(purse.tx().Find<v1::Member>(PersonId("volunteer"))->honours_minutes(), 0);
  }
}

TEST(Holds, MoveOnlyForTheirOwnerAndPurpose) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  ASSERT_EQ(PlaceHold(purse.tx(), Plan(10)), kOk);
  const Account pool = Account::Of(OrganisationId("community"), v1::ACCOUNT_KIND_POOL);
  HoldName of_another = kHold;
  of_another.owner = PersonId("elder2");
  HoldName for_goods = kHold;
  for_goods.purpose = v1::HOLD_PURPOSE_GOODS;
  for (const HoldName& name : {of_another, for_goods}) {
    EXPECT_FALSE(IsHeld(purse.tx(), name));
    EXPECT_EQ(ReleaseHold(purse.tx(), name), v1::REASON_UNKNOWN_HOLD);
    EXPECT_EQ(CaptureHold(purse.tx(), name, 1, pool, nullptr), v1::REASON_UNKNOWN_HOLD);
  }
  EXPECT_EQ(purse.Of(v1::ACCOUNT_KIND_HELD), 10);
  EXPECT_EQ(ReleaseHold(purse.tx(), kHold), kOk);
}

TEST(Ids, AreFreeWhenNothingHasThem) {
  const TestLedger ledger;
  Purse purse(ledger);
  Fill(purse);
  const HoldId entry{{std::byte{1}}};
  const HoldId redemption{{std::byte{2}}};
  purse.tx().EditOrCreate<v1::Entry>({entry.data}).set_entry(entry.str());
  purse.tx().EditOrCreate<v1::Redemption>({redemption.data}).set_redemption(redemption.str());
  ASSERT_EQ(PlaceHold(purse.tx(), Plan(10)), kOk);
  for (const HoldId& taken : {entry, redemption, kHold.hold}) {
    EXPECT_FALSE(IdIsFree(purse.tx(), taken));
  }
  EXPECT_TRUE(IdIsFree(purse.tx(), HoldId{{std::byte{3}}}));
}

TEST(Counters, NeverFallBelowZeroAndVanishWhenEmpty) {
  const TestLedger ledger;
  Purse purse(ledger);
  TxContext& tx = purse.tx();
  const CounterId id = MemberCounter(PersonId("elder"), v1::COUNTER_SCOPE_ELDER_DAY, 20240711);
  EXPECT_EQ(AddToCounter(tx, id, {.minutes = 10, .count = 1}), kOk);
  EXPECT_TRUE(FitsUnderCap(tx, id, 5, 15));
  EXPECT_FALSE(FitsUnderCap(tx, id, 6, 15));
  EXPECT_FALSE(FitsUnderCap(tx, id, INT64_MAX, INT64_MAX));
  EXPECT_EQ(AddToCounter(tx, id, {.minutes = INT64_MAX}), v1::REASON_AMOUNT_OVERFLOW);
  EXPECT_EQ(AddToCounter(tx, id, {.count = 4'294'967'295}), v1::REASON_AMOUNT_OVERFLOW);
  EXPECT_EQ(AddToCounter(tx, id, {.minutes = -11, .count = -1}), kOk);
  EXPECT_EQ(tx.Find<v1::Counter>(id), nullptr);
  v1::Interval visit;
  const EntryId entry{{std::byte{1}}};
  visit.set_entry(entry.str());
  AddInterval(tx, id, visit);
  int count = 0;
  ForEachInterval(tx, id, [&](const v1::Interval&) { ++count; });
  EXPECT_EQ(count, 1);
  RemoveInterval(tx, id, EntryId{});
  EXPECT_NE(tx.Find<v1::Counter>(id), nullptr);
  RemoveInterval(tx, id, entry);
  EXPECT_EQ(tx.Find<v1::Counter>(id), nullptr);
}

TEST(Counters, ClockHours) {
  const Millis at =
      *FromCivil({.year = 2024, .month = 7, .day = 11, .hour = 23, .minute = 59}, 480);
  EXPECT_EQ(LocalHour(at, 480), 2024071123U);
  EXPECT_EQ(LocalHour(Millis(at.value() + 60'000), 480), 2024071200U);
}

}  // namespace
}  // namespace timebank::ledger::testing
