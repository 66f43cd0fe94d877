#include "ledger/signatures.h"

#include <gtest/gtest.h>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

// Signed by the keys named, whoever the signers are.
chain::Transaction Signed(const TestLedger& ledger, const v1::TransactionBody& body,
                          const std::vector<std::string>& keys) {
  std::vector<crypto::SecretKey> secrets;
  for (const std::string& key : keys) secrets.push_back(SecretKeyOf(key));
  std::vector<const crypto::SecretKey*> pointers;
  for (const crypto::SecretKey& secret : secrets) pointers.push_back(&secret);
  const Hash chain_id = ledger.state().chain_id();
  const auto parsed =
      chain::ParseEnvelope(AsBytes(chain::SignEnvelope(body, chain_id, pointers)), chain_id);
  EXPECT_TRUE(parsed.has_value());
  return *parsed;
}

v1::ApproveBudget Budget() {
  v1::ApproveBudget message;
  message.set_district(OrganisationId("district").str());
  message.set_minutes(1);
  return message;
}

const std::vector<By> kTwo{{"regulator_district", v1::ROLE_REGULATOR, "district"},
                           {"finance_district", v1::ROLE_FINANCE, "district"}};

TEST(Signatures, EveryOneOfTheSignersMustBeGood) {
  TestLedger ledger;
  const auto body = ledger.Body(kTwo, Budget());
  const auto check = [&](const std::vector<std::string>& keys) {
    return CheckSignatures(ledger.state(), Signed(ledger, body, keys));
  };
  EXPECT_EQ(check({"regulator_district", "finance_district"}), kOk);
  EXPECT_EQ(check({"finance_district", "regulator_district"}), v1::REASON_BAD_SIGNATURE);
  EXPECT_EQ(check({"regulator_district", "regulator_district"}), v1::REASON_BAD_SIGNATURE);
  EXPECT_EQ(check({"elder", "finance_district"}), v1::REASON_BAD_SIGNATURE);
  const auto checks = CollectSignatureChecks(
      ledger.state(), Signed(ledger, body, {"regulator_district", "finance_district"}));
  ASSERT_TRUE(checks.has_value());
  EXPECT_EQ(checks->size(), 2U);
}

TEST(Signatures, OfOtherBytesAreBad) {
  TestLedger ledger;
  const auto body = ledger.Body(kTwo, Budget());
  auto transaction = Signed(ledger, body, {"regulator_district", "finance_district"});
  transaction.body_bytes.back() = static_cast<char>(transaction.body_bytes.back() ^ 1);
  EXPECT_EQ(CheckSignatures(ledger.state(), transaction), v1::REASON_BAD_SIGNATURE);
}

TEST(Signatures, UnknownSigners) {
  TestLedger ledger;
  const auto nobody = ledger.Body({{"nobody"}}, Budget());
  EXPECT_EQ(CheckSignatures(ledger.state(), Signed(ledger, nobody, {"nobody"})),
            v1::REASON_UNKNOWN_MEMBER);
  const auto other_key = ledger.Body({{"elder", v1::ROLE_MEMBER, "", "spare"}}, Budget());
  EXPECT_EQ(CheckSignatures(ledger.state(), Signed(ledger, other_key, {"spare"})),
            v1::REASON_UNKNOWN_KEY);
}

TEST(Signatures, ProofsOfNewKeys) {
  TestLedger ledger;
  const Hash chain_id = ledger.state().chain_id();
  const By clerk{"clerk_street", v1::ROLE_CLERK, "street"};
  v1::RegisterMember message;
  message.set_member(PersonId("new").str());
  message.set_home_org(OrganisationId("community").str());
  *message.add_keys() = ProvenKey(chain_id, "new", "phone");
  *message.add_keys() = ProvenKey(chain_id, "new", "spare");
  const auto check = [&] {
    return CheckSignatures(ledger.state(),
                           Signed(ledger, ledger.Body({clerk}, message), {"clerk_street"}));
  };
  EXPECT_EQ(check(), kOk);
  *message.mutable_keys(1) = ProvenKey(chain_id, "elder", "spare");
  EXPECT_EQ(check(), v1::REASON_BAD_KEY_PROOF) << "a proof for another member";
  *message.mutable_keys(1) = ProvenKey(Hash{}, "new", "spare");
  EXPECT_EQ(check(), v1::REASON_BAD_KEY_PROOF) << "a proof for another chain";
  *message.mutable_keys(1) = ProvenKey(chain_id, "new", "spare");
  message.mutable_keys(1)->set_proof(message.keys(0).proof());
  EXPECT_EQ(check(), v1::REASON_BAD_KEY_PROOF);

  v1::AddKey add;
  add.set_member(PersonId("elder").str());
  *add.mutable_key() = ProvenKey(chain_id, "elder", "spare");
  EXPECT_EQ(
      CheckSignatures(ledger.state(), Signed(ledger, ledger.Body({{"elder"}}, add), {"elder"})),
      kOk);
  *add.mutable_key() = ProvenKey(chain_id, "elder2", "spare");
  EXPECT_EQ(
      CheckSignatures(ledger.state(), Signed(ledger, ledger.Body({{"elder"}}, add), {"elder"})),
      v1::REASON_BAD_KEY_PROOF);
}

TEST(Signatures, OfPinStatements) {
  TestLedger ledger;
  const By terminal{"terminal_street", v1::ROLE_TERMINAL, "street"};
  v1::PinProof pin;
  pin.set_statement("statement");
  pin.set_service(PersonId("pin_street").str());
  const crypto::SecretKey secret = SecretKeyOf("pin_street");
  pin.set_key_id(crypto::KeyIdOf(secret.public_key()).str());
  const Bytes message =
      chain::SignedBytes(chain::kPinDomain, ledger.state().chain_id(), {AsBytes(pin.statement())});
  pin.set_signature(crypto::SuitedSignature(secret.Sign(message)));
  const auto check = [&](const google::protobuf::Message& kind) {
    return CheckSignatures(ledger.state(),
                           Signed(ledger, ledger.Body({terminal}, kind), {"terminal_street"}));
  };
  v1::ConfirmEntry confirm;
  v1::Redeem redeem;
  v1::ConfirmRedemption receive;
  for (google::protobuf::Message* kind : {static_cast<google::protobuf::Message*>(&confirm),
                                          static_cast<google::protobuf::Message*>(&redeem),
                                          static_cast<google::protobuf::Message*>(&receive)}) {
    SCOPED_TRACE(kind->GetTypeName());
    const auto set = [&](const v1::PinProof& proof) {
      *confirm.mutable_pin() = proof;
      *redeem.mutable_pin() = proof;
      *receive.mutable_pin() = proof;
      return check(*kind);
    };
    EXPECT_EQ(set(pin), kOk);
    v1::PinProof other = pin;
    other.set_statement("statemenT");
    EXPECT_EQ(set(other), v1::REASON_BAD_PIN_STATEMENT);
    other = pin;
    other.set_key_id("12345678");
    EXPECT_EQ(set(other), v1::REASON_BAD_PIN_STATEMENT);
    other = pin;
    other.set_service(PersonId("nobody").str());
    EXPECT_EQ(set(other), v1::REASON_BAD_PIN_STATEMENT);
    other = pin;
    other.mutable_signature()->front() = 2;
    EXPECT_EQ(set(other), v1::REASON_BAD_PIN_STATEMENT);
  }
}

}  // namespace
}  // namespace timebank::ledger::testing
