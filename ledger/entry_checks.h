// What a visit must satisfy to be recorded, in the one order of the rule book, and the counters and
// intervals that remember it (F1, F2, F4, F5, F6; flags R2, R3, NEW_VOLUNTEER). Shared by
// submission, paper lines and replacements.
#pragma once

#include <cstdint>

#include "ledger/context.h"
#include "ledger/entry_content.h"

namespace timebank::ledger {

// BAD_ID_TIME unless the client-made id was made within [now - LATE_LIMIT, now + 5 s].
[[nodiscard]] Reason CheckIdTime(const TxContext& tx, const Policy& policy, ByteView id);
// CONTENT_MISMATCH when the entry was ordered for a time more than SERVICE_HOLD_MS away: the
// minutes set aside for it are for about then.
[[nodiscard]] Reason CheckNearPlan(const Policy& policy, const v1::Entry& entry, Millis start);
// UNKNOWN_CATEGORY unless it is built in or has a weight by policy.
[[nodiscard]] Reason CheckCategory(const Policy& policy, v1::Category category);
// ENTRY_TOO_SHORT, ENTRY_TOO_LONG.
[[nodiscard]] Reason CheckLimits(const Policy& policy, std::int64_t minutes);
// AGE unless the volunteer has reached EARN_AGE_YEARS.
[[nodiscard]] Reason CheckEarnAge(const TxContext& tx, const Policy& policy,
                                  const v1::Member& volunteer);

// Writes what was served into the entry: content, parties, times, minutes served and credited.
// UNKNOWN_CATEGORY, the first check of a visit; AMOUNT_OVERFLOW when the weighted minutes do not
// fit.
[[nodiscard]] Reason FillVisit(const Policy& policy, const VisitContent& visit, v1::Entry& entry);

enum class LateLimit : std::uint8_t { kBinds, kWaived };
// The checks after the category: clock, limits, F4, F1, F2, F6, F5. What a filled entry must
// satisfy to be recorded. Requires: the volunteer exists.
[[nodiscard]] Reason CheckVisit(TxContext& tx, const Policy& policy, const v1::Entry& entry,
                                LateLimit late_limit);
// R2, R3 and NEW_VOLUNTEER as of submission. Requires: the volunteer exists, `entry` is filled from
// `visit`.
[[nodiscard]] std::uint32_t SubmissionFlags(TxContext& tx, const Policy& policy,
                                            const VisitContent& visit, const v1::Entry& entry);

// Adds the visit to the counters and intervals of its local day and month, or takes it out again.
[[nodiscard]] Reason CountVisit(TxContext& tx, const v1::Entry& entry);
[[nodiscard]] Reason UncountVisit(TxContext& tx, const v1::Entry& entry);

}  // namespace timebank::ledger
