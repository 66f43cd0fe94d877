// Organisations, members, listings and grants of the naive ledger.
#include <algorithm>

#include "base/civil.h"
#include "chain/domains.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {
namespace {

// Of these a person holds at most one over an organisation, its ancestors and descendants.
bool IsExclusive(v1::Role role) {
  return role == v1::ROLE_APPROVER || role == v1::ROLE_REVIEWER || role == v1::ROLE_LISTER ||
         role == v1::ROLE_SETTLEMENT_CLERK || role == v1::ROLE_RECOVERY_OFFICER ||
         role == v1::ROLE_AUDITOR;
}

v1::Kinship Inverse(v1::Kinship kinship) {
  static const std::map<v1::Kinship, v1::Kinship> kInverse = {
      {v1::KINSHIP_SPOUSE, v1::KINSHIP_SPOUSE},
      {v1::KINSHIP_PARENT, v1::KINSHIP_CHILD},
      {v1::KINSHIP_CHILD, v1::KINSHIP_PARENT},
      {v1::KINSHIP_SIBLING, v1::KINSHIP_SIBLING},
      {v1::KINSHIP_GRANDPARENT, v1::KINSHIP_GRANDCHILD},
      {v1::KINSHIP_GRANDCHILD, v1::KINSHIP_GRANDPARENT},
  };
  return kInverse.at(kinship);
}

std::string KeyIdOf(const std::string& suited_key) {
  return crypto::Sha256(AsBytes(suited_key)).str().substr(0, 8);
}

}  // namespace

v1::Reason NaiveLedger::Do(const v1::CreateOrganisation& tx) {
  if (!orgs_.contains(tx.parent())) return v1::REASON_UNKNOWN_ORGANISATION;
  const auto reason =
      NeedThreshold(v1::ROLE_REGULATOR, tx.parent(), v1::TransactionBody::kCreateOrganisation);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (orgs_.contains(tx.org())) {
    const Org& old = orgs_.at(tx.org());
    const bool same = old.parent == tx.parent() && old.kind == tx.kind() && old.name == tx.name();
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_ORGANISATION_EXISTS;
  }
  int depth = 1;
  for (Id at = tx.parent(); orgs_.contains(at); at = orgs_.at(at).parent) ++depth;
  if (depth > 16) return v1::REASON_BAD_FIELD;
  orgs_[tx.org()] = {.parent = tx.parent(), .kind = tx.kind(), .name = tx.name()};
  orgs_[tx.org()].created_ms = now_;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::AppointOfficer& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (!people_.contains(tx.member())) return v1::REASON_UNKNOWN_MEMBER;
  for (const v1::Signer& signer : by_) {
    // Nobody appoints himself.
    if (signer.member() == tx.member()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  }
  const Id& parent = orgs_.at(tx.org()).parent;
  const auto reason = NeedThreshold(v1::ROLE_REGULATOR, parent.empty() ? tx.org() : parent,
                                    v1::TransactionBody::kAppointOfficer);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  Person& person = people_.at(tx.member());
  if (person.offices.contains({tx.org(), tx.role()})) return Already(v1::OUTCOME_ALREADY_DONE);
  for (const auto& [org, role] : person.offices) {
    if (!IsExclusive(role) || !IsExclusive(tx.role()) || role == tx.role()) continue;
    if (IsAncestor(org, tx.org()) || IsAncestor(tx.org(), org)) return v1::REASON_ROLE_CONFLICT;
  }
  if (person.offices.size() >= 64) return v1::REASON_F5_CAP;
  if (Blocked(tx.member())) return v1::REASON_F14_PARTY_BLOCKED;
  person.offices.insert({tx.org(), tx.role()});
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::DismissOfficer& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (!people_.contains(tx.member())) return v1::REASON_UNKNOWN_MEMBER;
  const Id& parent = orgs_.at(tx.org()).parent;
  const auto reason = NeedThreshold(v1::ROLE_REGULATOR, parent.empty() ? tx.org() : parent,
                                    v1::TransactionBody::kDismissOfficer);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (people_.at(tx.member()).offices.erase({tx.org(), tx.role()}) == 0) {
    return v1::REASON_WRONG_STATE;
  }
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::SetPolicy& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  const auto reason = NeedThreshold(v1::ROLE_REGULATOR, tx.org(), v1::TransactionBody::kSetPolicy);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  Policy version{.made_ms = now_, .effective_from_ms = tx.effective_from_ms()};
  for (const auto& value : tx.values()) {
    const auto bound = bounds_.find(value.parameter());
    if (bound != bounds_.end() &&
        (value.value() < bound->second.first || value.value() > bound->second.second)) {
      return v1::REASON_OUTSIDE_HARD_BOUNDS;
    }
    version.values[value.parameter()] = value.value();
  }
  const auto notice =
      static_cast<Time>(Param(tx.org(), v1::POLICY_PARAMETER_POLICY_NOTICE_MS, now_));
  if (tx.effective_from_ms() < now_ + notice) return v1::REASON_NOTICE_TOO_SHORT;
  int to_come = 0;
  int today = 0;
  for (const Policy& other : orgs_.at(tx.org()).policies) {
    if (other.effective_from_ms > now_) ++to_come;
    const auto day = LocalDay(Millis(other.made_ms), civil_offset_minutes_);
    if (day == LocalDay(Millis(now_), civil_offset_minutes_)) ++today;
  }
  if (to_come >= 16 || today >= 4) return v1::REASON_F5_CAP;
  orgs_.at(tx.org()).policies.push_back(version);
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::SetThreshold& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  const auto reason =
      NeedThreshold(v1::ROLE_REGULATOR, tx.org(), v1::TransactionBody::kSetThreshold,
                    ThresholdOf(tx.org(), tx.action()));
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  orgs_.at(tx.org()).thresholds[tx.action()] = tx.persons();
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::ApproveBudget& tx) {
  if (!orgs_.contains(tx.district())) return v1::REASON_UNKNOWN_ORGANISATION;
  const auto reason = NeedPair(v1::ROLE_REGULATOR, v1::ROLE_FINANCE, tx.district(), false);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  Org& district = orgs_.at(tx.district());
  if (!district.parent.empty()) return v1::REASON_BAD_FIELD;
  if (tx.minutes() < district.budget) return v1::REASON_WRONG_STATE;
  if (tx.minutes() == district.budget) return Already(v1::OUTCOME_ALREADY_DONE);
  district.budget = tx.minutes();
  return v1::REASON_UNSPECIFIED;
}

bool NaiveLedger::ProofHolds(const Id& member, const v1::NewKey& key) const {
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key.key()));
  const auto proof = crypto::ParseSuitedSignature(AsBytes(key.proof()));
  const Bytes message =
      chain::SignedBytes(chain::kKeyProofDomain, chain_id_, {AsBytes(member), AsBytes(key.key())});
  return public_key && proof && crypto::Verify(*public_key, message, *proof);
}

v1::Reason NaiveLedger::Do(const v1::RegisterMember& tx) {
  const auto this_year = LocalYear(Millis(now_), civil_offset_minutes_);
  const bool device = tx.birth_year() == 0;
  if (!device && (tx.birth_year() < 1850 || tx.birth_year() > this_year)) {
    return v1::REASON_BAD_FIELD;
  }
  if (!orgs_.contains(tx.home_org())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (by_.size() != 1 || !HoldsOver(by_.front(), v1::ROLE_CLERK, tx.home_org())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  Person person{.home = tx.home_org(), .birth_year = tx.birth_year(), .created_ms = now_};
  for (const auto& key : tx.keys()) {
    person.first_keys.push_back(key.key());
    person.keys[KeyIdOf(key.key())] = {.bytes = key.key(), .since_ms = now_};
  }
  if (people_.contains(tx.member())) {
    const Person& old = people_.at(tx.member());
    const bool same = old.home == person.home && old.birth_year == person.birth_year &&
                      old.first_keys == person.first_keys;
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_MEMBER_EXISTS;
  }
  people_[tx.member()] = person;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::AddKey& tx) {
  if (!people_.contains(tx.member())) return v1::REASON_UNKNOWN_MEMBER;
  if (by_.size() != 1 || !SignsAsMember(by_.front(), tx.member())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  auto& keys = people_.at(tx.member()).keys;
  const std::string key_id = KeyIdOf(tx.key().key());
  if (keys.contains(key_id)) return v1::REASON_KEY_EXISTS;
  if (keys.size() >= 64) return v1::REASON_F5_CAP;
  keys[key_id] = {.bytes = tx.key().key(), .since_ms = now_};
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::RevokeKey& tx) {
  if (!people_.contains(tx.member())) return v1::REASON_UNKNOWN_MEMBER;
  auto& keys = people_.at(tx.member()).keys;
  const auto key = keys.find(tx.key_id());
  if (key == keys.end()) return v1::REASON_UNKNOWN_KEY;
  if (by_.size() != 1 || !SignsAsMember(by_.front(), tx.member())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (key->second.revoked) return Already(v1::OUTCOME_ALREADY_DONE);
  key->second.revoked = true;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::SetProxy& tx) {
  const bool oneself = by_.size() == 1 && by_.front().role() == v1::ROLE_MEMBER;
  if (!oneself && tx.document_commitment().empty()) return v1::REASON_MISSING_FIELD;
  if (tx.scope() != 0 && tx.until_ms() <= now_) return v1::REASON_BAD_FIELD;
  if (!people_.contains(tx.member()) || !people_.contains(tx.proxy())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  const v1::Signer& signer = by_.front();
  const bool to_oneself = by_.size() == 1 && !oneself && tx.proxy() == signer.member();
  if (tx.member() == tx.proxy() || to_oneself) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  const Id home = HomeOf(tx.member());
  const bool by_member = SignsAsMember(signer, tx.member());
  const bool by_street = HoldsOver(signer, v1::ROLE_REVIEWER, home) && signer.org() != home;
  if (by_.size() != 1 || !(by_member || by_street)) return v1::REASON_F15_WRONG_SCOPE;
  auto& proxies = people_.at(tx.member()).proxies;
  if (tx.scope() == 0) {
    if (proxies.erase(tx.proxy()) == 0) return Already(v1::OUTCOME_ALREADY_DONE);
    return v1::REASON_UNSPECIFIED;
  }
  for (const auto& [org, role] : people_.at(tx.proxy()).offices) {
    const bool merchant = role == v1::ROLE_MERCHANT || role == v1::ROLE_CASHIER;
    if (merchant) return v1::REASON_F12_MERCHANT_AS_PROXY;
  }
  if (!proxies.contains(tx.proxy()) && proxies.size() >= 16) return v1::REASON_F5_CAP;
  if (Blocked(tx.member()) || Blocked(tx.proxy())) return v1::REASON_F14_PARTY_BLOCKED;
  proxies[tx.proxy()] = {.scope = tx.scope(), .until_ms = tx.until_ms()};
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::RegisterKin& tx) {
  if (!people_.contains(tx.member()) || !people_.contains(tx.relative())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  const Id& lister = by_.front().member();
  if (tx.member() == tx.relative()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  if (lister == tx.member() || lister == tx.relative()) {
    return v1::REASON_F3_SEPARATION_OF_DUTIES;
  }
  if (by_.size() != 1 || !HoldsOver(by_.front(), v1::ROLE_LISTER, HomeOf(tx.member()))) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  const auto& kin = people_.at(tx.member()).kin;
  if (const auto known = kin.find(tx.relative()); known != kin.end()) {
    const bool same = known->second == tx.kinship();
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_CONFLICT;
  }
  if (kin.size() >= 64 || people_.at(tx.relative()).kin.size() >= 64) return v1::REASON_F5_CAP;
  if (Blocked(tx.member()) || Blocked(tx.relative())) return v1::REASON_F14_PARTY_BLOCKED;
  people_.at(tx.member()).kin[tx.relative()] = tx.kinship();
  people_.at(tx.relative()).kin[tx.member()] = Inverse(tx.kinship());
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::ListMember& tx) {
  return List(tx.org(), tx.list_class(), {tx.members().begin(), tx.members().end()}, true);
}

v1::Reason NaiveLedger::Do(const v1::UnlistMember& tx) {
  return List(tx.org(), tx.list_class(), {tx.members().begin(), tx.members().end()}, false);
}

// On or off one class, all members or none.
v1::Reason NaiveLedger::List(const Id& org, std::uint32_t list_class,
                             const std::vector<Id>& members, bool on) {
  if (!orgs_.contains(org)) return v1::REASON_UNKNOWN_ORGANISATION;
  for (const Id& member : members) {
    if (!people_.contains(member)) return v1::REASON_UNKNOWN_MEMBER;
  }
  if (on && orgs_.at(org).kind != v1::ORGANISATION_KIND_STREET) return v1::REASON_BAD_FIELD;
  const auto reason = NeedPair(v1::ROLE_LISTER, v1::ROLE_ASSESSOR, org, /*second_anywhere=*/true);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  for (const Id& member : members) {
    if (!IsAncestor(org, HomeOf(member))) return v1::REASON_F15_WRONG_SCOPE;
  }
  for (const Id& member : members) {
    if (!on && !people_.at(member).classes.contains(list_class)) return v1::REASON_NOT_LISTED;
  }
  for (const Id& member : members) {
    const auto& classes = people_.at(member).classes;
    if (on && !classes.contains(list_class) && classes.size() >= 64) return v1::REASON_F5_CAP;
  }
  const bool all_there = std::all_of(members.begin(), members.end(), [&](const Id& member) {
    return people_.at(member).classes.contains(list_class);
  });
  for (const Id& member : members) {
    // A list that changes nothing is a repetition, also of somebody who was blocked since.
    if (on && !all_there && Blocked(member)) return v1::REASON_F14_PARTY_BLOCKED;
  }
  for (const Id& member : members) {
    auto& classes = people_.at(member).classes;
    const bool changed = on ? classes.insert(list_class).second : classes.erase(list_class) > 0;
    lines_.push_back({.outcome = changed ? v1::OUTCOME_DONE : v1::OUTCOME_ALREADY_DONE});
  }
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::GrantRun& tx) {
  const auto this_month = LocalMonth(Millis(now_), civil_offset_minutes_);
  const auto end_of_month = *EndOfMonth(this_month, civil_offset_minutes_);
  const auto next_month = LocalMonth(end_of_month, civil_offset_minutes_);
  if (tx.month() != this_month && tx.month() != next_month) return v1::REASON_BAD_FIELD;
  if (!orgs_.contains(tx.district())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (!orgs_.at(tx.district()).parent.empty()) return v1::REASON_BAD_FIELD;
  for (const Id& member : tx.members()) {
    if (!people_.contains(member)) return v1::REASON_UNKNOWN_MEMBER;
  }
  const auto reason = NeedPair(v1::ROLE_REGULATOR, v1::ROLE_FINANCE, tx.district(), false);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  for (const Id& member : tx.members()) {
    if (!IsAncestor(tx.district(), HomeOf(member))) return v1::REASON_F15_WRONG_SCOPE;
  }
  for (const Id& member : tx.members()) {
    if (!people_.at(member).classes.contains(tx.list_class())) return v1::REASON_NOT_LISTED;
  }
  const std::int64_t each = Param(tx.district(), v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES, now_);
  if (each == 0) return v1::REASON_DISABLED_BY_POLICY;
  for (const Id& member : tx.members()) {
    if (granted_.contains({member, tx.list_class(), tx.month()})) {
      return v1::REASON_F10_CREATES_MINUTES;
    }
  }
  const std::int64_t issued = -BalanceOf(tx.district(), v1::ACCOUNT_KIND_ISSUER);
  if (issued + each * tx.members_size() > orgs_.at(tx.district()).budget) {
    return v1::REASON_F10_CREATES_MINUTES;
  }
  for (const Id& member : tx.members()) {
    if (Blocked(member)) return v1::REASON_F14_PARTY_BLOCKED;
  }
  for (const Id& member : tx.members()) {
    Post(tx.district(), v1::ACCOUNT_KIND_ISSUER, 0, -each);
    Post(member, v1::ACCOUNT_KIND_GRANT, tx.month(), each);
    granted_.insert({member, tx.list_class(), tx.month()});
    lines_.push_back({.outcome = v1::OUTCOME_DONE});
  }
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
