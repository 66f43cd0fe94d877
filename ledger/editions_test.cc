// SCHEDULE_EDITION: who may, which edition and height, and what is in force when.
#include "ledger/editions.h"

#include <gtest/gtest.h>

#include "ledger/testing/council.h"

namespace timebank::ledger::testing {
namespace {

const std::vector<By> kCouncil{kSeat1, kSeat2};

v1::ScheduleEdition From(std::uint32_t edition, Height height) {
  v1::ScheduleEdition message;
  message.set_edition(edition);
  message.set_height(height.value());
  return message;
}

v1::ScheduleEdition Withdraw(std::uint32_t edition) {
  v1::ScheduleEdition message;
  message.set_edition(edition);
  message.set_withdraw(true);
  return message;
}

// So many blocks above the one that is made next.
Height Above(const TestLedger& ledger, std::uint64_t blocks) {
  return Height(ledger.state().height().value() + 1 + blocks);
}

TEST(ScheduleEdition, IsInForceFromItsHeightOnNotBefore) {
  TestLedger ledger(SeatCouncil);
  EXPECT_EQ(NextBlockEdition(ledger.state()), 0U);
  const Height from = Above(ledger, 2);
  ASSERT_EQ(ledger.Submit(kCouncil, From(1, from)), kOk);
  EXPECT_EQ(NextBlockEdition(ledger.state()), 0U);
  ASSERT_TRUE(EditionToCome(ledger.state()).has_value());
  EXPECT_EQ(EditionToCome(ledger.state())->edition, 1U);
  EXPECT_EQ(EditionToCome(ledger.state())->from, from);
  ledger.Tick();
  EXPECT_EQ(ledger.state().height().Next(), from);
  EXPECT_EQ(NextBlockEdition(ledger.state()), 1U);
  EXPECT_FALSE(EditionToCome(ledger.state()).has_value());
  ASSERT_EQ(ledger.Submit(kCouncil, From(2, Above(ledger, 5))), kOk);
  EXPECT_EQ(NextBlockEdition(ledger.state()), 1U);
}

TEST(ScheduleEdition, OneAfterTheOther) {
  struct Case {
    const char* name;
    std::vector<By> signers;
    v1::ScheduleEdition message;
    Reason expected;
  };
  TestLedger first(SeatCouncil);
  const Case cases[] = {
      {"the one in force", kCouncil, From(0, Above(first, 9)), v1::REASON_MISSING_FIELD},
      {"one left out", kCouncil, From(2, Above(first, 9)), v1::REASON_EDITION_NOT_NEXT},
      {"no height", kCouncil, From(1, Height(0)), v1::REASON_MISSING_FIELD},
      {"its own block", kCouncil, From(1, Above(first, 0)), v1::REASON_HEIGHT_TOO_LOW},
      {"the next block", kCouncil, From(1, Above(first, 1)), v1::REASON_HEIGHT_TOO_LOW},
      {"the one after it", kCouncil, From(1, Above(first, 2)), kOk},
      {"one seat of two", {kSeat1}, From(1, Above(first, 9)), v1::REASON_THRESHOLD_NOT_MET},
      {"a regulator",
       {{"regulator_district", v1::ROLE_REGULATOR, "district"}},
       From(1, Above(first, 9)),
       v1::REASON_F15_WRONG_SCOPE},
      {"nothing to withdraw", kCouncil, Withdraw(1), v1::REASON_NO_CHANGE_WAITING},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger ledger(SeatCouncil);
    EXPECT_EQ(ledger.Submit(c.signers, c.message), c.expected);
  }
}

TEST(ScheduleEdition, IsReplacedAndTakenBackUntilItIsInForce) {
  TestLedger ledger(SeatCouncil);
  ASSERT_EQ(ledger.Submit(kCouncil, From(1, Above(ledger, 3))), kOk);
  ASSERT_EQ(ledger.Submit(kCouncil, From(1, Above(ledger, 9))), kOk);
  ASSERT_EQ(ledger.Submit(kCouncil, Withdraw(1)), kOk);
  EXPECT_FALSE(EditionToCome(ledger.state()).has_value());
  EXPECT_EQ(ledger.Submit(kCouncil, Withdraw(1)), v1::REASON_NO_CHANGE_WAITING);
  ASSERT_EQ(ledger.Submit(kCouncil, From(1, Above(ledger, 2))), kOk);
  ledger.Tick();
  EXPECT_EQ(NextBlockEdition(ledger.state()), 1U);
  EXPECT_EQ(ledger.Submit(kCouncil, Withdraw(1)), v1::REASON_EDITION_NOT_NEXT);
  EXPECT_EQ(ledger.Submit(kCouncil, Withdraw(2)), v1::REASON_NO_CHANGE_WAITING);
  EXPECT_EQ(NextBlockEdition(ledger.state()), 1U);
}

}  // namespace
}  // namespace timebank::ledger::testing
