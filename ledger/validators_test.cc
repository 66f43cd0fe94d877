// CHANGE_VALIDATORS and READY: who may, what set may come of it, and which block ends the epoch.
#include "ledger/validators.h"

#include <gtest/gtest.h>

#include "chain/domains.h"
#include "chain/genesis.h"
#include "ledger/testing/council.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

std::string KeyOf(std::string_view name) {
  return crypto::SuitedKey(SecretKeyOf(name).public_key());
}

v1::Validator ValidatorOf(const std::string& name) {
  v1::Validator validator;
  validator.set_key(KeyOf(name));
  validator.set_name(name);
  validator.set_tls_key_hash(chain::TagHash("tls", {AsBytes(name)}).str());
  validator.set_address("127.0.0.1:1");
  return validator;
}

// `size` validators v0, v1, ...; a council of three organisations, two of which decide.
std::function<void(v1::Genesis&)> WithValidators(int size) {
  return [size](v1::Genesis& genesis) {
    std::vector<v1::Validator> set;
    for (int i = 0; i < size; ++i) set.push_back(ValidatorOf("v" + std::to_string(i)));
    std::sort(set.begin(), set.end(),
              [](const auto& a, const auto& b) { return a.key() < b.key(); });
    genesis.clear_validators();
    for (v1::Validator& validator : set) *genesis.add_validators() = validator;
    SeatCouncil(genesis);
  };
}

v1::ChangeValidators Change(std::vector<std::string> remove, std::vector<std::string> add,
                            std::uint64_t epoch = 0) {
  v1::ChangeValidators message;
  message.set_epoch(epoch);
  const auto by_key = [](const auto& a, const auto& b) { return KeyOf(a) < KeyOf(b); };
  std::sort(remove.begin(), remove.end(), by_key);
  std::sort(add.begin(), add.end(), by_key);
  message.set_withdraw(remove.empty() && add.empty());
  for (const std::string& name : remove) message.add_remove(KeyOf(name));
  for (const std::string& name : add) *message.add_add() = ValidatorOf(name);
  return message;
}

// READY of `name` for the highest block whose digest the state holds.
v1::Ready ReadyOf(const TestLedger& ledger, const std::string& name) {
  const std::uint64_t height = ledger.state().height().value() - 1;
  const auto mark = ledger.state().Find<v1::DigestMark>(
      DigestSlot(static_cast<std::uint16_t>(height % kDigestRing)));
  v1::Ready message;
  message.set_key(KeyOf(name));
  message.set_height(height);
  message.set_digest(mark->digest());
  const Bytes bytes =
      chain::ReadyBytes(ledger.state().chain_id(), Height(height), As<Hash>(mark->digest()));
  message.set_proof(crypto::SuitedSignature(SecretKeyOf(name).Sign(bytes)));
  return message;
}

std::uint64_t EpochOf(const TestLedger& ledger) { return ledger.state().chain().epoch(); }

TEST(ChangeValidators, TheCouncilDecidesPersonsAndOrganisationsCounted) {
  struct Case {
    const char* name;
    std::vector<By> signers;
    Reason expected;
  };
  const Case cases[] = {
      {"one seat of two", {kSeat1}, v1::REASON_THRESHOLD_NOT_MET},
      {"two persons of one seat", {kSeat2, kSeat2Again}, v1::REASON_THRESHOLD_NOT_MET},
      {"an outsider beside them",
       {kSeat1, kSeat2, {"regulator_district", v1::ROLE_REGULATOR, "district"}},
       v1::REASON_F15_WRONG_SCOPE},
      {"an operator", {kOperator}, v1::REASON_F15_WRONG_SCOPE},
      {"two seats", {kSeat1, kSeat2}, kOk},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger ledger(WithValidators(5));
    EXPECT_EQ(ledger.Submit(c.signers, Change({"v0"}, {})), c.expected);
    EXPECT_EQ(EpochOf(ledger), c.expected == kOk ? 1U : 0U);
  }
}

TEST(ChangeValidators, OnePersonWithTwoSeatsIsOnePerson) {
  TestLedger ledger(WithValidators(5));
  v1::TransactionBody body = ledger.Body({kSeat1}, Change({"v0"}, {}));
  v1::Signer second = body.signers(0);
  second.set_org(OrganisationId("clinic").str());
  *body.add_signers() = second;
  EXPECT_NE(ledger.SubmitBody(body), kOk);
  EXPECT_EQ(EpochOf(ledger), 0U);
}

TEST(ChangeValidators, WhatSetMayComeOfIt) {
  struct Case {
    const char* name;
    int size;
    v1::ChangeValidators change;
    Reason expected;
  };
  v1::ChangeValidators same_name = Change({}, {"new"});
  same_name.mutable_add(0)->set_name("v1");
  v1::ChangeValidators same_tls = Change({}, {"new"});
  same_tls.mutable_add(0)->set_tls_key_hash(ValidatorOf("v1").tls_key_hash());
  v1::ChangeValidators nowhere = Change({}, {"new"});
  nowhere.mutable_add(0)->clear_address();
  v1::ChangeValidators unsorted = Change({"v0", "v1"}, {});
  unsorted.mutable_remove()->SwapElements(0, 1);
  v1::ChangeValidators both = Change({"v0"}, {});
  both.set_withdraw(true);
  const Case cases[] = {
      {"another epoch", 5, Change({"v0"}, {}, 1), v1::REASON_WRONG_EPOCH},
      {"removes a stranger", 5, Change({"stranger"}, {}), v1::REASON_VALIDATOR_UNKNOWN},
      {"adds who is there", 5, Change({}, {"v0"}), v1::REASON_VALIDATOR_KNOWN},
      {"adds whom it removes", 5, Change({"v0"}, {"v0"}), v1::REASON_VALIDATOR_KNOWN},
      {"a name twice", 5, same_name, v1::REASON_VALIDATOR_KNOWN},
      {"a TLS key twice", 5, same_tls, v1::REASON_VALIDATOR_KNOWN},
      {"no address", 5, nowhere, v1::REASON_MISSING_FIELD},
      {"not ascending", 7, unsorted, v1::REASON_BAD_FIELD},
      {"four are few enough", 4, Change({"v0"}, {}), v1::REASON_VALIDATOR_COUNT},
      {"of five one may go", 5, Change({"v0"}, {}), kOk},
      {"twenty are enough", 20, Change({}, {"new"}), v1::REASON_VALIDATOR_COUNT},
      {"a twentieth may come", 19, Change({}, {"new"}), kOk},
      {"two of six", 6, Change({"v0", "v1"}, {}), v1::REASON_TOO_MANY_CHANGES},
      {"two of seven", 7, Change({"v0", "v1"}, {}), kOk},
      {"two new ones among six", 6, Change({}, {"new", "newer"}), v1::REASON_TOO_MANY_CHANGES},
      {"a rotation is one change", 4, Change({"v0"}, {"new"}), kOk},
      {"neither a change nor a withdrawal", 5, v1::ChangeValidators(), v1::REASON_MISSING_FIELD},
      {"both", 5, both, v1::REASON_BAD_FIELD},
      {"nothing to withdraw", 5, Change({}, {}), v1::REASON_NO_CHANGE_WAITING},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestLedger ledger(WithValidators(c.size));
    EXPECT_EQ(ledger.Submit({kSeat1, kSeat2}, c.change), c.expected);
  }
}

TEST(ChangeValidators, WaitsForReadyOfWhomItAdds) {
  TestLedger ledger(WithValidators(4));
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({"v0"}, {"new"})), kOk);
  EXPECT_EQ(EpochOf(ledger), 0U);
  ASSERT_TRUE(WaitingSet(ledger.state()).has_value());
  EXPECT_TRUE(CurrentSet(ledger.state()).IndexOf(SecretKeyOf("v0").public_key()).has_value());
  ASSERT_EQ(ledger.Submit({kOperator}, ReadyOf(ledger, "new")), kOk);
  EXPECT_EQ(EpochOf(ledger), 1U);
  EXPECT_FALSE(WaitingSet(ledger.state()).has_value());
  const chain::ValidatorSet set = CurrentSet(ledger.state());
  EXPECT_EQ(set.size(), 4U);
  EXPECT_TRUE(set.IndexOf(SecretKeyOf("new").public_key()).has_value());
  EXPECT_FALSE(set.IndexOf(SecretKeyOf("v0").public_key()).has_value());
  const std::uint64_t boundary = ledger.state().height().value();
  EXPECT_EQ(SetOf(ledger.state(), Epoch(1)).boundary_height(), boundary);
  ledger.Tick();
  const auto mark = ledger.state().Find<v1::DigestMark>(
      DigestSlot(static_cast<std::uint16_t>(boundary % kDigestRing)));
  EXPECT_EQ(SetOf(ledger.state(), Epoch(1)).boundary_digest(), mark->digest());
}

TEST(ChangeValidators, ALaterOneReplacesWhatWaitsAndAnEmptyOneWithdraws) {
  TestLedger ledger(WithValidators(4));
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({}, {"new"})), kOk);
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({}, {"newer"})), kOk);
  EXPECT_EQ(ledger.Submit({kOperator}, ReadyOf(ledger, "new")), v1::REASON_NOT_AWAITED);
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({}, {})), kOk);
  EXPECT_EQ(ledger.Submit({kOperator}, ReadyOf(ledger, "newer")), v1::REASON_NOT_AWAITED);
  EXPECT_EQ(EpochOf(ledger), 0U);
}

TEST(Ready, NamesARecentBlockOfThisChain) {
  TestLedger ledger(WithValidators(4));
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({}, {"new"})), kOk);
  const v1::Ready early = ReadyOf(ledger, "new");
  v1::Ready other = early;
  other.set_digest(chain::TagHash("other", {}).str());
  EXPECT_EQ(ledger.Submit({kOperator}, other), v1::REASON_STALE_BLOCK);
  v1::Ready future = early;
  future.set_height(early.height() + 100);
  EXPECT_EQ(ledger.Submit({kOperator}, future), v1::REASON_STALE_BLOCK);
  EXPECT_EQ(ledger.Submit({kSeat1, kSeat2}, early), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"volunteer"}}, early), v1::REASON_F15_WRONG_SCOPE);
  while (ledger.state().height().value() < early.height() + kReadyBlocksMax) ledger.Tick();
  EXPECT_EQ(ledger.Submit({kOperator}, early), v1::REASON_STALE_BLOCK);
  EXPECT_EQ(ledger.Submit({kOperator}, ReadyOf(ledger, "new")), kOk);
}

TEST(Ready, AtTheLastBlockThatIsRecentEnough) {
  TestLedger ledger(WithValidators(4));
  ASSERT_EQ(ledger.Submit({kSeat1, kSeat2}, Change({}, {"new"})), kOk);
  const v1::Ready early = ReadyOf(ledger, "new");
  while (ledger.state().height().value() + 1 < early.height() + kReadyBlocksMax) ledger.Tick();
  EXPECT_EQ(ledger.Submit({kSeat1}, early), kOk);
}

TEST(EpochEnd, NothingMoreIsDecidedInTheBlockThatEndsIt) {
  TestLedger ledger(WithValidators(5));
  const std::string removal = ledger.Envelope(ledger.Body({kSeat1, kSeat2}, Change({"v0"}, {})));
  const std::string second = ledger.Envelope(ledger.Body({kSeat1, kSeat2}, Change({"v1"}, {})));
  BlockExecution block(ledger.state(), {ledger.state().height().Next(), ledger.now(), Hash{}});
  const auto apply = [&](const std::string& envelope) {
    const auto transaction = chain::ParseEnvelope(AsBytes(envelope), ledger.state().chain_id());
    return block.TryApply({AsBytes(envelope), &*transaction});
  };
  EXPECT_EQ(apply(removal), kOk);
  EXPECT_EQ(apply(second), v1::REASON_EPOCH_ENDING);
  const BlockResult result = block.Finish();
  ASSERT_TRUE(result.next_set.has_value());
  EXPECT_EQ(result.next_set->size(), 4U);
  EXPECT_EQ(result.state.chain().epoch(), 1U);
}

}  // namespace
}  // namespace timebank::ledger::testing
