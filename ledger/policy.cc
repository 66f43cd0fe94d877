#include "ledger/policy.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"
#include "ledger/org_tree.h"

namespace timebank::ledger {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kYear = 366 * kDay;
constexpr std::int64_t kMany = 1'000'000'000;  // minutes or things: no bound that matters

using enum Unit;

// clang-format off
constexpr std::array kParameters{
    ParameterInfo{1, "ENTRY_MIN_MINUTES", kMinutes, 15, 1, 1'440},
    ParameterInfo{2, "ENTRY_MAX_MINUTES", kMinutes, 240, 1, 1'440},
    ParameterInfo{3, "TOLERANCE_MINUTES", kMinutes, 15, 0, 240},
    ParameterInfo{4, "LATE_LIMIT_MS", kMillis, 30 * kDay, kHour, 90 * kDay},
    ParameterInfo{5, "VOLUNTEER_DAY_MINUTES", kMinutes, 240, 1, 1'440},
    ParameterInfo{6, "VOLUNTEER_MONTH_MINUTES", kMinutes, 2'400, 1, 31 * 1'440},
    ParameterInfo{7, "ELDER_DAY_MINUTES", kMinutes, 240, 1, 1'440},
    ParameterInfo{8, "CARD_DAY_MINUTES", kMinutes, 120, 0, 1'440},
    ParameterInfo{9, "CARD_DAY_REDEMPTIONS", kCount, 1, 0, 100},
    ParameterInfo{10, "NEW_VOLUNTEER_MS", kMillis, 30 * kDay, 0, kYear},
    ParameterInfo{11, "NEW_VOLUNTEER_DAY_MINUTES", kMinutes, 120, 1, 1'440},
    ParameterInfo{12, "EARNED_CAP_MINUTES", kMinutes, 90'000, 0, kMany},
    ParameterInfo{13, "EARN_AGE_YEARS", kYears, 18, 14, 100},
    ParameterInfo{14, "MINOR_AGE_YEARS", kYears, 14, 14, 18},
    ParameterInfo{15, "MINOR_DAY_MINUTES", kMinutes, 120, 0, 480},
    ParameterInfo{16, "REDEEM_AGE_YEARS", kYears, 60, 0, 120},
    ParameterInfo{17, "KIN_TRANSFER_ENABLED", kSwitch, 1, 0, 1},
    ParameterInfo{18, "KIN_TRANSFER_YEAR_MINUTES", kMinutes, 6'000, 0, kMany},
    ParameterInfo{19, "FRIEND_TRANSFER_ENABLED", kSwitch, 0, 0, 1},
    ParameterInfo{20, "DONATION_ENABLED", kSwitch, 1, 0, 1},
    ParameterInfo{21, "DONATION_HOLD_MS", kMillis, kDay, kHour, 30 * kDay},
    ParameterInfo{22, "GOODS_ENABLED", kSwitch, 1, 0, 1},
    ParameterInfo{23, "GOODS_YEAR_PER_MILLE", kPerMille, 200, 0, 1'000},
    ParameterInfo{24, "GRANT_MONTH_MINUTES", kMinutes, 480, 0, 10'000},
    ParameterInfo{25, "COOLING_MS", kMillis, 72 * kHour, 24 * kHour, 90 * kDay},
    ParameterInfo{26, "FIRST_COOLING_MS", kMillis, 7 * kDay, 24 * kHour, 90 * kDay},
    ParameterInfo{27, "FIRST_COOLING_ENTRIES", kCount, 10, 0, 1'000},
    ParameterInfo{28, "DISPUTE_WINDOW_MS", kMillis, 30 * kDay, 7 * kDay, kYear},
    ParameterInfo{29, "ADJUDICATION_MS", kMillis, 15 * kDay, kDay, kYear},
    ParameterInfo{30, "GOODS_HOLD_MS", kMillis, 7 * kDay, kHour, 90 * kDay},
    ParameterInfo{31, "SERVICE_HOLD_MS", kMillis, 14 * kDay, kHour, 90 * kDay},
    ParameterInfo{32, "CLEARING_LIMIT_MINUTES", kMinutes, 60'000, 0, kMany},
    ParameterInfo{33, "VISIT_HIGH_RISK_MS", kMillis, 7 * kDay, kDay, kYear},
    ParameterInfo{34, "VISIT_HARDSHIP_MS", kMillis, 30 * kDay, kDay, kYear},
    ParameterInfo{35, "VISIT_OTHER_MS", kMillis, 90 * kDay, kDay, kYear},
    ParameterInfo{36, "KEY_AGE_MS", kMillis, 24 * kHour, kHour, 30 * kDay},
    ParameterInfo{37, "APPROVALS_DAY_WITHOUT_OWN_KEY", kCount, 10, 0, 100},
    ParameterInfo{38, "APPROVALS_HOUR_WITH_OWN_KEY", kCount, 500, 1, 500},
    ParameterInfo{39, "SERVICE_DAY_START_MINUTE", kMinuteOfDay, 6 * 60, 0, 1'440},
    ParameterInfo{40, "SERVICE_DAY_END_MINUTE", kMinuteOfDay, 22 * 60, 0, 1'440},
    ParameterInfo{41, "CONFIRM_DEADLINE_MS", kMillis, 24 * kHour, kHour, 30 * kDay},
    ParameterInfo{42, "CONFIRM_GRACE_MS", kMillis, 48 * kHour, 0, 30 * kDay},
    ParameterInfo{43, "APPROVE_DEADLINE_MS", kMillis, 72 * kHour, kHour, 30 * kDay},
    ParameterInfo{44, "APPROVE_GRACE_MS", kMillis, 7 * kDay, 0, 30 * kDay},
    ParameterInfo{45, "CHECK_OUT_DEADLINE_MS", kMillis, 12 * kHour, kHour, 48 * kHour},
    ParameterInfo{46, "REVIEW_DEADLINE_MS", kMillis, 7 * kDay, kHour, 90 * kDay},
    ParameterInfo{47, "REVIEW_GRACE_MS", kMillis, 7 * kDay, 0, 90 * kDay},
    ParameterInfo{48, "CORRECTION_WINDOW_MS", kMillis, 30 * kDay, kDay, 90 * kDay},
    ParameterInfo{49, "FULFILLED_UNCONFIRMED_MS", kMillis, 72 * kHour, kHour, 30 * kDay},
    ParameterInfo{50, "POLICY_NOTICE_MS", kMillis, 7 * kDay, 7 * kDay, kYear},
    ParameterInfo{51, "SAMPLE_PER_MILLE", kPerMille, 50, 10, 1'000},
    ParameterInfo{52, "VOLUNTEERS_AT_ONCE", kCount, 2, 1, 20},
    ParameterInfo{53, "FLAG_LATE_MS", kMillis, 72 * kHour, kHour, 30 * kDay},
    ParameterInfo{54, "VALIDITY_MS", kMillis, kHour, kMinute, 24 * kHour},
    ParameterInfo{55, "ENTRY_VALIDITY_MS", kMillis, 7 * kDay, kHour, 7 * kDay},
    ParameterInfo{56, "INDEPENDENCE_AGE_MS", kMillis, 30 * kDay, kDay, kYear},
    ParameterInfo{v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE, "CATEGORY_WEIGHT", kPerMille,
                  1'000, 1'000, 1'500},
};
// clang-format on

// Rows ascend without a gap, so that a number is an index.
static_assert([] {
  for (std::size_t i = 0; i + 1 < kParameters.size(); ++i) {
    if (kParameters[i].parameter != i + 1) return false;
  }
  return std::all_of(kParameters.begin(), kParameters.end(), [](const ParameterInfo& row) {
    return row.min <= row.standard && row.standard <= row.max;
  });
}());

// Policy adds categories from 100 on; the numbers below are the rule book's, named or to come.
constexpr std::uint32_t kPolicyCategoryMin = 100;
constexpr std::uint32_t kCategoryMax = 65'535;  // option open_to of the schema

bool IsBuiltIn(std::uint32_t category) {
  return category != 0 && v1::Category_IsValid(static_cast<int>(category));
}

}  // namespace

std::span<const ParameterInfo> Parameters() { return kParameters; }

const ParameterInfo* FindParameter(std::uint32_t parameter) {
  constexpr std::uint32_t kBase = v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE;
  if (parameter >= 1 && parameter < kParameters.size()) return &kParameters[parameter - 1];
  const bool is_category =
      parameter > kBase && parameter <= kBase + kCategoryMax &&
      (IsBuiltIn(parameter - kBase) || parameter - kBase >= kPolicyCategoryMin);
  return is_category ? &kParameters.back() : nullptr;
}

v1::ParameterBound BoundsOf(const v1::ChainRecord& chain, std::uint32_t parameter) {
  for (const v1::ParameterBound& bound : chain.bounds()) {
    if (bound.parameter() == parameter) return bound;
  }
  const ParameterInfo* info = FindParameter(parameter);
  TB_CHECK(info != nullptr);
  v1::ParameterBound bound;
  bound.set_parameter(parameter);
  bound.set_min(info->min);
  bound.set_max(info->max);
  return bound;
}

v1::Reason CheckValues(const v1::ChainRecord& chain,
                       const google::protobuf::RepeatedPtrField<v1::PolicyValue>& values) {
  if (values.empty()) return v1::REASON_MISSING_FIELD;
  std::uint32_t last = 0;
  for (const v1::PolicyValue& value : values) {
    if (value.parameter() <= last || FindParameter(value.parameter()) == nullptr) {
      return v1::REASON_BAD_FIELD;
    }
    last = value.parameter();
  }
  for (const v1::PolicyValue& value : values) {
    const v1::ParameterBound bound = BoundsOf(chain, value.parameter());
    if (value.value() < bound.min() || value.value() > bound.max()) {
      return v1::REASON_OUTSIDE_HARD_BOUNDS;
    }
  }
  return v1::REASON_UNSPECIFIED;
}

// By halves: entries ask for the policy of long ago as often as for that of today.
std::uint32_t VersionsInForce(Records& records, const OrgId& org, Millis at) {
  const auto* organisation = records.Find<v1::Organisation>(org);
  std::uint32_t in_force = 0;
  std::uint32_t end = organisation == nullptr ? 0 : organisation->policy_versions();
  while (in_force < end) {
    const std::uint32_t middle = in_force + (end - in_force + 1) / 2;
    const auto* version = records.Find<v1::PolicyVersion>({org, middle});
    TB_CHECK(version != nullptr);
    if (version->effective_from_ms() <= at.value()) {
      in_force = middle;
    } else {
      end = middle - 1;
    }
  }
  return in_force;
}

void AddVersion(Records& records, const OrgId& org, v1::PolicyVersion version) {
  v1::Organisation* organisation = records.Edit<v1::Organisation>(org);
  TB_CHECK(organisation != nullptr);
  const std::uint32_t count = organisation->policy_versions();
  const Millis from(version.effective_from_ms());
  const std::uint32_t place = VersionsInForce(records, org, from) + 1;
  TB_CHECK(count + 1 - place <= kFutureVersionsMax);
  for (std::uint32_t sequence = place; sequence <= count + 1; ++sequence) {
    v1::PolicyVersion next;
    const auto* known = records.Find<v1::PolicyVersion>({org, sequence});
    if (known != nullptr) next = *known;
    const auto* before = records.Find<v1::PolicyVersion>({org, sequence - 1});
    if (before != nullptr) Inherit(*before, version);
    v1::PolicyVersion& record = records.EditOrCreate<v1::PolicyVersion>({org, sequence});
    record = std::exchange(version, std::move(next));
    record.set_version(1);
  }
  organisation->set_policy_versions(count + 1);
}

void Inherit(const v1::PolicyVersion& before, v1::PolicyVersion& version) {
  std::map<std::uint32_t, std::int64_t> values;
  for (const auto* known : {&before.inherited(), &before.values()}) {
    for (const v1::PolicyValue& value : *known) values[value.parameter()] = value.value();
  }
  for (const v1::PolicyValue& value : version.values()) values.erase(value.parameter());
  version.clear_inherited();
  for (const auto& [parameter, value] : values) {
    v1::PolicyValue* inherited = version.add_inherited();
    inherited->set_parameter(parameter);
    inherited->set_value(value);
  }
}

Policy Policy::Of(Records& records, const OrgId& org, Millis at) {
  Policy policy;
  policy.chain_ = records.Find<v1::ChainRecord>({});
  TB_CHECK(policy.chain_ != nullptr);
  OrgId level = org;
  const auto* organisation = records.Find<v1::Organisation>(level);
  for (; organisation != nullptr; organisation = records.Find<v1::Organisation>(level)) {
    const std::uint32_t newest = VersionsInForce(records, level, at);
    if (newest > 0) policy.versions_.push_back(records.Find<v1::PolicyVersion>({level, newest}));
    if (organisation->parent().empty()) break;
    level = As<OrgId>(organisation->parent());
  }
  return policy;
}

std::int64_t Policy::Get(v1::PolicyParameter parameter) const {
  return Resolve(static_cast<std::uint32_t>(parameter));
}

std::uint64_t Policy::Ms(v1::PolicyParameter parameter) const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, Get(parameter)));
}

std::int64_t Policy::Weight(v1::Category category) const {
  return Resolve(static_cast<std::uint32_t>(v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE) +
                 static_cast<std::uint32_t>(category));
}

bool Policy::Knows(v1::Category category) const {
  const auto number = static_cast<std::uint32_t>(category);
  if (IsBuiltIn(number)) return true;
  const bool may_be_added = number >= kPolicyCategoryMin && number <= kCategoryMax;
  return may_be_added && Named(v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE + number);
}

std::int64_t Policy::Resolve(std::uint32_t parameter) const {
  if (const auto named = Named(parameter)) return *named;
  const ParameterInfo* info = FindParameter(parameter);
  TB_CHECK(info != nullptr);
  // What nobody decided is no exception from what genesis forbids.
  const auto& bounds = chain_->bounds();
  const auto bound = std::find_if(
      bounds.begin(), bounds.end(),
      [&](const v1::ParameterBound& candidate) { return candidate.parameter() == parameter; });
  if (bound == bounds.end()) return info->standard;
  return std::clamp(info->standard, bound->min(), bound->max());
}

std::optional<std::int64_t> Policy::Named(std::uint32_t parameter) const {
  for (const v1::PolicyVersion* version : versions_) {
    for (const auto* values : {&version->values(), &version->inherited()}) {
      const auto at = std::lower_bound(values->begin(), values->end(), parameter,
                                       [](const v1::PolicyValue& value, std::uint32_t wanted) {
                                         return value.parameter() < wanted;
                                       });
      if (at != values->end() && at->parameter() == parameter) return at->value();
    }
  }
  return std::nullopt;
}

}  // namespace timebank::ledger
