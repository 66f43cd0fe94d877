// Organisations, officers, policy, thresholds and budgets: who may decide what (DOMAIN 1, 5).
#include <algorithm>
#include <utility>

#include "base/civil.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/form.h"
#include "ledger/kinds.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

// Far beyond any need, and so far below the range that no sum of balances can leave it.
constexpr std::int64_t kBudgetMinutesMax = 1'000'000'000'000'000;

// The place of (org, role) among the offices, which ascend; `found` tells whether it is held.
struct OfficePlace {
  int index = 0;
  bool found = false;
};
OfficePlace PlaceOf(const v1::Member& member, const std::string& org, v1::Role role) {
  OfficePlace place;
  for (; place.index < member.offices_size(); ++place.index) {
    const v1::Office& office = member.offices(place.index);
    if (office.org() < org || (office.org() == org && office.role() < role)) continue;
    place.found = office.org() == org && office.role() == role;
    break;
  }
  return place;
}

// Known parties and F15, which appointing and dismissing have in common.
template <typename Message>
Reason JudgeOfficeChange(TxContext& tx, const Message& message, std::uint32_t kind) {
  const OrgId org = As<OrgId>(message.org());
  if (tx.Find<v1::Member>(As<MemberId>(message.member())) == nullptr) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  const bool appoints = kind == v1::TransactionBody::kAppointOfficer;
  const bool own_cause =
      std::any_of(tx.signers().begin(), tx.signers().end(),
                  [&](const Signer& signer) { return signer.member.text() == message.member(); });
  if (appoints && own_cause) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  return RequireThreshold(tx, v1::ROLE_REGULATOR, ParentOrRoot(tx.records(), org), {kind});
}

// F5: versions are never removed, so that they grow by few.
Reason CountPolicyVersion(TxContext& tx, const OrgId& org) {
  const std::uint32_t versions = tx.Find<v1::Organisation>(org)->policy_versions();
  const std::uint32_t to_come = versions - VersionsInForce(tx.records(), org, tx.now());
  const CounterId today{.owner = {org.data},
                        .scope = v1::COUNTER_SCOPE_POLICY_DAY,
                        .period = LocalDay(tx.now(), tx.civil_offset())};
  const bool many = to_come >= kFutureVersionsMax || CountedThings(tx, today) >= kDayVersionsMax;
  return many ? v1::REASON_F5_CAP : AddToCounter(tx, today, {.count = 1});
}

template <typename Message>
Reason CheckOfficeForm(const Message& message) {
  if (AnyEmpty({message.org(), message.member()})) return v1::REASON_MISSING_FIELD;
  if (message.role() == v1::ROLE_UNSPECIFIED) return v1::REASON_MISSING_FIELD;
  return IsOffice(message.role()) ? kOk : v1::REASON_BAD_FIELD;
}

}  // namespace

Reason CheckForm(const v1::CreateOrganisation& message) {
  if (AnyEmpty({message.org(), message.parent(), message.name()})) return v1::REASON_MISSING_FIELD;
  if (message.kind() == v1::ORGANISATION_KIND_UNSPECIFIED) return v1::REASON_MISSING_FIELD;
  const bool sound = !IsZeroId(message.org()) && IsPublicText(message.name());
  return sound ? kOk : v1::REASON_BAD_FIELD;
}

Reason Execute(TxContext& tx, const v1::CreateOrganisation& message) {
  const OrgId org = As<OrgId>(message.org());
  const OrgId parent = As<OrgId>(message.parent());
  if (tx.Find<v1::Organisation>(parent) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (DepthOf(tx.records(), parent) >= kOrgDepthMax) return v1::REASON_BAD_FIELD;
  const Reason signers =
      RequireThreshold(tx, v1::ROLE_REGULATOR, parent, {v1::TransactionBody::kCreateOrganisation});
  if (signers != kOk) return signers;
  tx.BeginLine(org.view());
  if (const auto* known = tx.Find<v1::Organisation>(org)) {
    const bool equal = known->parent() == message.parent() && known->kind() == message.kind() &&
                       known->name() == message.name();
    tx.line().set_outcome(v1::OUTCOME_ALREADY_RECORDED);
    return equal ? kOk : v1::REASON_ORGANISATION_EXISTS;
  }
  auto& created = tx.EditOrCreate<v1::Organisation>(org);
  created.set_org(message.org());
  created.set_parent(message.parent());
  created.set_kind(message.kind());
  created.set_name(message.name());
  created.set_created_ms(tx.now_ms());
  return kOk;
}

Reason CheckForm(const v1::AppointOfficer& message) { return CheckOfficeForm(message); }

Reason Execute(TxContext& tx, const v1::AppointOfficer& message) {
  const Reason judged = JudgeOfficeChange(tx, message, v1::TransactionBody::kAppointOfficer);
  if (judged != kOk) return judged;
  const MemberId id = As<MemberId>(message.member());
  tx.BeginLine(id.view());
  tx.AddParty(id);
  v1::Member& member = *tx.Edit<v1::Member>(id);
  const OfficePlace place = PlaceOf(member, message.org(), message.role());
  if (place.found) {
    tx.line().set_outcome(v1::OUTCOME_ALREADY_DONE);
    return kOk;
  }
  if (ConflictsWithOffices(tx.records(), member, message.role(), As<OrgId>(message.org()))) {
    return v1::REASON_ROLE_CONFLICT;
  }
  if (member.offices_size() >= kMemberOfficesMax) return v1::REASON_F5_CAP;
  v1::Office& office = *member.add_offices();
  office.set_org(message.org());
  office.set_role(message.role());
  office.set_since_ms(tx.now_ms());
  for (int i = member.offices_size() - 1; i > place.index; --i) {
    member.mutable_offices()->SwapElements(i, i - 1);
  }
  return kOk;
}

Reason CheckForm(const v1::DismissOfficer& message) { return CheckOfficeForm(message); }

Reason Execute(TxContext& tx, const v1::DismissOfficer& message) {
  const Reason judged = JudgeOfficeChange(tx, message, v1::TransactionBody::kDismissOfficer);
  if (judged != kOk) return judged;
  const MemberId id = As<MemberId>(message.member());
  tx.BeginLine(id.view());
  v1::Member& member = *tx.Edit<v1::Member>(id);
  const OfficePlace place = PlaceOf(member, message.org(), message.role());
  if (!place.found) return v1::REASON_WRONG_STATE;
  member.mutable_offices()->erase(member.offices().begin() + place.index);
  return kOk;
}

Reason CheckForm(const v1::SetPolicy& message) {
  if (AnyEmpty({message.org()})) return v1::REASON_MISSING_FIELD;
  if (message.effective_from_ms() == 0) return v1::REASON_MISSING_FIELD;
  // Whether they lie in the bounds depends on genesis and is judged by Execute.
  const Reason values = CheckValues(v1::ChainRecord::default_instance(), message.values());
  return values == v1::REASON_OUTSIDE_HARD_BOUNDS ? kOk : values;
}

Reason Execute(TxContext& tx, const v1::SetPolicy& message) {
  const OrgId org = As<OrgId>(message.org());
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  const Reason signers =
      RequireThreshold(tx, v1::ROLE_REGULATOR, org, {v1::TransactionBody::kSetPolicy});
  if (signers != kOk) return signers;
  if (const Reason r = CheckValues(tx.chain(), message.values()); r != kOk) return r;
  const std::uint64_t notice = tx.PolicyOf(org).Ms(v1::POLICY_PARAMETER_POLICY_NOTICE_MS);
  if (message.effective_from_ms() < tx.now_ms() + notice) return v1::REASON_NOTICE_TOO_SHORT;
  if (const Reason r = CountPolicyVersion(tx, org); r != kOk) return r;
  v1::PolicyVersion version;
  version.set_effective_from_ms(message.effective_from_ms());
  *version.mutable_values() = message.values();
  AddVersion(tx.records(), org, std::move(version));
  tx.BeginLine(org.view());
  return kOk;
}

Reason CheckForm(const v1::SetThreshold& message) {
  if (AnyEmpty({message.org()})) return v1::REASON_MISSING_FIELD;
  if (message.action() == 0 || message.persons() == 0) return v1::REASON_MISSING_FIELD;
  const bool counted = HasThreshold(message.action());
  return counted && message.persons() <= kThresholdPersonsMax ? kOk : v1::REASON_BAD_FIELD;
}

Reason Execute(TxContext& tx, const v1::SetThreshold& message) {
  const OrgId org = As<OrgId>(message.org());
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  // Also as many as the action asks for so far: nobody talks a threshold down alone.
  const Reason signers = RequireThreshold(tx, v1::ROLE_REGULATOR, org,
                                          {v1::TransactionBody::kSetThreshold, message.action()});
  if (signers != kOk) return signers;
  tx.BeginLine(org.view());
  auto& thresholds = *tx.Edit<v1::Organisation>(org)->mutable_thresholds();
  int index = 0;
  while (index < thresholds.size() && thresholds.at(index).action() < message.action()) ++index;
  if (index == thresholds.size() || thresholds.at(index).action() != message.action()) {
    thresholds.Add()->set_action(message.action());
    for (int i = thresholds.size() - 1; i > index; --i) thresholds.SwapElements(i, i - 1);
  }
  thresholds.at(index).set_persons(message.persons());
  return kOk;
}

Reason CheckForm(const v1::ApproveBudget& message) {
  if (AnyEmpty({message.district()})) return v1::REASON_MISSING_FIELD;
  if (message.minutes() <= 0) return v1::REASON_AMOUNT_NOT_POSITIVE;
  return message.minutes() <= kBudgetMinutesMax ? kOk : v1::REASON_AMOUNT_OVERFLOW;
}

Reason Execute(TxContext& tx, const v1::ApproveBudget& message) {
  const OrgId district = As<OrgId>(message.district());
  const auto* found = tx.Find<v1::Organisation>(district);
  if (found == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (!found->parent().empty()) return v1::REASON_BAD_FIELD;
  const Reason signers =
      RequireTwoOfficers(tx, {v1::ROLE_REGULATOR, district}, {v1::ROLE_FINANCE, district});
  if (signers != kOk) return signers;
  tx.BeginLine(district.view());
  if (message.minutes() < found->budget_minutes()) return v1::REASON_WRONG_STATE;
  if (message.minutes() == found->budget_minutes()) {
    tx.line().set_outcome(v1::OUTCOME_ALREADY_DONE);
    return kOk;
  }
  tx.Edit<v1::Organisation>(district)->set_budget_minutes(message.minutes());
  return kOk;
}

}  // namespace timebank::ledger
