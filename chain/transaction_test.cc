// Each refusal of an envelope, and what its id depends on.
#include "chain/transaction.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

crypto::SecretKey KeyOf(std::uint64_t number) {
  crypto::SecretKey::Seed seed;
  Prng(number).Fill(seed.data);
  return crypto::SecretKey(seed);
}

struct Wallet {
  Wallet() {
    chain_id.data.fill(std::byte{0x5A});
    body.set_version(1);
    AddSigner('m', first);
    AddSigner('n', second);
    body.set_valid_until_ms(1600000000000);
    body.set_nonce("12345678");
    body.mutable_claim_order()->set_entry(std::string(16, 'e'));
  }
  void AddSigner(char member, const crypto::SecretKey& key) {
    v1::Signer& signer = *body.add_signers();
    signer.set_member(std::string(16, member));
    signer.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    signer.set_role(v1::ROLE_MEMBER);
  }
  [[nodiscard]] std::string Sign() const { return SignEnvelope(body, chain_id, {&first, &second}); }
  [[nodiscard]] v1::Reason Refusal() const { return RefusalOf(Sign()); }
  [[nodiscard]] v1::Reason RefusalOf(const std::string& envelope) const {
    const auto transaction = ParseEnvelope(AsBytes(envelope), chain_id);
    return transaction ? v1::REASON_UNSPECIFIED : transaction.error();
  }
  crypto::SecretKey first = KeyOf(1);
  crypto::SecretKey second = KeyOf(2);
  Hash chain_id;
  v1::TransactionBody body;
};

TEST(TransactionTest, ParseGivesIdBodyAndSignaturesThatVerify) {
  const Wallet wallet;
  const std::string envelope = wallet.Sign();
  const auto transaction = ParseEnvelope(AsBytes(envelope), wallet.chain_id);
  ASSERT_TRUE(transaction);
  EXPECT_EQ(CanonicalBytes(transaction->body), CanonicalBytes(wallet.body));
  EXPECT_EQ(transaction->envelope_hash, crypto::Sha256(AsBytes(envelope)));
  const Bytes message = TransactionSignedBytes(wallet.chain_id, AsBytes(transaction->body_bytes));
  EXPECT_EQ(transaction->id, crypto::Sha256(message));
  ASSERT_EQ(transaction->signatures.size(), 2U);
  EXPECT_TRUE(crypto::Verify(wallet.first.public_key(), message, transaction->signatures[0]));
  EXPECT_TRUE(crypto::Verify(wallet.second.public_key(), message, transaction->signatures[1]));
}

TEST(TransactionTest, IdDependsOnChainAndBodyOnly) {
  Wallet wallet;
  const auto id = [&] { return ParseEnvelope(AsBytes(wallet.Sign()), wallet.chain_id)->id; };
  const Hash original = id();
  wallet.first = KeyOf(9);  // another signature
  EXPECT_EQ(id(), original);
  wallet.chain_id.data[31] ^= std::byte{1};
  EXPECT_NE(id(), original);
  wallet.chain_id.data[31] ^= std::byte{1};
  wallet.body.set_nonce("12345679");
  EXPECT_NE(id(), original);
}

TEST(TransactionTest, EveryRefusalHasItsReason) {
  struct Case {
    const char* name;
    v1::Reason reason;
    void (*change)(v1::TransactionBody&);
  };
  const Case kCases[] = {
      {"unchanged", v1::REASON_UNSPECIFIED, [](v1::TransactionBody&) {}},
      {"no version", v1::REASON_UNKNOWN_VERSION, [](auto& b) { b.set_version(0); }},
      {"later version", v1::REASON_UNKNOWN_VERSION, [](auto& b) { b.set_version(2); }},
      {"no nonce", v1::REASON_MISSING_FIELD, [](auto& b) { b.clear_nonce(); }},
      {"no validity", v1::REASON_MISSING_FIELD, [](auto& b) { b.clear_valid_until_ms(); }},
      {"no kind", v1::REASON_MISSING_FIELD, [](auto& b) { b.clear_kind(); }},
      {"no signers", v1::REASON_MISSING_FIELD, [](auto& b) { b.clear_signers(); }},
      {"signer without member", v1::REASON_MISSING_FIELD,
       [](auto& b) { b.mutable_signers(1)->clear_member(); }},
      {"signer without key", v1::REASON_MISSING_FIELD,
       [](auto& b) { b.mutable_signers(1)->clear_key_id(); }},
      {"signer without role", v1::REASON_MISSING_FIELD,
       [](auto& b) { b.mutable_signers(1)->clear_role(); }},
      {"same signer twice", v1::REASON_DUPLICATE_SIGNER,
       [](auto& b) { *b.mutable_signers(1) = b.signers(0); }},
      {"same signer twice in two roles", v1::REASON_DUPLICATE_SIGNER,
       [](auto& b) {
         *b.mutable_signers(1) = b.signers(0);
         b.mutable_signers(1)->set_role(v1::ROLE_CLERK);
       }},
      {"fewer signers than signatures", v1::REASON_SIGNATURE_COUNT,
       [](auto& b) { b.mutable_signers()->RemoveLast(); }},
      {"short nonce", v1::REASON_MALFORMED, [](auto& b) { b.set_nonce("1234567"); }},
      {"unknown role", v1::REASON_BAD_FIELD,
       [](auto& b) { b.mutable_signers(0)->set_role(static_cast<v1::Role>(99)); }},
      {"501 lines", v1::REASON_TOO_MANY_LINES,
       [](auto& b) {
         for (int i = 0; i < 501; ++i) b.mutable_approve_entries()->add_lines();
       }},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Wallet wallet;
    c.change(wallet.body);
    EXPECT_EQ(wallet.Refusal(), c.reason);
  }
}

TEST(TransactionTest, ListsMayBeLargeAndNoEnvelopeBeyondItsLimit) {
  Wallet wallet;
  for (int i = 0; i < 500; ++i) {
    v1::ApprovalLine& line = *wallet.body.mutable_approve_entries()->add_lines();
    line.set_entry(std::string(16, 'e'));
    line.set_content_hash(std::string(32, 'h'));
  }
  EXPECT_GT(wallet.Sign().size(), kBodySizeMax);
  EXPECT_EQ(wallet.Refusal(), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(wallet.RefusalOf(std::string(kEnvelopeSizeMax + 1, '\0')), v1::REASON_OVERSIZE);
}

TEST(TransactionTest, AnEnvelopeOfAnotherChainIsToldApart) {
  Wallet wallet;
  const std::string envelope = wallet.Sign();
  wallet.chain_id.data[0] ^= std::byte{1};
  EXPECT_EQ(wallet.RefusalOf(envelope), v1::REASON_WRONG_CHAIN);
}

TEST(TransactionTest, EnvelopesAreScannedStrictly) {
  const Wallet wallet;
  const std::string good = wallet.Sign();
  EXPECT_EQ(wallet.RefusalOf(good.substr(0, good.size() - 1)), v1::REASON_MALFORMED);
  EXPECT_EQ(wallet.RefusalOf(good + std::string("\x20\x01")), v1::REASON_UNKNOWN_FIELD);
  EXPECT_EQ(wallet.RefusalOf(good + good), v1::REASON_NON_CANONICAL);
  std::string other_suite = good;
  other_suite[good.size() - 65] = '\2';
  EXPECT_EQ(wallet.RefusalOf(other_suite), v1::REASON_BAD_SIGNATURE);
}

}  // namespace
}  // namespace timebank::chain
