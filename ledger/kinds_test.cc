#include "ledger/kinds.h"

#include <gtest/gtest.h>

#include "ledger/authority.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

TEST(Kinds, EveryOneOfTheSchemaHasARow) {
  const auto* oneof = v1::TransactionBody::descriptor()->FindOneofByName("kind");
  EXPECT_EQ(static_cast<std::size_t>(oneof->field_count()), Kinds().size());
  for (int i = 0; i < oneof->field_count(); ++i) {
    const Kind* kind = FindKind(oneof->field(i)->number());
    ASSERT_NE(kind, nullptr) << oneof->field(i)->name();
    std::string name = oneof->field(i)->name();
    for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    EXPECT_EQ(kind->name, name);
  }
  EXPECT_EQ(FindKind(0), nullptr);
  EXPECT_EQ(FindKind(21), nullptr);
}

// An empty message of each kind: refused by its form, never executed, never a crash.
TEST(Kinds, NothingIsNoTransaction) {
  TestLedger ledger;
  const auto* oneof = v1::TransactionBody::descriptor()->FindOneofByName("kind");
  for (int i = 0; i < oneof->field_count(); ++i) {
    SCOPED_TRACE(oneof->field(i)->name());
    v1::TransactionBody body = ledger.Body({{"elder"}}, v1::Transfer());
    body.GetReflection()->MutableMessage(&body, oneof->field(i));
    const Reason reason = CheckForm(body);
    EXPECT_TRUE(reason == v1::REASON_MISSING_FIELD || reason == v1::REASON_BAD_FIELD ||
                reason == v1::REASON_AMOUNT_NOT_POSITIVE)
        << v1::Reason_Name(reason);
    EXPECT_EQ(ledger.SubmitBody(body), reason);
  }
}

TEST(Kinds, AListCountsItsLines) {
  v1::TransactionBody body;
  body.mutable_transfer();
  EXPECT_EQ(UnitsOf(body), 1U);
  body.mutable_grant_run();
  EXPECT_EQ(UnitsOf(body), 1U);
  for (int i = 0; i < 7; ++i) body.mutable_grant_run()->add_members("m");
  EXPECT_EQ(UnitsOf(body), 7U);
  body.mutable_approve_entries()->add_lines();
  body.mutable_approve_entries()->add_lines();
  EXPECT_EQ(UnitsOf(body), 2U);
  body.mutable_paper_batch()->add_lines();
  body.mutable_paper_batch()->add_lines();
  body.mutable_paper_batch()->add_lines();
  EXPECT_EQ(UnitsOf(body), 3U);
}

// Lines of a list as TxContext judges them.
struct ListCase {
  const char* name;
  std::vector<Reason> lines;
  Reason some;
  Reason all;
};

TEST(Lists, StandOrFall) {
  const Reason f3 = v1::REASON_F3_SEPARATION_OF_DUTIES;
  const Reason f15 = v1::REASON_F15_WRONG_SCOPE;
  const ListCase cases[] = {
      {"no line", {}, v1::REASON_MISSING_FIELD, v1::REASON_MISSING_FIELD},
      {"all stand", {kOk, kOk}, kOk, kOk},
      {"one stands", {f3, kOk}, kOk, f3},
      {"none, one reason", {f3, f3}, f3, f3},
      {"none, several reasons", {f15, f3}, v1::REASON_NO_LINE_SUCCEEDED, f15},
  };
  const TestLedger ledger;
  for (const ListCase& c : cases) {
    SCOPED_TRACE(c.name);
    Records records(ledger.state());
    const BlockFacts facts{Height(1), ledger.now(), &ledger.state().chain()};
    TxContext tx(records, facts);
    for (const Reason reason : c.lines) {
      EXPECT_EQ(tx.RunLine(PersonId("elder").view(), [&] { return reason; }), reason);
    }
    EXPECT_EQ(tx.ListVerdict(/*all_or_nothing=*/false), c.some);
    EXPECT_EQ(tx.ListVerdict(/*all_or_nothing=*/true), c.all);
  }
}

TEST(Lists, ARefusedLineLeavesNoTrace) {
  TestLedger ledger;
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 10);
  ledger.Overwrite<v1::Member>(
      PersonId("kin"), [](v1::Member& member) { member.set_status(v1::MEMBER_STATUS_FROZEN); });
  Records records(ledger.state());
  const BlockFacts facts{Height(1), ledger.now(), &ledger.state().chain()};
  TxContext tx(records, facts);
  const Account earned = Account::Of(PersonId("elder"), v1::ACCOUNT_KIND_EARNED);
  const Account held = Account::Of(PersonId("elder"), v1::ACCOUNT_KIND_HELD);
  const auto move = [&](Reason verdict) {
    EXPECT_EQ(tx.Move(earned, held, 4), kOk);
    tx.line().set_flags(1);
    return verdict;
  };
  EXPECT_EQ(tx.RunLine(HoldId{}.view(), [&] { return move(kOk); }), kOk);
  EXPECT_EQ(tx.RunLine(HoldId{}.view(), [&] { return move(v1::REASON_F5_CAP); }),
            v1::REASON_F5_CAP);
  EXPECT_EQ(tx.RunLine(HoldId{}.view(),
                       [&] {
                         tx.AddParty(PersonId("kin"));
                         return move(kOk);
                       }),
            v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(BalanceOf(records, held), 4);
  EXPECT_EQ(tx.JudgeParties(), kOk) << "that line only";
  ASSERT_EQ(tx.lines().size(), 3U);
  for (const std::size_t refused : {1U, 2U}) {
    EXPECT_EQ(tx.lines()[refused].outcome(), v1::OUTCOME_REFUSED);
    EXPECT_EQ(tx.lines()[refused].postings_size(), 0);
    EXPECT_EQ(tx.lines()[refused].flags(), 0U);
  }
}

TEST(Authority, WhoIsTooClose) {
  TestLedger ledger;
  v1::RegisterKin kin;
  kin.set_member(PersonId("elder").str());
  kin.set_relative(PersonId("kin").str());
  kin.set_kinship(v1::KINSHIP_CHILD);
  ASSERT_EQ(ledger.Submit({{"lister_street", v1::ROLE_LISTER, "street"}}, kin), kOk);
  v1::SetProxy proxy;
  proxy.set_member(PersonId("elder").str());
  proxy.set_proxy(PersonId("proxy").str());
  proxy.set_scope(kProxyConfirm);
  proxy.set_until_ms(ledger.now_ms() + kDayMs);
  ASSERT_EQ(ledger.Submit({{"elder"}}, proxy), kOk);
  proxy.set_proxy(PersonId("witness").str());
  proxy.set_scope(kProxyView);
  ASSERT_EQ(ledger.Submit({{"elder"}}, proxy), kOk);
  Records records(ledger.state());
  const BlockFacts facts{Height(1), ledger.now(), &ledger.state().chain()};
  TxContext tx(records, facts);
  const MemberId elder = PersonId("elder");
  EXPECT_TRUE(IsCloseTo(tx, elder, elder));
  EXPECT_TRUE(IsCloseTo(tx, PersonId("kin"), elder));
  EXPECT_TRUE(IsCloseTo(tx, elder, PersonId("kin")));
  EXPECT_TRUE(IsCloseTo(tx, PersonId("proxy"), elder));
  EXPECT_FALSE(IsCloseTo(tx, elder, PersonId("proxy"))) << "the proxy's proxy is nobody";
  EXPECT_TRUE(IsCloseTo(tx, PersonId("witness"), elder)) << "who may only look is close too";
  const BlockFacts later{Height(1), Millis(ledger.now_ms() + 2 * kDayMs), &ledger.state().chain()};
  TxContext over(records, later);
  EXPECT_FALSE(IsCloseTo(over, PersonId("witness"), elder)) << "the scope has ended";
  EXPECT_FALSE(IsCloseTo(tx, PersonId("elder2"), elder));
  EXPECT_EQ(AgeYears(tx, ledger.member("elder")), 84);
}

}  // namespace
}  // namespace timebank::ledger::testing
