// What happens when: the pilot's visits as steps in ledger time, and the staff beyond the data that
// those steps need (DOMAIN 6, F9; 8).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/strong.h"
#include "wallet-cli/demo/pilot_data.h"

namespace timebank::cli {

enum class StepKind {
  kGrantRun,
  kOrder,
  kClaim,
  kCheckIn,
  kCheckOutAndSubmit,
  kConfirm,
  kApprove,
  kReview,
};

[[nodiscard]] const char* StepName(StepKind kind);

struct Step {
  Millis at;
  StepKind kind = StepKind::kOrder;
  // Visits that take part, in file order; empty for a grant run.
  std::vector<std::size_t> visits;
  // Grant runs: yyyymm.
  std::uint32_t month = 0;
};

// Staff is planned from the busiest day, so that a limit on staff never refuses a row.
struct StaffPlan {
  // Per community: ceil(approvals of the busiest local day without the elder's own key / 10), or
  // ceil(those of the busiest clock hour with it / 500) where that is more, at least 1.
  std::map<CommunityKey, std::uint32_t> approvers;
  // Per street: ceil(call-backs of the busiest local day / 3), at least 1.
  std::map<std::string, std::uint32_t> dispatchers;
  // In order of first appearance.
  std::vector<CommunityKey> communities;
  std::vector<std::string> streets;
};

[[nodiscard]] StaffPlan PlanStaff(const PilotData& data);

// Steps up to `end` in rising order of time; at one minute in the order of StepKind. Steps of one
// minute and kind are one step. A grant run comes first in each local month from the genesis month
// to that of `end`.
[[nodiscard]] std::vector<Step> PlanTimeline(const PilotData& data, Millis genesis, Millis end);
// The first step of a visit that lies after `end`; empty when all of them up to its approval do
// not.
[[nodiscard]] std::optional<StepKind> FirstStepAfter(const PilotVisit& visit, Millis end);

// The clock hour of `at`, counted from 1970: F9 counts by it.
[[nodiscard]] std::uint64_t ClockHour(Millis at);

// Order in which a month's GRANT lots are needed: every local month from genesis to `until`.
[[nodiscard]] std::vector<std::uint32_t> GrantMonths(Millis genesis, Millis until);

}  // namespace timebank::cli
