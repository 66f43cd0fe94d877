// Evidence in blocks: what is recorded, what makes a block invalid, and until when.
#include "ledger/evidence.h"

#include <gtest/gtest.h>

#include "chain/evidence.h"
#include "chain/genesis.h"
#include "ledger/block.h"
#include "ledger/testing/test_ledger.h"
#include "ledger/validators.h"

namespace timebank::ledger::testing {
namespace {

using chain::EvidenceKind;
using chain::VoteKind;

constexpr int kValidators = 4;

std::string NameOf(int validator) { return "v" + std::to_string(validator); }

void WithValidators(v1::Genesis& genesis) {
  std::vector<std::string> keys;
  for (int i = 0; i < kValidators; ++i) {
    keys.push_back(crypto::SuitedKey(SecretKeyOf(NameOf(i)).public_key()));
  }
  std::sort(keys.begin(), keys.end());
  genesis.clear_validators();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    v1::Validator& validator = *genesis.add_validators();
    validator.set_key(keys[i]);
    validator.set_name(std::string("name") + std::to_string(i));
    validator.set_tls_key_hash(std::string(32, static_cast<char>('a' + i)));
  }
}

chain::EvidenceVote VoteOf(const TestLedger& ledger, const std::string& name, VoteKind kind,
                           std::uint8_t block, std::uint64_t epoch = 0) {
  chain::EvidenceVote vote;
  vote.position = {kind, Epoch(epoch), View(3), View(0), Hash{}};
  if (kind != VoteKind::kNullify) vote.position.digest.data[0] = std::byte{block};
  vote.signature =
      SecretKeyOf(name).Sign(chain::VoteBytes(ledger.state().chain_id(), vote.position));
  return vote;
}

std::string TwoFinalizes(const TestLedger& ledger, int validator, std::uint8_t second = 2,
                         std::uint64_t epoch = 0) {
  const std::string name = NameOf(validator);
  return chain::EncodeEvidence({EvidenceKind::kConflictingFinalize, SecretKeyOf(name).public_key(),
                                VoteOf(ledger, name, VoteKind::kFinalize, 1, epoch),
                                VoteOf(ledger, name, VoteKind::kFinalize, second, epoch)});
}

std::string NullifyAndFinalize(const TestLedger& ledger, int validator) {
  const std::string name = NameOf(validator);
  return chain::EncodeEvidence({EvidenceKind::kNullifyFinalize, SecretKeyOf(name).public_key(),
                                VoteOf(ledger, name, VoteKind::kNullify, 0),
                                VoteOf(ledger, name, VoteKind::kFinalize, 1)});
}

Expected<BlockResult, BlockError> ApplyWith(const State& state, Millis now,
                                            const std::vector<std::string>& evidence) {
  return Apply(
      state,
      {.place = {state.height().Next(), now, Hash{}}, .transactions = {}, .evidence = evidence});
}

TEST(EvidenceInBlocks, IsRecordedUnderTheRootByValidatorAndKind) {
  const TestLedger ledger(WithValidators);
  const std::vector<std::string> items = {TwoFinalizes(ledger, 1), TwoFinalizes(ledger, 0),
                                          NullifyAndFinalize(ledger, 1)};
  const auto with = ApplyWith(ledger.state(), ledger.now(), items);
  ASSERT_TRUE(with);
  const auto without = ApplyWith(ledger.state(), ledger.now(), {});
  EXPECT_NE(with->state_root, without->state_root);
  EXPECT_EQ(with->log_root, without->log_root);  // no transaction
  const auto record = EvidenceOf(with->state, Epoch(0));
  ASSERT_TRUE(record);
  ASSERT_EQ(record->items_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(record->items(i).height(), with->state.height().value());
    EXPECT_NE(std::find(items.begin(), items.end(), record->items(i).evidence()), items.end());
  }
  // In whatever order the leader puts them, the record is the same.
  const auto turned = ApplyWith(ledger.state(), ledger.now(), {items[2], items[1], items[0]});
  ASSERT_TRUE(turned);
  EXPECT_EQ(turned->state_root, with->state_root);
}

TEST(EvidenceInBlocks, ASecondOfAKindIsRefusedAndMakesTheBlockInvalid) {
  const TestLedger ledger(WithValidators);
  const auto once = ApplyWith(ledger.state(), ledger.now(), {TwoFinalizes(ledger, 1)});
  ASSERT_TRUE(once);
  const std::string other = TwoFinalizes(ledger, 1, /*second=*/3);
  EXPECT_EQ(JudgeEvidence(once->state, AsBytes(other)), EvidenceRefusal::kKnown);
  const auto again = ApplyWith(once->state, Millis(ledger.now_ms() + 1), {other});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().what, BlockError::What::kEvidence);
  EXPECT_FALSE(ApplyWith(ledger.state(), ledger.now(), {TwoFinalizes(ledger, 1), other}));
}

TEST(EvidenceInBlocks, WhatIsNotProvenIsRefused) {
  const TestLedger ledger(WithValidators);
  chain::Evidence half_forged{EvidenceKind::kConflictingFinalize,
                              SecretKeyOf(NameOf(1)).public_key(),
                              VoteOf(ledger, NameOf(1), VoteKind::kFinalize, 1),
                              VoteOf(ledger, NameOf(2), VoteKind::kFinalize, 2)};
  const struct {
    const char* name;
    std::string item;
    EvidenceRefusal expected;
  } cases[] = {
      {"half of it forged", chain::EncodeEvidence(half_forged), EvidenceRefusal::kNotProven},
      {"a stranger's", TwoFinalizes(ledger, kValidators), EvidenceRefusal::kNotProven},
      {"of an epoch to come", TwoFinalizes(ledger, 1, 2, 1), EvidenceRefusal::kNotNow},
      {"nothing", "", EvidenceRefusal::kForm},
      {"text", "x", EvidenceRefusal::kForm},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.name);
    EXPECT_EQ(JudgeEvidence(ledger.state(), AsBytes(item.item)), item.expected);
    EXPECT_FALSE(ApplyWith(ledger.state(), ledger.now(), {item.item}));
  }
}

// The set of its epoch judges it, and only so long as that epoch is this one or the one before.
TEST(EvidenceInBlocks, CountsUntilTheEpochAfterItsOwnHasEnded) {
  TestLedger ledger(WithValidators);
  const std::string item = TwoFinalizes(ledger, 1);
  const auto in_epoch = [&ledger](std::uint64_t epoch) {
    v1::ValidatorSetRecord others;
    others.set_version(1);
    *others.mutable_validators() = SetOf(ledger.state(), Epoch(0)).validators();
    others.mutable_validators()->DeleteSubrange(0, 1);
    ledger.Overwrite<v1::ValidatorSetRecord>(Epoch(epoch), [&](auto& record) { record = others; });
    ledger.Overwrite<v1::ChainRecord>({}, [&](auto& record) { record.set_epoch(epoch); });
  };
  for (int i = 0; i < kValidators; ++i) {
    EXPECT_EQ(JudgeEvidence(ledger.state(), AsBytes(TwoFinalizes(ledger, i))), std::nullopt);
  }
  in_epoch(1);
  for (int i = 0; i < kValidators; ++i) {  // also of the one who has left
    EXPECT_EQ(JudgeEvidence(ledger.state(), AsBytes(TwoFinalizes(ledger, i))), std::nullopt);
  }
  in_epoch(2);
  EXPECT_EQ(JudgeEvidence(ledger.state(), AsBytes(item)), EvidenceRefusal::kNotNow);
}

TEST(EvidenceInBlocks, IsBoundedPerBlock) {
  const TestLedger ledger(WithValidators);
  BlockExecution block(ledger.state(), {ledger.state().height().Next(), ledger.now(), Hash{}});
  std::size_t recorded = 0;
  for (int validator = 0; validator < kValidators; ++validator) {
    if (block.TryRecord(AsBytes(TwoFinalizes(ledger, validator)))) ++recorded;
    if (block.TryRecord(AsBytes(NullifyAndFinalize(ledger, validator)))) ++recorded;
  }
  EXPECT_EQ(recorded, 2U * kValidators);
  EXPECT_LE(recorded, kBlockEvidenceMax);
  EXPECT_FALSE(block.TryRecord(AsBytes(TwoFinalizes(ledger, 0))));
}

}  // namespace
}  // namespace timebank::ledger::testing
