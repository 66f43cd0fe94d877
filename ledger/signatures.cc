#include "ledger/signatures.h"

#include <utility>

#include "chain/domains.h"

namespace timebank::ledger {
namespace {

using Checks = std::vector<SignatureCheck>;

std::optional<crypto::PublicKey> KeyIn(const v1::Member& member, std::string_view key_id) {
  for (const v1::MemberKey& key : member.keys()) {
    if (key.key_id() == key_id) return crypto::ParseSuitedKey(AsBytes(key.key()));
  }
  return std::nullopt;
}

v1::Reason AddSigners(const State& state, const chain::Transaction& transaction, Checks& checks) {
  const Bytes message =
      chain::TransactionSignedBytes(state.chain_id(), AsBytes(transaction.body_bytes));
  for (int i = 0; i < transaction.body.signers_size(); ++i) {
    const v1::Signer& signer = transaction.body.signers(i);
    const auto member = state.Find<v1::Member>(As<MemberId>(signer.member()));
    if (!member) return v1::REASON_UNKNOWN_MEMBER;
    const auto key = KeyIn(*member, signer.key_id());
    if (!key) return v1::REASON_UNKNOWN_KEY;
    checks.push_back({*key, message, transaction.signatures[static_cast<std::size_t>(i)],
                      v1::REASON_BAD_SIGNATURE});
  }
  return v1::REASON_UNSPECIFIED;
}

// FORMATS 3: over `timebank/pin/v1\0` || chain_id || statement.
v1::Reason AddPin(const State& state, const v1::PinProof& pin, Checks& checks) {
  const auto service = state.Find<v1::Member>(As<MemberId>(pin.service()));
  const auto key = service ? KeyIn(*service, pin.key_id()) : std::nullopt;
  const auto signature = crypto::ParseSuitedSignature(AsBytes(pin.signature()));
  if (!key || !signature) return v1::REASON_BAD_PIN_STATEMENT;
  checks.push_back(
      {*key, chain::SignedBytes(chain::kPinDomain, state.chain_id(), {AsBytes(pin.statement())}),
       *signature, v1::REASON_BAD_PIN_STATEMENT});
  return v1::REASON_UNSPECIFIED;
}

// A new key signs `timebank/key/v1\0` || chain_id || member || key: somebody holds it.
v1::Reason AddKeyProof(const State& state, std::string_view member, const v1::NewKey& proven,
                       Checks& checks) {
  const auto key = crypto::ParseSuitedKey(AsBytes(proven.key()));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(proven.proof()));
  if (!key || !signature) return v1::REASON_BAD_KEY_PROOF;
  checks.push_back({*key,
                    chain::SignedBytes(chain::kKeyProofDomain, state.chain_id(),
                                       {AsBytes(member), AsBytes(proven.key())}),
                    *signature, v1::REASON_BAD_KEY_PROOF});
  return v1::REASON_UNSPECIFIED;
}

v1::Reason AddReady(const State& state, const v1::Ready& ready, Checks& checks) {
  const auto key = crypto::ParseSuitedKey(AsBytes(ready.key()));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(ready.proof()));
  const auto digest = Hash::From(ready.digest());
  if (!key || !signature || !digest) return v1::REASON_BAD_KEY_PROOF;
  checks.push_back({*key, chain::ReadyBytes(state.chain_id(), Height(ready.height()), *digest),
                    *signature, v1::REASON_BAD_KEY_PROOF});
  return v1::REASON_UNSPECIFIED;
}

// Signatures inside the kind, beyond those of the signers.
v1::Reason AddInner(const State& state, const v1::TransactionBody& body, Checks& checks) {
  if (body.has_register_member()) {
    const v1::RegisterMember& message = body.register_member();
    for (const v1::NewKey& key : message.keys()) {
      const v1::Reason r = AddKeyProof(state, message.member(), key, checks);
      if (r != v1::REASON_UNSPECIFIED) return r;
    }
  }
  if (body.has_add_key()) {
    return AddKeyProof(state, body.add_key().member(), body.add_key().key(), checks);
  }
  if (body.has_ready()) return AddReady(state, body.ready(), checks);
  if (body.has_confirm_entry() && body.confirm_entry().has_pin()) {
    return AddPin(state, body.confirm_entry().pin(), checks);
  }
  if (body.has_redeem() && body.redeem().has_pin()) {
    return AddPin(state, body.redeem().pin(), checks);
  }
  if (body.has_confirm_redemption() && body.confirm_redemption().has_pin()) {
    return AddPin(state, body.confirm_redemption().pin(), checks);
  }
  return v1::REASON_UNSPECIFIED;
}

}  // namespace

Expected<Checks, v1::Reason> CollectSignatureChecks(const State& state,
                                                    const chain::Transaction& transaction) {
  Checks checks;
  for (const v1::Reason reason :
       {AddSigners(state, transaction, checks), AddInner(state, transaction.body, checks)}) {
    if (reason != v1::REASON_UNSPECIFIED) return Unexpected{reason};
  }
  return checks;
}

v1::Reason CheckSignatures(const State& state, const chain::Transaction& transaction) {
  const auto checks = CollectSignatureChecks(state, transaction);
  if (!checks) return checks.error();
  for (const SignatureCheck& check : *checks) {
    if (!crypto::Verify(check.key, check.message, check.signature)) return check.otherwise;
  }
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::ledger
