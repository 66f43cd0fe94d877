#include "wallet-cli/demo/timeline.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/check.h"
#include "base/civil.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
// Approvals a day that F9 allows without the elder's own key.
constexpr std::uint32_t kApprovalsPerDay = 10;
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

StaffPlan PlanStaff(const PilotData& data) {
  StaffPlan plan;
  std::map<std::string, std::string> street_of;
  for (const PilotMember& member : data.members) {
    if (street_of.emplace(member.community, member.street).second) {
      plan.communities.emplace_back(member.community, member.street);
    }
    if (std::find(plan.streets.begin(), plan.streets.end(), member.street) == plan.streets.end()) {
      plan.streets.push_back(member.street);
    }
  }
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> approvals;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> callbacks;
  for (const PilotVisit& visit : data.visits) {
    const PilotMember* elder = data.Find(visit.elder);
    if (visit.entry_number.empty() || elder == nullptr) continue;
    if (visit.channel != PilotChannel::kApp) {
      ++approvals[{elder->community, LocalDay(visit.approved_at, kPilotOffsetMinutes)}];
    }
    if (visit.channel == PilotChannel::kCallback) {
      ++callbacks[{street_of[elder->community], LocalDay(visit.confirmed_at, kPilotOffsetMinutes)}];
    }
  }
  for (const auto& [community, street] : plan.communities) plan.approvers[community] = 1;
  for (const std::string& street : plan.streets) plan.dispatchers[street] = 1;
  for (const auto& [key, count] : approvals) {
    auto& staff = plan.approvers[key.first];
    staff = std::max(staff, CeilDiv(count, kApprovalsPerDay));
  }
  for (const auto& [key, count] : callbacks) {
    auto& staff = plan.dispatchers[key.first];
    staff = std::max(staff, CeilDiv(count, kCallbacksPerDispatcher));
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

std::vector<Step> PlanTimeline(const PilotData& data, Millis genesis) {
  std::map<Key, std::vector<std::size_t>> by_time;
  Millis last = genesis;
  for (std::size_t i = 0; i < data.visits.size(); ++i) {
    const PilotVisit& visit = data.visits[i];
    const auto add = [&](Millis at, StepKind kind) {
      by_time[{at.value(), kind}].push_back(i);
      last = std::max(last, at);
    };
    add(visit.requested_at, StepKind::kOrder);
    if (visit.entry_number.empty()) continue;
    add(std::min(Plus(visit.requested_at, 5 * kMinuteMs), visit.check_in), StepKind::kClaim);
    add(visit.check_in, StepKind::kCheckIn);
    add(visit.check_out, StepKind::kCheckOutAndSubmit);
    add(visit.confirmed_at, StepKind::kConfirm);
    add(visit.approved_at, StepKind::kApprove);
    add(ReviewTime(visit.approved_at), StepKind::kReview);
  }
  std::vector<Step> steps;
  for (const std::uint32_t month : GrantMonths(genesis, last)) {
    // Ten minutes into the month; the first one right after the start, when members are listed.
    CivilTime first{static_cast<int>(month / 100), static_cast<int>(month % 100), 1, 0, 10, 0};
    const auto at = FromCivil(first, kPilotOffsetMinutes);
    TB_CHECK(at.has_value());
    steps.push_back({std::max(*at, Plus(genesis, kHourMs)), StepKind::kGrantRun, {}, month});
  }
  for (auto& [key, visits] : by_time) {
    steps.push_back({Millis(key.first), key.second, std::move(visits), 0});
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return std::tie(a.at, a.kind) < std::tie(b.at, b.kind);
  });
  return steps;
}

}  // namespace timebank::cli
