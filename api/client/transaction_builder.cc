#include "api/client/transaction_builder.h"

#include "base/check.h"
#include "chain/domains.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "platform/entropy.h"

namespace timebank::client {

SignedTransaction BuildTransaction(const Hash& chain_id, Millis ledger_now,
                                   const std::vector<SignAs>& signers, v1::TransactionBody body) {
  body.set_version(chain::kBodyVersion);
  const bool entry = body.kind_case() == v1::TransactionBody::kSubmitEntry;
  body.set_valid_until_ms(ledger_now.value() + (entry ? kEntryValidityMs : kValidityMs));
  body.set_nonce(platform::Random<KeyId>().str());
  std::vector<const crypto::SecretKey*> keys;
  for (const SignAs& signer : signers) {
    TB_CHECK(signer.key != nullptr);
    v1::Signer& out = *body.add_signers();
    out.set_member(signer.member.str());
    out.set_key_id(crypto::KeyIdOf(signer.key->public_key()).str());
    out.set_role(signer.role);
    if (signer.org) out.set_org(signer.org->str());
    keys.push_back(signer.key);
  }
  SignedTransaction out;
  out.envelope = chain::SignEnvelope(body, chain_id, keys);
  out.id = chain::TransactionId(chain_id, AsBytes(body.SerializeAsString()));
  return out;
}

v1::NewKey ProveKey(const Hash& chain_id, const MemberId& member, const crypto::SecretKey& key) {
  v1::NewKey out;
  out.set_key(crypto::SuitedKey(key.public_key()));
  const Bytes message =
      chain::SignedBytes(chain::kKeyProofDomain, chain_id, {member.view(), AsBytes(out.key())});
  out.set_proof(crypto::SuitedSignature(key.Sign(message)));
  return out;
}

v1::PinProof MakePinProof(const Hash& chain_id, const SignAs& service, const MemberId& card,
                          std::string_view action, Millis expiry) {
  TB_CHECK(service.key != nullptr);
  v1::PinStatement statement;
  statement.set_version(1);
  statement.set_card(card.str());
  statement.set_action_digest(crypto::Sha256(AsBytes(action)).str());
  statement.set_expiry_ms(expiry.value());
  v1::PinProof proof;
  proof.set_statement(statement.SerializeAsString());
  proof.set_service(service.member.str());
  proof.set_key_id(crypto::KeyIdOf(service.key->public_key()).str());
  proof.set_signature(crypto::SuitedSignature(service.key->Sign(
      chain::SignedBytes(chain::kPinDomain, chain_id, {AsBytes(proof.statement())}))));
  return proof;
}

}  // namespace timebank::client
