// Donations and transfers: each row that passes has a neighbour that fails by one.
#include <gtest/gtest.h>

#include "base/civil.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

const By kLister{"lister_street", v1::ROLE_LISTER, "street"};

v1::Donate Donation(TestLedger& ledger, std::int64_t minutes) {
  v1::Donate message;
  message.set_hold(ledger.NewId());
  message.set_org(OrganisationId("community").str());
  message.set_minutes(minutes);
  return message;
}

v1::RevokeDonation Revocation(const v1::Donate& donation) {
  v1::RevokeDonation message;
  message.set_hold(donation.hold());
  return message;
}

v1::Transfer TransferOf(std::string_view to, std::int64_t minutes) {
  v1::Transfer message;
  message.set_to(PersonId(to).str());
  message.set_minutes(minutes);
  return message;
}

void SetValue(v1::Genesis& genesis, v1::PolicyParameter parameter, std::int64_t value) {
  v1::GenesisPolicy& policy = *genesis.add_policies();
  policy.set_org(OrganisationId("district").str());
  v1::PolicyValue& added = *policy.mutable_policy()->add_values();
  added.set_parameter(parameter);
  added.set_value(value);
}

// volunteer has `minutes` EARNED and a child, kin.
TestLedger WithKin(std::int64_t minutes,
                   const std::function<void(v1::Genesis&)>& change = nullptr) {
  TestLedger ledger(change);
  v1::RegisterKin kin;
  kin.set_member(PersonId("volunteer").str());
  kin.set_relative(PersonId("kin").str());
  kin.set_kinship(v1::KINSHIP_CHILD);
  EXPECT_EQ(ledger.Submit({kLister}, kin), kOk);
  ledger.Mint("volunteer", v1::ACCOUNT_KIND_EARNED, minutes);
  return ledger;
}

TEST(Donate, IsHeldThenGoesToThePool) {
  TestLedger ledger = WithKin(100);
  const auto donation = Donation(ledger, 100);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  const Millis end(ledger.state().time().value() + kDayMs);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_HELD), 100);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_EARNED), 0);
  EXPECT_EQ(ledger.member("volunteer").held_earned_minutes(), 100);
  ledger.Advance(end.value() - 1 - ledger.now_ms());
  ledger.Tick();
  EXPECT_EQ(ledger.org_balance("community", v1::ACCOUNT_KIND_POOL), 0);
  ledger.Tick();
  EXPECT_EQ(ledger.org_balance("community", v1::ACCOUNT_KIND_POOL), 100);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_HELD), 0);
  EXPECT_EQ(ledger.lines(/*sweep=*/true).at(0).entity(), donation.hold());
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, Revocation(donation)), v1::REASON_UNKNOWN_HOLD);
}

TEST(Donate, OneMinuteTooMuch) {
  TestLedger ledger = WithKin(100);
  ledger.Mint("volunteer", v1::ACCOUNT_KIND_RECEIVED, 50);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, Donation(ledger, 101)), v1::REASON_F13_INSUFFICIENT)
      << "what was received is not given on";
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, Donation(ledger, 100)), kOk);
}

TEST(Donate, FormPartiesAndIds) {
  TestLedger ledger = WithKin(100);
  const auto edited = [&](const std::function<void(v1::Donate&)>& edit) {
    auto message = Donation(ledger, 10);
    edit(message);
    return ledger.Submit({{"volunteer"}}, message);
  };
  EXPECT_EQ(edited([](auto& m) { m.clear_hold(); }), v1::REASON_MISSING_FIELD);
  EXPECT_EQ(edited([](auto& m) { m.clear_org(); }), v1::REASON_MISSING_FIELD);
  EXPECT_EQ(edited([](auto& m) { m.clear_minutes(); }), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(edited([](auto& m) { m.set_minutes(-1); }), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(edited([](auto& m) { m.set_minutes(INT64_MAX); }), v1::REASON_F13_INSUFFICIENT);
  EXPECT_EQ(edited([](auto& m) { m.set_org(PersonId("kin").str()); }),
            v1::REASON_UNKNOWN_ORGANISATION);
  EXPECT_EQ(edited([](auto& m) { m.set_hold("0123456789abcdef"); }), v1::REASON_BAD_ID_TIME);
  EXPECT_EQ(ledger.Submit({kLister}, Donation(ledger, 10)), v1::REASON_F15_WRONG_SCOPE);
}

TEST(Donate, SameIdAgain) {
  TestLedger ledger = WithKin(100);
  const auto donation = Donation(ledger, 10);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_RECORDED);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_HELD), 10);
  auto more = donation;
  more.set_minutes(11);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, more), v1::REASON_CONFLICT);
  EXPECT_EQ(ledger.Submit({{"kin"}}, donation), v1::REASON_CONFLICT);
  auto of_an_entry = Donation(ledger, 10);
  ledger.Overwrite<v1::Entry>(As<EntryId>(of_an_entry.hold()), [&](v1::Entry& entry) {
    entry.set_version(1);
    entry.set_entry(of_an_entry.hold());
  });
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, of_an_entry), v1::REASON_CONFLICT);
}

TEST(Donate, DebtAndYoungKeysAndPolicy) {
  TestLedger in_debt = WithKin(100);
  in_debt.Mint("volunteer", v1::ACCOUNT_KIND_DEBT, -1);
  EXPECT_EQ(in_debt.Submit({{"volunteer"}}, Donation(in_debt, 10)), v1::REASON_DEBT);
  TestLedger off = WithKin(100, [](v1::Genesis& genesis) {
    SetValue(genesis, v1::POLICY_PARAMETER_DONATION_ENABLED, 0);
  });
  EXPECT_EQ(off.Submit({{"volunteer"}}, Donation(off, 10)), v1::REASON_DISABLED_BY_POLICY);
  TestLedger young = WithKin(100);
  v1::AddKey key;
  key.set_member(PersonId("volunteer").str());
  *key.mutable_key() = ProvenKey(young.state().chain_id(), "volunteer", "new phone");
  ASSERT_EQ(young.Submit({{"volunteer"}}, key), kOk);
  const Millis since = young.state().time();
  const By new_phone{"volunteer", v1::ROLE_MEMBER, "", "new phone"};
  young.Advance(since.value() + kDayMs - 1 - young.now_ms());
  EXPECT_EQ(young.Submit({new_phone}, Donation(young, 10)), v1::REASON_F8_KEY_TOO_YOUNG);
  young.Advance(1);
  EXPECT_EQ(young.Submit({new_phone}, Donation(young, 10)), kOk);
}

TEST(RevokeDonation, ByTheGiverWhileHeld) {
  TestLedger ledger = WithKin(100);
  const auto donation = Donation(ledger, 60);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  const Millis end(ledger.state().time().value() + kDayMs);
  EXPECT_EQ(ledger.Submit({{"kin"}}, Revocation(donation)), v1::REASON_F15_WRONG_SCOPE);
  TestLedger too_late = ledger;
  too_late.Advance(end.value() - too_late.now_ms());
  // The sweep of that very block has sent it on already.
  EXPECT_EQ(too_late.Submit({{"volunteer"}}, Revocation(donation)), v1::REASON_UNKNOWN_HOLD);
  ledger.Advance(end.value() - 1 - ledger.now_ms());
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, Revocation(donation)), kOk);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_EARNED), 100);
  EXPECT_EQ(ledger.member("volunteer").held_earned_minutes(), 0);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, Revocation(donation)), v1::REASON_UNKNOWN_HOLD);
}

TEST(RevokeDonation, OverdueIsRefusedAlsoBeforeTheSweepReachedIt) {
  TestLedger ledger = WithKin(100);
  const auto donation = Donation(ledger, 60);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  const Millis end(ledger.state().time().value() + kDayMs);
  ledger.Advance(end.value() - ledger.now_ms());
  const std::string envelope = ledger.Envelope(ledger.Body({{"volunteer"}}, Revocation(donation)));
  const auto transaction = chain::ParseEnvelope(AsBytes(envelope), ledger.state().chain_id());
  ASSERT_TRUE(transaction.has_value());
  EXPECT_EQ(Judge(ledger.state(), end, *transaction), v1::REASON_DEADLINE_PASSED);
  EXPECT_EQ(Judge(ledger.state(), Millis(end.value() - 1), *transaction), kOk);
}

// The id is free again once revoked; the old revocation is not one of the new donation.
TEST(RevokeDonation, IsDoneOnce) {
  TestLedger ledger = WithKin(100);
  const auto donation = Donation(ledger, 60);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  const v1::TransactionBody revocation = ledger.Body({{"volunteer"}}, Revocation(donation));
  ASSERT_EQ(ledger.SubmitBody(revocation), kOk);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, donation), kOk);
  EXPECT_EQ(ledger.SubmitBody(revocation), v1::REASON_REPLAY);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_HELD), 60);
}

TEST(Donate, OfOneInDebtGoesBack) {
  TestLedger ledger = WithKin(100);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, Donation(ledger, 60)), kOk);
  ledger.Mint("volunteer", v1::ACCOUNT_KIND_DEBT, -1);
  ledger.Advance(kDayMs);
  ledger.Tick();
  EXPECT_EQ(ledger.org_balance("community", v1::ACCOUNT_KIND_POOL), 0);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_EARNED), 100);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_HELD), 0);
}

TEST(RevokeDonation, IsNoWayToEndAnOrder) {
  TestLedger ledger;
  const std::string id = ledger.NewId();
  ledger.Overwrite<v1::Hold>(As<HoldId>(id), [&](v1::Hold& hold) {
    hold.set_version(1);
    hold.set_hold(id);
    hold.set_owner(PersonId("elder").str());
    hold.set_purpose(v1::HOLD_PURPOSE_ORDER);
  });
  v1::RevokeDonation message;
  message.set_hold(id);
  EXPECT_EQ(ledger.Submit({{"elder"}}, message), v1::REASON_WRONG_STATE);
}

TEST(Transfer, GoesToRegisteredKinOnly) {
  TestLedger ledger = WithKin(100);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("elder", 10)), v1::REASON_NOT_KIN);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("volunteer", 10)),
            v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("nobody", 10)), v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({kLister}, TransferOf("kin", 10)), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 0)), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", INT64_MIN)),
            v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 101)), v1::REASON_F13_INSUFFICIENT);
  ASSERT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 100)), kOk);
  EXPECT_EQ(ledger.balance("kin", v1::ACCOUNT_KIND_RECEIVED), 100);
  EXPECT_EQ(ledger.Submit({{"kin"}}, TransferOf("volunteer", 1)), v1::REASON_F13_INSUFFICIENT)
      << "what was received is not given on";
}

TEST(Transfer, CapPerSenderAndLocalYear) {
  TestLedger ledger = WithKin(20'000);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 6'001)), v1::REASON_F5_CAP);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", INT64_MAX)), v1::REASON_F5_CAP);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 5'999)), kOk);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 2)), v1::REASON_F5_CAP);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 1)), kOk);
  ledger.Advance(FromCivil({.year = 2025}, 480)->value() - 1 - ledger.now_ms());
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 1)), v1::REASON_F5_CAP);
  ledger.Advance(1);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 6'000)), kOk);
}

TEST(Transfer, DebtPolicyAndBlockedParties) {
  TestLedger in_debt = WithKin(100);
  in_debt.Mint("volunteer", v1::ACCOUNT_KIND_DEBT, -1);
  EXPECT_EQ(in_debt.Submit({{"volunteer"}}, TransferOf("kin", 10)), v1::REASON_DEBT);
  TestLedger off = WithKin(100, [](v1::Genesis& genesis) {
    SetValue(genesis, v1::POLICY_PARAMETER_KIN_TRANSFER_ENABLED, 0);
  });
  EXPECT_EQ(off.Submit({{"volunteer"}}, TransferOf("kin", 10)), v1::REASON_DISABLED_BY_POLICY);
  for (const char* blocked : {"volunteer", "kin"}) {
    SCOPED_TRACE(blocked);
    TestLedger ledger = WithKin(100);
    ledger.Overwrite<v1::Member>(PersonId(blocked), [](v1::Member& member) {
      member.set_status(v1::MEMBER_STATUS_DECEASED);
    });
    EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 10)), v1::REASON_F14_PARTY_BLOCKED);
    EXPECT_EQ(ledger.Submit({{"volunteer"}}, TransferOf("kin", 101)), v1::REASON_F13_INSUFFICIENT)
        << "F13 is judged before F14";
  }
}

}  // namespace
}  // namespace timebank::ledger::testing
