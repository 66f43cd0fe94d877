// People: registration, keys, proxies and kin (DOMAIN 1, 10).
#include <algorithm>

#include "base/civil.h"
#include "crypto/ed25519.h"
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kBirthYearMin = 1850;
// A member record stays small however long a person is with us.
constexpr int kMemberKeysMax = 64;
constexpr int kMemberProxiesMax = 16;
constexpr int kMemberKinMax = 64;

// Requires: CheckNewKey.
KeyId IdOf(const v1::NewKey& key) {
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key.key()));
  return public_key ? crypto::KeyIdOf(*public_key) : KeyId{};
}

void AddKeyTo(v1::Member& member, const v1::NewKey& proven, Millis since) {
  v1::MemberKey& key = *member.add_keys();
  key.set_key_id(IdOf(proven).str());
  key.set_key(proven.key());
  key.set_since_ms(since.value());
}

Reason CheckNewKey(const v1::NewKey& key) {
  if (AnyEmpty({key.key(), key.proof()})) return v1::REASON_MISSING_FIELD;
  return crypto::ParseSuitedKey(AsBytes(key.key())) ? kOk : v1::REASON_BAD_FIELD;
}

bool SameRegistration(const v1::Member& member, const v1::RegisterMember& message) {
  if (member.home_org() != message.home_org() || member.birth_year() != message.birth_year()) {
    return false;
  }
  int count = 0;
  for (const v1::MemberKey& key : member.keys()) {
    if (key.since_ms() != member.created_ms()) continue;
    if (count >= message.keys_size() || message.keys(count).key() != key.key()) return false;
    ++count;
  }
  return count == message.keys_size();
}

// F12: a merchant or cashier is nobody's proxy.
bool SellsSomewhere(const v1::Member& member) {
  return std::any_of(member.offices().begin(), member.offices().end(), [](const v1::Office& o) {
    return o.role() == v1::ROLE_MERCHANT || o.role() == v1::ROLE_CASHIER;
  });
}

Reason JudgeProxySigner(TxContext& tx, const v1::Member& member, const v1::SetProxy& message) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (signer->role == v1::ROLE_MEMBER) return RequireMember(tx, As<MemberId>(message.member()));
  const OrgId home = As<OrgId>(member.home_org());
  const bool reviewer = HoldsOffice(tx, *signer, v1::ROLE_REVIEWER) &&
                        IsProperAncestor(tx.records(), signer->org, home);
  return reviewer ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

v1::Kinship Inverse(v1::Kinship kinship) {
  switch (kinship) {
    case v1::KINSHIP_PARENT:
      return v1::KINSHIP_CHILD;
    case v1::KINSHIP_CHILD:
      return v1::KINSHIP_PARENT;
    case v1::KINSHIP_GRANDPARENT:
      return v1::KINSHIP_GRANDCHILD;
    case v1::KINSHIP_GRANDCHILD:
      return v1::KINSHIP_GRANDPARENT;
    case v1::KINSHIP_SPOUSE:
    case v1::KINSHIP_SIBLING:
    case v1::KINSHIP_UNSPECIFIED:
    case v1::Kinship_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Kinship_INT_MAX_SENTINEL_DO_NOT_USE_:
      return kinship;
  }
  return kinship;
}

const v1::KinLink* FindKin(const v1::Member& member, std::string_view relative) {
  for (const v1::KinLink& link : member.kin()) {
    if (link.relative() == relative) return &link;
  }
  return nullptr;
}

void AddKin(v1::Member& member, const std::string& relative, v1::Kinship kinship) {
  v1::KinLink& link = *member.add_kin();
  link.set_relative(relative);
  link.set_kinship(kinship);
}

}  // namespace

Reason CheckForm(const v1::RegisterMember& message) {
  if (AnyEmpty({message.member(), message.home_org()})) return v1::REASON_MISSING_FIELD;
  const bool device = message.birth_year() == 0;
  if (IsZeroId(message.member()) || (!device && message.birth_year() < kBirthYearMin)) {
    return v1::REASON_BAD_FIELD;
  }
  for (int i = 0; i < message.keys_size(); ++i) {
    if (const Reason r = CheckNewKey(message.keys(i)); r != kOk) return r;
    for (int j = 0; j < i; ++j) {
      // By id, which is short: two keys of one id would be one key to every later signature.
      if (IdOf(message.keys(i)) == IdOf(message.keys(j))) return v1::REASON_BAD_FIELD;
    }
  }
  return kOk;
}

Reason Execute(TxContext& tx, const v1::RegisterMember& message) {
  if (message.birth_year() > LocalYear(tx.now(), tx.civil_offset())) return v1::REASON_BAD_FIELD;
  const OrgId home = As<OrgId>(message.home_org());
  if (tx.Find<v1::Organisation>(home) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (const Reason r = RequireOfficerAbove(tx, v1::ROLE_CLERK, home); r != kOk) return r;
  const MemberId id = As<MemberId>(message.member());
  tx.BeginLine(id.view());
  if (const auto* known = tx.Find<v1::Member>(id)) {
    tx.line().set_outcome(v1::OUTCOME_ALREADY_RECORDED);
    return SameRegistration(*known, message) ? kOk : v1::REASON_MEMBER_EXISTS;
  }
  auto& member = tx.EditOrCreate<v1::Member>(id);
  member.set_member(message.member());
  member.set_home_org(message.home_org());
  member.set_birth_year(message.birth_year());
  member.set_status(v1::MEMBER_STATUS_ACTIVE);
  member.set_created_ms(tx.now_ms());
  for (const v1::NewKey& key : message.keys()) AddKeyTo(member, key, tx.now());
  return kOk;
}

Reason CheckForm(const v1::AddKey& message) {
  if (AnyEmpty({message.member()}) || !message.has_key()) return v1::REASON_MISSING_FIELD;
  return CheckNewKey(message.key());
}

Reason Execute(TxContext& tx, const v1::AddKey& message) {
  const MemberId id = As<MemberId>(message.member());
  if (tx.Find<v1::Member>(id) == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  if (const Reason r = RequireMember(tx, id); r != kOk) return r;
  v1::Member& member = *tx.Edit<v1::Member>(id);
  const auto key = crypto::ParseSuitedKey(AsBytes(message.key().key()));
  if (!key) return v1::REASON_BAD_FIELD;
  if (FindKey(member, crypto::KeyIdOf(*key)) != nullptr) return v1::REASON_KEY_EXISTS;
  if (member.keys_size() >= kMemberKeysMax) return v1::REASON_F5_CAP;
  AddKeyTo(member, message.key(), tx.now());
  tx.BeginLine(id.view());
  return kOk;
}

Reason CheckForm(const v1::RevokeKey& message) {
  return AnyEmpty({message.member(), message.key_id()}) ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::RevokeKey& message) {
  const MemberId id = As<MemberId>(message.member());
  v1::Member* member = tx.Edit<v1::Member>(id);
  if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const auto key =
      std::find_if(member->mutable_keys()->begin(), member->mutable_keys()->end(),
                   [&](const v1::MemberKey& k) { return k.key_id() == message.key_id(); });
  if (key == member->mutable_keys()->end()) return v1::REASON_UNKNOWN_KEY;
  if (const Reason r = RequireMember(tx, id); r != kOk) return r;
  tx.BeginLine(id.view());
  if (key->revoked_ms() != 0) {
    tx.line().set_outcome(v1::OUTCOME_ALREADY_DONE);
  } else {
    key->set_revoked_ms(tx.now_ms());
  }
  return kOk;
}

Reason CheckForm(const v1::SetProxy& message) {
  if (AnyEmpty({message.member(), message.proxy()})) return v1::REASON_MISSING_FIELD;
  if ((message.scope() & ~kProxyScopeAll) != 0) return v1::REASON_BAD_FIELD;
  const bool open_ended = message.scope() != 0 && message.until_ms() == 0;
  return open_ended ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::SetProxy& message) {
  const bool revokes = message.scope() == 0;
  const auto signer = OnlySigner(tx);
  const bool by_member = signer && signer->role == v1::ROLE_MEMBER;
  if (!by_member && message.document_commitment().empty()) return v1::REASON_MISSING_FIELD;
  if (!revokes && message.until_ms() <= tx.now_ms()) return v1::REASON_BAD_FIELD;
  const MemberId id = As<MemberId>(message.member());
  const MemberId proxy_id = As<MemberId>(message.proxy());
  v1::Member* member = tx.Edit<v1::Member>(id);
  const auto* proxy = tx.Find<v1::Member>(proxy_id);
  if (member == nullptr || proxy == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const bool own_cause = !by_member && signer && signer->member == proxy_id;
  if (id == proxy_id || own_cause) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (const Reason r = JudgeProxySigner(tx, *member, message); r != kOk) return r;
  tx.BeginLine(id.view());
  auto& grants = *member->mutable_proxies();
  const auto at = std::find_if(grants.begin(), grants.end(), [&](const v1::ProxyGrant& grant) {
    return grant.proxy() == message.proxy();
  });
  if (revokes) {
    if (at == grants.end()) {
      tx.line().set_outcome(v1::OUTCOME_ALREADY_DONE);
    } else {
      grants.erase(at);
    }
    return kOk;
  }
  if (at == grants.end() && grants.size() >= kMemberProxiesMax) return v1::REASON_F5_CAP;
  if (SellsSomewhere(*proxy)) return v1::REASON_F12_MERCHANT_AS_PROXY;
  tx.AddParty(id);
  tx.AddParty(proxy_id);
  v1::ProxyGrant& grant = at == grants.end() ? *grants.Add() : *at;
  grant.set_proxy(message.proxy());
  grant.set_scope(message.scope());
  grant.set_until_ms(message.until_ms());
  return kOk;
}

Reason CheckForm(const v1::RegisterKin& message) {
  if (AnyEmpty({message.member(), message.relative()})) return v1::REASON_MISSING_FIELD;
  return message.kinship() == v1::KINSHIP_UNSPECIFIED ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::RegisterKin& message) {
  const MemberId id = As<MemberId>(message.member());
  const MemberId relative_id = As<MemberId>(message.relative());
  v1::Member* member = tx.Edit<v1::Member>(id);
  v1::Member* relative = tx.Edit<v1::Member>(relative_id);
  if (member == nullptr || relative == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const auto signer = OnlySigner(tx);
  const bool own_cause = signer && (signer->member == id || signer->member == relative_id);
  if (id == relative_id || own_cause) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  const OrgId home = As<OrgId>(member->home_org());
  if (const Reason r = RequireOfficerAbove(tx, v1::ROLE_LISTER, home); r != kOk) return r;
  tx.BeginLine(id.view());
  if (const v1::KinLink* known = FindKin(*member, message.relative())) {
    tx.line().set_outcome(v1::OUTCOME_ALREADY_RECORDED);
    return known->kinship() == message.kinship() ? kOk : v1::REASON_CONFLICT;
  }
  if (member->kin_size() >= kMemberKinMax || relative->kin_size() >= kMemberKinMax) {
    return v1::REASON_F5_CAP;
  }
  tx.AddParty(id);
  tx.AddParty(relative_id);
  AddKin(*member, message.relative(), message.kinship());
  AddKin(*relative, message.member(), Inverse(message.kinship()));
  return kOk;
}

}  // namespace timebank::ledger
