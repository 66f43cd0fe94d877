#include "wallet-cli/demo/timeline.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/civil.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
// Approvals that F9 allows: a day without the elder's own key, an hour with it.
constexpr std::uint32_t kApprovalsPerDay = 10;
constexpr std::uint32_t kApprovalsPerHour = 500;
constexpr std::uint32_t kCallbacksPerDispatcher = 3;

Millis Plus(Millis at, std::uint64_t ms) { return Millis(at.value() + ms); }

std::uint32_t CeilDiv(std::uint32_t a, std::uint32_t b) { return (a + b - 1) / b; }

// 10:00 local time of the day after `at`: when a street reviewer looks at yesterday's flags.
Millis ReviewTime(Millis at) {
  CivilTime civil = ToCivil(Plus(at, 24 * kHourMs), kPilotOffsetMinutes);
  civil.hour = 10;
  civil.minute = 0;
  civil.second = 0;
  const auto local = FromCivil(civil, kPilotOffsetMinutes);
  TB_CHECK(local.has_value());
  return *local;
}

using Key = std::pair<std::uint64_t, StepKind>;

std::vector<std::pair<Millis, StepKind>> StepsOf(const PilotVisit& visit) {
  if (visit.entry_number.empty()) return {{visit.requested_at, StepKind::kOrder}};
  const Millis claim = std::min(Plus(visit.requested_at, 5 * kMinuteMs), visit.check_in);
  return {{visit.requested_at, StepKind::kOrder},
          {claim, StepKind::kClaim},
          {visit.check_in, StepKind::kCheckIn},
          {visit.check_out, StepKind::kCheckOutAndSubmit},
          {visit.confirmed_at, StepKind::kConfirm},
          {visit.approved_at, StepKind::kApprove},
          {ReviewTime(visit.approved_at), StepKind::kReview}};
}

}  // namespace

const char* StepName(StepKind kind) {
  switch (kind) {
    case StepKind::kGrantRun:
      return "grant run";
    case StepKind::kOrder:
      return "order";
    case StepKind::kClaim:
      return "claim";
    case StepKind::kCheckIn:
      return "check-in";
    case StepKind::kCheckOutAndSubmit:
      return "check-out and log";
    case StepKind::kConfirm:
      return "confirm";
    case StepKind::kApprove:
      return "approve";
    case StepKind::kReview:
      return "review";
  }
  return "";
}

std::uint64_t ClockHour(Millis at) {
  return (at.value() + kPilotOffsetMinutes * kMinuteMs) / kHourMs;
}

StaffPlan PlanStaff(const PilotData& data) {
  StaffPlan plan;
  for (const PilotMember& member : data.members) {
    if (plan.approvers.emplace(member.HomeKey(), 1).second) {
      plan.communities.push_back(member.HomeKey());
    }
    if (plan.dispatchers.emplace(member.street, 1).second) plan.streets.push_back(member.street);
  }
  // Busiest day or hour of a community or street.
  std::map<std::pair<CommunityKey, std::uint32_t>, std::uint32_t> by_day;
  std::map<std::pair<CommunityKey, std::uint64_t>, std::uint32_t> by_hour;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> callbacks;
  for (const PilotVisit& visit : data.visits) {
    const PilotMember* elder = data.Find(visit.elder);
    if (visit.entry_number.empty() || elder == nullptr) continue;
    if (visit.channel == PilotChannel::kApp) {
      ++by_hour[{elder->HomeKey(), ClockHour(visit.approved_at)}];
    } else {
      ++by_day[{elder->HomeKey(), LocalDay(visit.approved_at, kPilotOffsetMinutes)}];
    }
    if (visit.channel == PilotChannel::kCallback) {
      ++callbacks[{elder->street, LocalDay(visit.confirmed_at, kPilotOffsetMinutes)}];
    }
  }
  const auto need = [](std::uint32_t& staff, std::uint32_t work, std::uint32_t each) {
    staff = std::max(staff, CeilDiv(work, each));
  };
  for (const auto& [key, count] : by_day) need(plan.approvers[key.first], count, kApprovalsPerDay);
  for (const auto& [key, count] : by_hour) {
    need(plan.approvers[key.first], count, kApprovalsPerHour);
  }
  for (const auto& [key, count] : callbacks) {
    need(plan.dispatchers[key.first], count, kCallbacksPerDispatcher);
  }
  return plan;
}

std::vector<std::uint32_t> GrantMonths(Millis genesis, Millis until) {
  std::vector<std::uint32_t> months;
  for (Millis at = genesis; at <= until;) {
    const std::uint32_t month = LocalMonth(at, kPilotOffsetMinutes);
    months.push_back(month);
    const auto next = EndOfMonth(month, kPilotOffsetMinutes);
    TB_CHECK(next.has_value());
    at = *next;
  }
  return months;
}

std::vector<Step> PlanTimeline(const PilotData& data, Millis genesis, Millis end) {
  std::map<Key, std::vector<std::size_t>> by_time;
  for (std::size_t i = 0; i < data.visits.size(); ++i) {
    for (const auto& [at, kind] : StepsOf(data.visits[i])) {
      if (at <= end) by_time[{at.value(), kind}].push_back(i);
    }
  }
  std::vector<Step> steps;
  for (const std::uint32_t month : GrantMonths(genesis, end)) {
    // Ten minutes into the month; the first one right after the start, when members are listed.
    CivilTime first{static_cast<int>(month / 100), static_cast<int>(month % 100), 1, 0, 10, 0};
    const auto at = FromCivil(first, kPilotOffsetMinutes);
    TB_CHECK(at.has_value());
    steps.push_back({std::max(*at, Plus(genesis, kHourMs)), StepKind::kGrantRun, {}, month});
  }
  for (auto& [key, visits] : by_time) {
    steps.push_back({Millis(key.first), key.second, std::move(visits), 0});
  }
  std::erase_if(steps, [&](const Step& step) { return step.at > end; });
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return std::tie(a.at, a.kind) < std::tie(b.at, b.kind);
  });
  return steps;
}

std::optional<StepKind> FirstStepAfter(const PilotVisit& visit, Millis end) {
  for (const auto& [at, kind] : StepsOf(visit)) {
    if (at > end && kind != StepKind::kReview) return kind;
  }
  return std::nullopt;
}

}  // namespace timebank::cli
