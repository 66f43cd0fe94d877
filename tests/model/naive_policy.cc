// Who may do what, and which numbers apply: the tree, roles, keys and policy of the naive ledger.
#include <algorithm>

#include "base/civil.h"
#include "tests/model/naive_books.h"

namespace timebank::model {
namespace {

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// The table of DOMAIN 5, and the deadlines of DOMAIN 3, 4 and 6.
std::int64_t Default(v1::PolicyParameter parameter) {
  static const std::map<v1::PolicyParameter, std::int64_t> kDefaults = {
      {v1::POLICY_PARAMETER_ENTRY_MIN_MINUTES, 15},
      {v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES, 240},
      {v1::POLICY_PARAMETER_TOLERANCE_MINUTES, 15},
      {v1::POLICY_PARAMETER_LATE_LIMIT_MS, 30 * kDay},
      {v1::POLICY_PARAMETER_VOLUNTEER_DAY_MINUTES, 240},
      {v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES, 2'400},
      {v1::POLICY_PARAMETER_ELDER_DAY_MINUTES, 240},
      {v1::POLICY_PARAMETER_CARD_DAY_MINUTES, 120},
      {v1::POLICY_PARAMETER_CARD_DAY_REDEMPTIONS, 1},
      {v1::POLICY_PARAMETER_NEW_VOLUNTEER_MS, 30 * kDay},
      {v1::POLICY_PARAMETER_NEW_VOLUNTEER_DAY_MINUTES, 120},
      {v1::POLICY_PARAMETER_EARNED_CAP_MINUTES, 90'000},
      {v1::POLICY_PARAMETER_EARN_AGE_YEARS, 18},
      {v1::POLICY_PARAMETER_REDEEM_AGE_YEARS, 60},
      {v1::POLICY_PARAMETER_KIN_TRANSFER_ENABLED, 1},
      {v1::POLICY_PARAMETER_KIN_TRANSFER_YEAR_MINUTES, 6'000},
      {v1::POLICY_PARAMETER_DONATION_ENABLED, 1},
      {v1::POLICY_PARAMETER_DONATION_HOLD_MS, 24 * kHour},
      {v1::POLICY_PARAMETER_GOODS_ENABLED, 1},
      {v1::POLICY_PARAMETER_GOODS_YEAR_PER_MILLE, 200},
      {v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES, 480},
      {v1::POLICY_PARAMETER_COOLING_MS, 72 * kHour},
      {v1::POLICY_PARAMETER_FIRST_COOLING_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_FIRST_COOLING_ENTRIES, 10},
      {v1::POLICY_PARAMETER_GOODS_HOLD_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_SERVICE_HOLD_MS, 14 * kDay},
      {v1::POLICY_PARAMETER_KEY_AGE_MS, 24 * kHour},
      {v1::POLICY_PARAMETER_APPROVALS_DAY_WITHOUT_OWN_KEY, 10},
      {v1::POLICY_PARAMETER_APPROVALS_HOUR_WITH_OWN_KEY, 500},
      {v1::POLICY_PARAMETER_SERVICE_DAY_START_MINUTE, 360},
      {v1::POLICY_PARAMETER_SERVICE_DAY_END_MINUTE, 1'320},
      {v1::POLICY_PARAMETER_CONFIRM_DEADLINE_MS, 24 * kHour},
      {v1::POLICY_PARAMETER_CONFIRM_GRACE_MS, 48 * kHour},
      {v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS, 72 * kHour},
      {v1::POLICY_PARAMETER_APPROVE_GRACE_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_CHECK_OUT_DEADLINE_MS, 12 * kHour},
      {v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_REVIEW_GRACE_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_CORRECTION_WINDOW_MS, 30 * kDay},
      {v1::POLICY_PARAMETER_FULFILLED_UNCONFIRMED_MS, 72 * kHour},
      {v1::POLICY_PARAMETER_POLICY_NOTICE_MS, 7 * kDay},
      {v1::POLICY_PARAMETER_VOLUNTEERS_AT_ONCE, 2},
      {v1::POLICY_PARAMETER_FLAG_LATE_MS, 72 * kHour},
      {v1::POLICY_PARAMETER_VALIDITY_MS, kHour},
      {v1::POLICY_PARAMETER_ENTRY_VALIDITY_MS, 7 * kDay},
  };
  const auto found = kDefaults.find(parameter);
  return found == kDefaults.end() ? 0 : found->second;
}

}  // namespace

// A success without effect.
v1::Reason NaiveBooks::Already(v1::Outcome outcome) {
  lines_ = {{.outcome = outcome}};
  return v1::REASON_UNSPECIFIED;
}

// Nearest organisation first; there the latest version in force that names the parameter.
std::optional<std::int64_t> NaiveBooks::NamedValue(const Id& org, std::uint32_t parameter,
                                                   Time as_of_ms) const {
  for (Id at = org; orgs_.contains(at); at = orgs_.at(at).parent) {
    const Policy* latest = nullptr;
    for (const Policy& policy : orgs_.at(at).policies) {
      if (policy.effective_from_ms > as_of_ms || !policy.values.contains(parameter)) continue;
      if (latest == nullptr || policy.effective_from_ms >= latest->effective_from_ms) {
        latest = &policy;
      }
    }
    if (latest != nullptr) return latest->values.at(parameter);
  }
  return std::nullopt;
}

std::int64_t NaiveBooks::Param(const Id& org, v1::PolicyParameter parameter, Time as_of_ms) const {
  const auto named = NamedValue(org, static_cast<std::uint32_t>(parameter), as_of_ms);
  if (named) return *named;
  const auto bound = bounds_.find(static_cast<std::uint32_t>(parameter));
  if (bound == bounds_.end()) return Default(parameter);
  return std::max(bound->second.first, std::min(bound->second.second, Default(parameter)));
}

// Empty for a category that neither the rule book nor any policy knows.
std::optional<std::int64_t> NaiveBooks::Weight(const Id& org, v1::Category category,
                                               Time as_of_ms) const {
  const auto number = static_cast<std::uint32_t>(category);
  const auto base = static_cast<std::uint32_t>(v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE);
  const auto named = NamedValue(org, base + number, as_of_ms);
  if (named) return named;
  if (number < v1::CATEGORY_COMPANIONSHIP || number > v1::CATEGORY_HAIRCUT) return std::nullopt;
  const auto bound = bounds_.find(base + number);
  if (bound == bounds_.end()) return 1'000;
  return std::max(bound->second.first, std::min<std::int64_t>(bound->second.second, 1'000));
}

bool NaiveBooks::IsAncestor(const Id& ancestor, const Id& org) const {
  for (Id at = org; orgs_.contains(at); at = orgs_.at(at).parent) {
    if (at == ancestor) return true;
  }
  return false;
}

bool NaiveBooks::IsProperAncestor(const Id& ancestor, const Id& org) const {
  return ancestor != org && IsAncestor(ancestor, org);
}

Id NaiveBooks::Root(const Id& org) const {
  Id at = org;
  while (orgs_.contains(orgs_.at(at).parent)) at = orgs_.at(at).parent;
  return at;
}

Id NaiveBooks::HomeOf(const Id& member) const { return people_.at(member).home; }

bool NaiveBooks::HoldsAt(const v1::Signer& signer, v1::Role role, const Id& org) const {
  return signer.role() == role && signer.org() == org &&
         people_.at(signer.member()).offices.contains({org, role});
}

// Holds the role at `org` or at an ancestor of it: the one that the signer names.
bool NaiveBooks::HoldsOver(const v1::Signer& signer, v1::Role role, const Id& org) const {
  return IsAncestor(signer.org(), org) && HoldsAt(signer, role, signer.org());
}

bool NaiveBooks::SignsAsMember(const v1::Signer& signer, const Id& member) const {
  return signer.role() == v1::ROLE_MEMBER && signer.org().empty() && signer.member() == member;
}

bool NaiveBooks::SignsAsProxy(const v1::Signer& signer, const Id& of, std::uint32_t scope) const {
  if (signer.role() != v1::ROLE_PROXY || !signer.org().empty()) return false;
  const auto& proxies = people_.at(of).proxies;
  const auto grant = proxies.find(signer.member());
  return grant != proxies.end() && (grant->second.scope & scope) != 0 &&
         grant->second.until_ms >= now_;
}

bool NaiveBooks::IsProxyOf(const Id& person, const Id& of) const {
  const auto& proxies = people_.at(of).proxies;
  const auto grant = proxies.find(person);
  return grant != proxies.end() && grant->second.until_ms >= now_;
}

// F8: a key younger than 24 h neither approves nor spends.
bool NaiveBooks::KeyTooYoung(const v1::Signer& signer) const {
  const Person& person = people_.at(signer.member());
  const Time since = person.keys.at(signer.key_id()).since_ms;
  return now_ <
         since + static_cast<Time>(Param(person.home, v1::POLICY_PARAMETER_KEY_AGE_MS, now_));
}

bool NaiveBooks::Blocked(const Id& person) const {
  return people_.at(person).status != v1::MEMBER_STATUS_ACTIVE;
}

std::int64_t NaiveBooks::AgeOf(const Id& person) const {
  return std::int64_t{LocalYear(Millis(now_), civil_offset_minutes_)} -
         std::int64_t{people_.at(person).birth_year};
}

// An organisation asks for one person unless it says otherwise.
std::size_t NaiveBooks::ThresholdOf(const Id& org, std::uint32_t action) const {
  const auto& thresholds = orgs_.at(org).thresholds;
  const auto asked = thresholds.find(action);
  return asked == thresholds.end() ? 1 : asked->second;
}

// Every signer holds `role` at `org`, and they are as many persons as the organisation asks for.
v1::Reason NaiveBooks::NeedThreshold(v1::Role role, const Id& org, std::uint32_t action,
                                     std::size_t persons_min) const {
  std::set<Id> persons;
  for (const v1::Signer& signer : by_) {
    if (!HoldsAt(signer, role, org)) return v1::REASON_F15_WRONG_SCOPE;
    persons.insert(signer.member());
  }
  const std::size_t needed = std::max(persons_min, ThresholdOf(org, action));
  return persons.size() < needed ? v1::REASON_THRESHOLD_NOT_MET : v1::REASON_UNSPECIFIED;
}

// One person in the first role and another in the second, at `org` (the second, if said, anywhere).
v1::Reason NaiveBooks::NeedPair(v1::Role first, v1::Role second, const Id& org,
                                bool second_anywhere) const {
  bool has_first = false;
  bool has_second = false;
  std::set<Id> persons;
  for (const v1::Signer& signer : by_) {
    persons.insert(signer.member());
    if (HoldsAt(signer, first, org)) {
      has_first = true;
    } else if (HoldsAt(signer, second, second_anywhere ? signer.org() : org)) {
      has_second = true;
    } else {
      return v1::REASON_F15_WRONG_SCOPE;
    }
  }
  if (by_.size() > 2) return v1::REASON_F15_WRONG_SCOPE;
  const bool two = has_first && has_second && persons.size() > 1;
  return two ? v1::REASON_UNSPECIFIED : v1::REASON_THRESHOLD_NOT_MET;
}

// FORMATS 1: a client-made id starts with its time as u48 milliseconds.
v1::Reason NaiveBooks::CheckIdTime(const Id& id, const Id& org) const {
  Time made = 0;
  for (std::size_t i = 0; i < 6; ++i) made = made << 8 | static_cast<unsigned char>(id[i]);
  const auto late = static_cast<Time>(Param(org, v1::POLICY_PARAMETER_LATE_LIMIT_MS, now_));
  if (made > now_ + 5'000 || made + late < now_) return v1::REASON_BAD_ID_TIME;
  return v1::REASON_UNSPECIFIED;
}

bool NaiveBooks::IsTaken(const Id& id) const {
  return visits_.contains(id) || purchases_.contains(id) || holds_.contains(id);
}

// An order is for about its time.
v1::Reason NaiveBooks::CheckNearPlan(const Visit& visit, Time start_ms) const {
  const Time planned = visit.planned_start_ms;
  const Time apart = start_ms > planned ? start_ms - planned : planned - start_ms;
  const auto most = static_cast<Time>(
      Param(visit.community, v1::POLICY_PARAMETER_SERVICE_HOLD_MS, visit.policy_ms));
  return visit.ordered && apart > most ? v1::REASON_CONTENT_MISMATCH : v1::REASON_UNSPECIFIED;
}

// A client's time is a claim: not from the future, not older than the late limit.
v1::Reason NaiveBooks::CheckClaimTime(Time at_ms, const Id& org, Time policy_ms) const {
  const auto late = static_cast<Time>(Param(org, v1::POLICY_PARAMETER_LATE_LIMIT_MS, policy_ms));
  if (at_ms > now_ + 5'000) return v1::REASON_FUTURE;
  if (at_ms + late < now_) return v1::REASON_TOO_LATE;
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
