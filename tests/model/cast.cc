#include "tests/model/cast.h"

#include <algorithm>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"

namespace timebank::model {
namespace {

std::string HashOf(std::string_view kind, std::string_view name) {
  return crypto::Sha256({AsBytes(kind), AsBytes(name)}).str();
}

std::string BigEndian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xFF);
  }
  return out;
}

}  // namespace

Cast::Cast(std::uint64_t genesis_ms) {
  genesis_.set_version(1);
  genesis_.set_genesis_ms(genesis_ms);
  genesis_.set_civil_offset_minutes(480);
  genesis_.set_development(true);
  auto* validator = genesis_.add_validators();
  validator->set_key(crypto::SuitedKey(KeyOf("validator", 1).public_key()));
  validator->set_name("validator");
  validator->set_tls_key_hash(HashOf("tls", "validator"));
}

v1::Organisation& Cast::AddOrg(const std::string& name, v1::OrganisationKind kind,
                               const std::string& parent) {
  auto* org = genesis_.add_organisations();
  org->set_version(1);
  org->set_org(OrgId(name));
  if (!parent.empty()) org->set_parent(OrgId(parent));
  org->set_kind(kind);
  org->set_name(name);
  org->set_created_ms(genesis_.genesis_ms());
  return *org;
}

v1::Member& Cast::AddMember(const std::string& name, const std::string& home,
                            std::uint32_t birth_year) {
  member_index_[name] = genesis_.members_size();
  auto* member = genesis_.add_members();
  member->set_version(1);
  member->set_member(MemberId(name));
  member->set_home_org(OrgId(home));
  member->set_birth_year(birth_year);
  member->set_status(v1::MEMBER_STATUS_ACTIVE);
  member->set_created_ms(genesis_.genesis_ms());
  auto* key = member->add_keys();
  key->set_key_id(crypto::KeyIdOf(KeyOf(name, 1).public_key()).str());
  key->set_key(crypto::SuitedKey(KeyOf(name, 1).public_key()));
  key->set_since_ms(genesis_.genesis_ms());
  return *member;
}

void Cast::AddOffice(const std::string& name, v1::Role role, const std::string& org) {
  v1::Member& member = *genesis_.mutable_members(member_index_.at(name));
  auto* office = member.add_offices();
  office->set_org(OrgId(org));
  office->set_role(role);
  office->set_since_ms(genesis_.genesis_ms());
  std::sort(member.mutable_offices()->begin(), member.mutable_offices()->end(),
            [](const v1::Office& a, const v1::Office& b) {
              return a.org() != b.org() ? a.org() < b.org() : a.role() < b.role();
            });
  NoteOffice(name, {org, role});
}

const std::vector<OfficeOf>& Cast::OfficesOf(const std::string& name) const {
  static const std::vector<OfficeOf> kNone;
  const auto found = offices_.find(name);
  return found == offices_.end() ? kNone : found->second;
}

const chain::Genesis& Cast::Seal() {
  std::sort(genesis_.mutable_bounds()->begin(), genesis_.mutable_bounds()->end(),
            [](const v1::ParameterBound& a, const v1::ParameterBound& b) {
              return a.parameter() < b.parameter();
            });
  auto sealed = chain::ParseGenesis(AsBytes(chain::CanonicalBytes(genesis_)));
  TB_CHECK(sealed.has_value());
  sealed_ = std::move(*sealed);
  return *sealed_;
}

std::string Cast::MemberId(std::string_view name) { return HashOf("member/", name).substr(0, 16); }
std::string Cast::OrgId(std::string_view name) { return HashOf("org/", name).substr(0, 16); }
std::string Cast::OfferId(std::string_view name) { return HashOf("offer/", name).substr(0, 16); }

std::string Cast::TimedId(std::string_view name, std::uint64_t made_ms) {
  return BigEndian(made_ms, 6) + HashOf("id/", name).substr(0, 10);
}

std::string Cast::SlipId(const std::string& org_id, std::string_view serial,
                         std::uint64_t start_ms) {
  const Hash hash = chain::TagHash(chain::kSlipDomain, {AsBytes(org_id), AsBytes(serial)});
  return BigEndian(start_ms, 6) + hash.str().substr(0, 10);
}

const crypto::SecretKey& Cast::KeyOf(const std::string& name, int number) const {
  const auto found = keys_.find({name, number});
  if (found != keys_.end()) return found->second;
  const std::string seed = HashOf("key/", name + "/" + std::to_string(number));
  crypto::SecretKey key(*crypto::SecretKey::Seed::From(std::string_view(seed)));
  return keys_.emplace(std::pair(name, number), key).first->second;
}

v1::NewKey Cast::NewKeyOf(const std::string& name, int number) const {
  const crypto::SecretKey& key = KeyOf(name, number);
  v1::NewKey out;
  out.set_key(crypto::SuitedKey(key.public_key()));
  const std::string member = MemberId(name);
  const Bytes message =
      chain::SignedBytes(chain::kKeyProofDomain, chain_id(), {AsBytes(member), AsBytes(out.key())});
  out.set_proof(crypto::SuitedSignature(key.Sign(message)));
  return out;
}

std::string Cast::Sign(v1::TransactionBody body, const std::vector<Signature>& by) {
  if (body.version() == 0) body.set_version(1);
  if (body.nonce().empty()) body.set_nonce(BigEndian(++nonce_, 8));
  std::vector<const crypto::SecretKey*> keys;
  for (const Signature& signature : by) {
    const crypto::SecretKey& key = KeyOf(signature.name, signature.key);
    keys.push_back(&key);
    auto* signer = body.add_signers();
    signer->set_member(MemberId(signature.name));
    signer->set_key_id(crypto::KeyIdOf(key.public_key()).str());
    signer->set_role(signature.role);
    if (!signature.org.empty()) signer->set_org(OrgId(signature.org));
  }
  return chain::SignEnvelope(body, chain_id(), keys);
}

v1::PinProof Cast::SignPin(const std::string& service, const v1::PinStatement& statement) {
  v1::PinProof pin;
  pin.set_statement(chain::CanonicalBytes(statement));
  const crypto::SecretKey& key = KeyOf(service, 1);
  pin.set_service(MemberId(service));
  pin.set_key_id(crypto::KeyIdOf(key.public_key()).str());
  const Bytes message =
      chain::SignedBytes(chain::kPinDomain, chain_id(), {AsBytes(pin.statement())});
  pin.set_signature(crypto::SuitedSignature(key.Sign(message)));
  return pin;
}

}  // namespace timebank::model
