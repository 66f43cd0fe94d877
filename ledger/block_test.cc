// Blocks: built, applied and judged alike; validity and replay; limits; nothing left of what was
// refused; old states stay what they were.
#include "ledger/block.h"

#include <gtest/gtest.h>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "crypto/sha256.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

v1::Transfer TransferOf(std::string_view to, std::int64_t minutes) {
  v1::Transfer message;
  message.set_to(PersonId(to).str());
  message.set_minutes(minutes);
  return message;
}

// elder and elder2 are sisters, with an hour each.
TestLedger Sisters() {
  TestLedger ledger;
  v1::RegisterKin message;
  message.set_member(PersonId("elder").str());
  message.set_relative(PersonId("elder2").str());
  message.set_kinship(v1::KINSHIP_SIBLING);
  EXPECT_EQ(ledger.Submit({{"lister_street", v1::ROLE_LISTER, "street"}}, message), kOk);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 60);
  ledger.Mint("elder2", v1::ACCOUNT_KIND_EARNED, 60);
  return ledger;
}

TEST(Validity, EndsToTheMillisecond) {
  TestLedger ledger = Sisters();
  struct Case {
    const char* name;
    std::int64_t ahead_ms;
    Reason expected;
  };
  const auto hour = static_cast<std::int64_t>(kHourMs);
  for (const Case& c :
       {Case{"past", -1, v1::REASON_EXPIRED}, Case{"now", 0, kOk}, Case{"an hour", hour, kOk},
        Case{"more", hour + 1, v1::REASON_VALIDITY_TOO_LONG}}) {
    SCOPED_TRACE(c.name);
    const std::uint64_t until = ledger.now_ms() + static_cast<std::uint64_t>(c.ahead_ms);
    EXPECT_EQ(ledger.Submit({{"elder"}}, TransferOf("elder2", 1),
                            [&](v1::TransactionBody& body) { body.set_valid_until_ms(until); }),
              c.expected);
  }
}

TEST(Replay, IsRefusedUntilTheMarkIsSweptAfterValidity) {
  TestLedger ledger = Sisters();
  const auto body = ledger.Body({{"elder"}}, TransferOf("elder2", 10));
  ASSERT_EQ(ledger.SubmitBody(body), kOk);
  EXPECT_EQ(ledger.SubmitBody(body), v1::REASON_REPLAY);
  EXPECT_EQ(ledger.balance("elder2", v1::ACCOUNT_KIND_RECEIVED), 10);
  const Hash id =
      chain::TransactionId(ledger.state().chain_id(), AsBytes(chain::CanonicalBytes(body)));
  EXPECT_TRUE(ledger.state().Find<v1::TransactionMark>(id).has_value());
  EXPECT_EQ(ledger.state().next_due(), Millis(body.valid_until_ms() + 1));
  ledger.Advance(30 * kMinuteMs + 1);
  EXPECT_EQ(ledger.SubmitBody(body), v1::REASON_EXPIRED);
  const std::uint64_t log_size = ledger.state().chain().log_size();
  ledger.Tick();
  EXPECT_FALSE(ledger.state().Find<v1::TransactionMark>(id).has_value());
  EXPECT_EQ(ledger.state().chain().log_size(), log_size) << "a swept mark has no effects line";
}

TEST(Signers, MustBeKnownWithActiveKeys) {
  TestLedger ledger = Sisters();
  const auto transfer = TransferOf("elder2", 1);
  EXPECT_EQ(ledger.Submit({{"nobody"}}, transfer), v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({{"elder", v1::ROLE_MEMBER, "", "another key"}}, transfer),
            v1::REASON_UNKNOWN_KEY);
  EXPECT_EQ(ledger.Submit({{"elder", v1::ROLE_MEMBER, "community"}}, transfer),
            v1::REASON_BAD_FIELD);
  EXPECT_EQ(ledger.Submit({{"elder", v1::ROLE_CLERK}}, transfer), v1::REASON_MISSING_FIELD);
  EXPECT_EQ(ledger.Submit({{"elder"}, {"elder2"}}, transfer), v1::REASON_F15_WRONG_SCOPE);
  v1::RevokeKey revoke;
  revoke.set_member(PersonId("elder").str());
  revoke.set_key_id(crypto::KeyIdOf(SecretKeyOf("elder").public_key()).str());
  ASSERT_EQ(ledger.Submit({{"elder"}}, revoke), kOk);
  EXPECT_EQ(ledger.Submit({{"elder"}}, transfer), v1::REASON_KEY_REVOKED);
}

TEST(Envelopes, OfAnotherChainOrVersionAreRefused) {
  TestLedger ledger = Sisters();
  const auto transfer = TransferOf("elder2", 1);
  EXPECT_EQ(
      ledger.Submit({{"elder"}}, transfer, [](v1::TransactionBody& body) { body.set_version(2); }),
      v1::REASON_UNKNOWN_VERSION);
  EXPECT_EQ(ledger.Submit({{"elder"}, {"elder"}}, transfer), v1::REASON_DUPLICATE_SIGNER);
  EXPECT_EQ(
      ledger.Submit({{"elder"}}, transfer, [](v1::TransactionBody& body) { body.clear_kind(); }),
      v1::REASON_MISSING_FIELD);
}

// Several transactions in one block, made from bodies.
struct Block {
  explicit Block(const TestLedger& ledger, const std::vector<v1::TransactionBody>& bodies) {
    envelopes.reserve(bodies.size());
    parsed.reserve(bodies.size());
    for (const auto& body : bodies) {
      envelopes.push_back(ledger.Envelope(body));
      auto transaction = chain::ParseEnvelope(AsBytes(envelopes.back()), ledger.state().chain_id());
      EXPECT_TRUE(transaction.has_value());
      parsed.push_back(std::move(*transaction));
      transactions.push_back({AsBytes(envelopes.back()), &parsed.back()});
    }
  }
  std::vector<std::string> envelopes;
  std::vector<chain::Transaction> parsed;
  std::vector<BlockTransaction> transactions;
};

BlockPlace PlaceAfter(const TestLedger& ledger) {
  return {ledger.state().height().Next(), ledger.now(), Hash{}};
}

TEST(BlockExecution, RefusedTransactionsLeaveNoTrace) {
  TestLedger ledger = Sisters();
  const auto good = ledger.Body({{"elder"}}, TransferOf("elder2", 50));
  const auto good2 = ledger.Body({{"elder"}}, TransferOf("elder2", 10));
  const auto bad = ledger.Body({{"elder"}}, TransferOf("elder2", 11));
  const Block with(ledger, {good, bad, good2});
  BlockExecution mixed(ledger.state(), PlaceAfter(ledger));
  EXPECT_EQ(mixed.TryApply(with.transactions[0]), kOk);
  EXPECT_EQ(mixed.TryApply(with.transactions[1]), v1::REASON_F13_INSUFFICIENT);
  EXPECT_EQ(mixed.TryApply(with.transactions[2]), kOk);
  EXPECT_EQ(mixed.transaction_count(), 2U);
  const BlockResult built = mixed.Finish();
  const Block without(ledger, {good, good2});
  const auto applied = Apply(ledger.state(), {PlaceAfter(ledger), without.transactions});
  ASSERT_TRUE(applied.has_value());
  EXPECT_EQ(built.state_root, applied->state_root);
  EXPECT_EQ(built.tx_root, applied->tx_root);
  EXPECT_EQ(built.log_root, applied->log_root);
  EXPECT_EQ(built.leaves.size(), 2U);
}

TEST(Apply, OneRefusedTransactionMakesTheBlockInvalid) {
  TestLedger ledger = Sisters();
  const Block block(ledger, {ledger.Body({{"elder"}}, TransferOf("elder2", 60)),
                             ledger.Body({{"elder"}}, TransferOf("elder2", 1))});
  const auto applied = Apply(ledger.state(), {PlaceAfter(ledger), block.transactions});
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().what, BlockError::What::kTransaction);
  EXPECT_EQ(applied.error().index, 1U);
  EXPECT_EQ(applied.error().reason, v1::REASON_F13_INSUFFICIENT);
}

TEST(Apply, PlaceMustFollowTheParent) {
  TestLedger ledger;
  const BlockPlace good = PlaceAfter(ledger);
  BlockPlace gap = good;
  gap.height = gap.height.Next();
  BlockPlace stale = good;
  stale.timestamp = ledger.state().time();
  BlockPlace just_later = stale;
  just_later.timestamp = just_later.timestamp.Next();
  EXPECT_TRUE(Apply(ledger.state(), {good, {}}).has_value());
  EXPECT_TRUE(Apply(ledger.state(), {just_later, {}}).has_value());
  EXPECT_FALSE(Apply(ledger.state(), {gap, {}}).has_value());
  EXPECT_FALSE(Apply(ledger.state(), {stale, {}}).has_value());
}

TEST(Apply, OldStatesStayWhatTheyWere) {
  TestLedger ledger = Sisters();
  const State before = ledger.state();
  const Hash root = before.root();
  const auto due = before.next_due();
  ASSERT_EQ(ledger.Submit({{"elder"}}, TransferOf("elder2", 10)), kOk);
  EXPECT_NE(ledger.state().root(), root);
  EXPECT_EQ(before.root(), root);
  EXPECT_EQ(before.next_due(), due);
  EXPECT_EQ(BalanceOf(*before.Find<v1::Member>(PersonId("elder")), v1::ACCOUNT_KIND_EARNED), 60);
}

TEST(Apply, KeepsARingOfDigests) {
  TestLedger ledger;
  Hash digest = crypto::Sha256(AsBytes("parent"));
  for (std::uint64_t height = 1; height <= kDigestRing + 1; ++height) ledger.Tick();
  const auto slot0 = ledger.state().Find<v1::DigestMark>(DigestSlot(0));
  ASSERT_TRUE(slot0.has_value());
  EXPECT_EQ(slot0->height(), kDigestRing);
  const auto applied =
      Apply(ledger.state(), {{ledger.state().height().Next(), ledger.now(), digest}, {}});
  ASSERT_TRUE(applied.has_value());
  const auto slot1 = applied->state.Find<v1::DigestMark>(DigestSlot(1));
  EXPECT_EQ(slot1->height(), kDigestRing + 1);
  EXPECT_EQ(slot1->digest(), digest.text());
}

TEST(Limits, AByteAndAUnitMoreDoNotFit) {
  TestLedger ledger = Sisters();
  const Block block(ledger, {ledger.Body({{"elder"}}, TransferOf("elder2", 1))});
  std::string padded(kBlockBytesMax - 4, 'x');
  BlockExecution execution(ledger.state(), PlaceAfter(ledger));
  EXPECT_TRUE(execution.Fits({AsBytes(padded), block.transactions[0].transaction}));
  padded += 'x';
  EXPECT_FALSE(execution.Fits({AsBytes(padded), block.transactions[0].transaction}));

  v1::ListMember list;
  for (std::size_t i = 0; i < kBlockUnitsMax; ++i) list.add_members(PersonId("elder").str());
  chain::Transaction many = *block.transactions[0].transaction;
  *many.body.mutable_list_member() = list;
  EXPECT_TRUE(execution.Fits({block.transactions[0].envelope, &many}));
  many.body.mutable_list_member()->add_members(PersonId("elder").str());
  EXPECT_FALSE(execution.Fits({block.transactions[0].envelope, &many}));
}

TEST(Effects, ChainTheStatementsOfThosePostedTo) {
  TestLedger ledger = Sisters();
  const std::uint64_t index = ledger.state().chain().log_size();
  ASSERT_EQ(ledger.Submit({{"elder"}}, TransferOf("elder2", 10)), kOk);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].height(), ledger.state().height().value());
  EXPECT_EQ(lines[0].timestamp_ms(), ledger.state().time().value());
  ASSERT_EQ(lines[0].postings_size(), 2);
  EXPECT_EQ(lines[0].postings(0).amount(), -10);
  EXPECT_EQ(lines[0].postings(1).amount(), 10);
  EXPECT_EQ(ledger.state().chain().log_size(), index + 1);
  for (const char* name : {"elder", "elder2"}) {
    const v1::Member member = ledger.member(name);
    EXPECT_EQ(member.statement_count(), 1U);
    const Hash line = crypto::Sha256(AsBytes(chain::CanonicalBytes(lines[0])));
    EXPECT_EQ(As<Hash>(member.statement_head()),
              chain::NextStatementHead(Hash{}, {0, index, 0, line}));
  }
  EXPECT_EQ(ledger.member("volunteer").statement_count(), 0U);
}

TEST(Determinism, EqualInputsGiveEqualRoots) {
  std::vector<Hash> roots;
  for (int run = 0; run < 2; ++run) {
    TestLedger ledger = Sisters();
    EXPECT_EQ(ledger.Submit({{"elder"}}, TransferOf("elder2", 10)), kOk);
    EXPECT_EQ(ledger.Submit({{"elder2"}}, TransferOf("elder", 3)), kOk);
    roots.push_back(ledger.state().root());
  }
  EXPECT_EQ(roots[0], roots[1]);
}

}  // namespace
}  // namespace timebank::ledger::testing
