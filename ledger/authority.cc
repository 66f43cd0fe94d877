#include "ledger/authority.h"

#include <algorithm>

#include "ledger/org_tree.h"

namespace timebank::ledger {
namespace {

// Persons other than those already seen.
std::size_t CountPersons(const std::vector<Signer>& signers) {
  std::vector<MemberId> persons;
  for (const Signer& signer : signers) persons.push_back(signer.member);
  std::sort(persons.begin(), persons.end());
  persons.erase(std::unique(persons.begin(), persons.end()), persons.end());
  return persons.size();
}

std::uint32_t ThresholdOf(TxContext& tx, const OrgId& org, std::uint32_t kind) {
  const auto* record = tx.Find<v1::Organisation>(org);
  if (record == nullptr) return 1;
  for (const v1::Threshold& threshold : record->thresholds()) {
    if (threshold.action() == kind) return threshold.persons();
  }
  return 1;
}

bool Fits(TxContext& tx, const Signer& signer, const OfficeAsked& asked) {
  if (!asked.org.IsZero() && signer.org != asked.org) return false;
  return HoldsOffice(tx, signer, asked.role);
}

// DOMAIN 1: a person judges in one of these capacities only.
bool IsExclusive(v1::Role role) {
  return role == v1::ROLE_APPROVER || role == v1::ROLE_REVIEWER || role == v1::ROLE_LISTER ||
         role == v1::ROLE_SETTLEMENT_CLERK || role == v1::ROLE_RECOVERY_OFFICER ||
         role == v1::ROLE_AUDITOR;
}

bool HasKin(const v1::Member& member, const MemberId& other) {
  return std::any_of(member.kin().begin(), member.kin().end(),
                     [&](const v1::KinLink& link) { return link.relative() == other.text(); });
}

}  // namespace

Reason IdentifySigners(TxContext& tx, const v1::TransactionBody& body) {
  for (const v1::Signer& signer : body.signers()) {
    const MemberId id = As<MemberId>(signer.member());
    const auto* member = tx.Find<v1::Member>(id);
    if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
    const v1::MemberKey* key = FindKey(*member, As<KeyId>(signer.key_id()));
    if (key == nullptr) return v1::REASON_UNKNOWN_KEY;
    if (key->revoked_ms() != 0) return v1::REASON_KEY_REVOKED;
    tx.AddSigner({.member = id,
                  .role = signer.role(),
                  .org = As<OrgId>(signer.org()),
                  .key_id = As<KeyId>(signer.key_id()),
                  .key_since = Millis(key->since_ms())});
    tx.AddParty(id);
  }
  return kOk;
}

Expected<Signer, Reason> OnlySigner(const TxContext& tx) {
  if (tx.signers().size() != 1) return Unexpected{v1::REASON_F15_WRONG_SCOPE};
  return tx.signers().front();
}

Reason RequireMember(const TxContext& tx, const MemberId& member) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  const bool is_member = signer->role == v1::ROLE_MEMBER && signer->member == member;
  return is_member ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

bool HoldsOffice(TxContext& tx, const Signer& signer, v1::Role role) {
  const auto* member = tx.Find<v1::Member>(signer.member);
  return signer.role == role && member != nullptr && HoldsOfficeAt(*member, role, signer.org);
}

Reason RequireOfficer(TxContext& tx, v1::Role role, const OrgId& org) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  return Fits(tx, *signer, {role, org}) ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

Reason RequireOfficerAbove(TxContext& tx, v1::Role role, const OrgId& org) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  const bool above = HoldsOffice(tx, *signer, role) && IsAncestor(tx.records(), signer->org, org);
  return above ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

Reason RequireThreshold(TxContext& tx, v1::Role role, const OrgId& org,
                        std::initializer_list<std::uint32_t> kinds) {
  for (const Signer& signer : tx.signers()) {
    if (!Fits(tx, signer, {role, org})) return v1::REASON_F15_WRONG_SCOPE;
  }
  std::uint32_t asked = 1;
  for (const std::uint32_t kind : kinds) asked = std::max(asked, ThresholdOf(tx, org, kind));
  return CountPersons(tx.signers()) >= asked ? kOk : v1::REASON_THRESHOLD_NOT_MET;
}

Reason RequireTwoOfficers(TxContext& tx, const OfficeAsked& a, const OfficeAsked& b) {
  const auto& signers = tx.signers();
  for (const Signer& signer : signers) {
    if (!Fits(tx, signer, a) && !Fits(tx, signer, b)) return v1::REASON_F15_WRONG_SCOPE;
  }
  if (signers.size() > 2) return v1::REASON_F15_WRONG_SCOPE;
  if (signers.size() < 2 || CountPersons(signers) < 2) return v1::REASON_THRESHOLD_NOT_MET;
  const bool in_order = Fits(tx, signers[0], a) && Fits(tx, signers[1], b);
  const bool swapped = Fits(tx, signers[0], b) && Fits(tx, signers[1], a);
  return in_order || swapped ? kOk : v1::REASON_THRESHOLD_NOT_MET;
}

bool SitsInCouncil(TxContext& tx, const Signer& signer) {
  const auto& council = tx.chain().council();
  return std::find(council.begin(), council.end(), signer.org.text()) != council.end() &&
         HoldsOffice(tx, signer, v1::ROLE_COUNCIL);
}

Reason RequireCouncil(TxContext& tx) {
  std::vector<OrgId> organisations;
  std::vector<MemberId> persons;
  for (const Signer& signer : tx.signers()) {
    if (!SitsInCouncil(tx, signer)) return v1::REASON_F15_WRONG_SCOPE;
    organisations.push_back(signer.org);
    persons.push_back(signer.member);
  }
  const auto distinct = [](auto& ids) {
    std::sort(ids.begin(), ids.end());
    return static_cast<std::size_t>(std::unique(ids.begin(), ids.end()) - ids.begin());
  };
  const std::size_t speaking = std::min(distinct(organisations), distinct(persons));
  return speaking >= tx.chain().council_threshold() ? kOk : v1::REASON_THRESHOLD_NOT_MET;
}

bool IsProxyFor(const TxContext& tx, const v1::Member& member, const MemberId& proxy,
                std::uint32_t scope) {
  return std::any_of(member.proxies().begin(), member.proxies().end(),
                     [&](const v1::ProxyGrant& grant) {
                       return grant.proxy() == proxy.text() && (grant.scope() & scope) == scope &&
                              grant.until_ms() >= tx.now_ms();
                     });
}

bool HoldsOfficeAt(const v1::Member& member, v1::Role role, const OrgId& org) {
  return std::any_of(member.offices().begin(), member.offices().end(), [&](const v1::Office& o) {
    return o.role() == role && o.org() == org.text();
  });
}

bool IsOffice(v1::Role role) { return role >= v1::ROLE_APPROVER; }

bool ConflictsWithOffices(Records& records, const v1::Member& member, v1::Role role,
                          const OrgId& org) {
  if (!IsExclusive(role)) return false;
  return std::any_of(member.offices().begin(), member.offices().end(), [&](const v1::Office& o) {
    const OrgId other = As<OrgId>(o.org());
    return IsExclusive(o.role()) && o.role() != role &&
           (IsAncestor(records, other, org) || IsAncestor(records, org, other));
  });
}

bool AreKin(TxContext& tx, const MemberId& a, const MemberId& b) {
  const auto* first = tx.Find<v1::Member>(a);
  const auto* second = tx.Find<v1::Member>(b);
  return (first != nullptr && HasKin(*first, b)) || (second != nullptr && HasKin(*second, a));
}

bool IsCloseTo(TxContext& tx, const MemberId& person, const MemberId& party) {
  if (person == party || AreKin(tx, person, party)) return true;
  const auto* record = tx.Find<v1::Member>(party);
  return record != nullptr && IsProxyFor(tx, *record, person, /*scope=*/0);
}

Reason RequireKeyAge(TxContext& tx, const Signer& signer) {
  const auto* member = tx.Find<v1::Member>(signer.member);
  if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const Policy policy = tx.PolicyOf(As<OrgId>(member->home_org()));
  const std::uint64_t old_enough =
      signer.key_since.value() + policy.Ms(v1::POLICY_PARAMETER_KEY_AGE_MS);
  return tx.now_ms() >= old_enough ? kOk : v1::REASON_F8_KEY_TOO_YOUNG;
}

std::int64_t AgeYears(const TxContext& tx, const v1::Member& member) {
  if (member.birth_year() == 0) return 0;
  return static_cast<std::int64_t>(LocalYear(tx.now(), tx.civil_offset())) - member.birth_year();
}

const v1::MemberKey* FindKey(const v1::Member& member, const KeyId& key_id) {
  for (const v1::MemberKey& key : member.keys()) {
    if (key.key_id() == key_id.text()) return &key;
  }
  return nullptr;
}

const v1::MemberKey* ActiveKey(const v1::Member& member, const KeyId& key_id) {
  const v1::MemberKey* key = FindKey(member, key_id);
  return key != nullptr && key->revoked_ms() == 0 ? key : nullptr;
}

}  // namespace timebank::ledger
