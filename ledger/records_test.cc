#include "ledger/records.h"

#include <gtest/gtest.h>

#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

struct Seen {
  int changes = 0;
  bool had_before = false;
  bool has_now = false;
};
Seen ChangesOf(const Records& records) {
  Seen seen;
  records.ForEachChange([&](const Records::Change& change) {
    ++seen.changes;
    seen.had_before = change.existed;
    seen.has_now = change.now != nullptr;
  });
  return seen;
}

TEST(Records, RollBackToTheSavepointOnly) {
  const TestLedger ledger;
  Records records(ledger.state());
  const MemberId id = PersonId("elder");
  records.Edit<v1::Member>(id)->set_birth_year(1);
  const auto outer = records.Save();
  records.Edit<v1::Member>(id)->set_birth_year(2);
  records.Edit<v1::Member>(id)->set_honours_minutes(2);
  const auto inner = records.Save();
  records.Edit<v1::Member>(id)->set_birth_year(3);
  records.RollBack(inner);
  EXPECT_EQ(records.Find<v1::Member>(id)->birth_year(), 2U);
  records.Edit<v1::Member>(id)->set_birth_year(4);
  const auto again = records.Save();
  records.Erase<v1::Member>(id);
  EXPECT_EQ(records.Find<v1::Member>(id), nullptr);
  records.RollBack(again);
  EXPECT_EQ(records.Find<v1::Member>(id)->birth_year(), 4U);
  records.RollBack(outer);
  EXPECT_EQ(records.Find<v1::Member>(id)->birth_year(), 1U);
  EXPECT_EQ(records.Find<v1::Member>(id)->honours_minutes(), 0);
}

TEST(Records, CreatedOnesDisappearAgain) {
  const TestLedger ledger;
  Records records(ledger.state());
  const EntryId id{{std::byte{1}}};
  EXPECT_EQ(records.Edit<v1::Entry>(id), nullptr);
  const auto before = records.Save();
  EXPECT_EQ(records.EditOrCreate<v1::Entry>(id).version(), 1U);
  EXPECT_NE(records.Find<v1::Entry>(id), nullptr);
  records.RollBack(before);
  EXPECT_EQ(records.Find<v1::Entry>(id), nullptr);
  EXPECT_FALSE(ChangesOf(records).had_before);
  EXPECT_FALSE(ChangesOf(records).has_now);
}

TEST(Records, ChangesTellWhatWasAndWhatIs) {
  const TestLedger ledger;
  Records records(ledger.state());
  EXPECT_EQ(records.Find<v1::Member>(PersonId("nobody")), nullptr);
  EXPECT_EQ(ChangesOf(records).changes, 0) << "reading changes nothing";
  records.Edit<v1::Member>(PersonId("elder"))->set_birth_year(1);
  records.Commit();
  records.Edit<v1::Member>(PersonId("elder"))->set_birth_year(2);
  records.ForEachChange([](const Records::Change& change) {
    EXPECT_TRUE(change.existed);
    EXPECT_EQ(static_cast<const v1::Member*>(change.now)->birth_year(), 2U);
  });
  records.Erase<v1::Member>(PersonId("elder"));
  EXPECT_TRUE(ChangesOf(records).had_before);
  EXPECT_FALSE(ChangesOf(records).has_now);
  EXPECT_EQ(ChangesOf(records).changes, 1);
}

TEST(Records, FactsBeforeAreThoseOfTheState) {
  TestLedger ledger;
  ledger.Grant({"elder"});
  Records records(ledger.state());
  const Account lot = Account::Of(PersonId("elder"), v1::ACCOUNT_KIND_GRANT, 202407);
  const auto outer = records.Save();
  EXPECT_EQ(AddToBalance(records, lot, -400), kOk);
  (void)records.Save();
  EXPECT_EQ(AddToBalance(records, lot, -80), kOk);
  records.ForEachChange([&](const Records::Change& change) {
    EXPECT_EQ(change.before.minutes, 480);
    EXPECT_EQ(change.before.due, EndOfMonth(202407, 480));
    EXPECT_EQ(records.FactsOf(change.key, change.now).minutes, 0);
    EXPECT_EQ(records.FactsOf(change.key, change.now).due, std::nullopt);
  });
  records.RollBack(outer);
  EXPECT_EQ(BalanceOf(records, lot), 480);
}

}  // namespace
}  // namespace timebank::ledger::testing
