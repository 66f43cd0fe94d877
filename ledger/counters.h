// Counters of rule windows: minutes and things per person and local day, month, hour or year, and
// the visits of a day (F1, F2, F5, F9). An empty counter has no record.
#pragma once

#include <cstdint>
#include <functional>

#include "ledger/context.h"

namespace timebank::ledger {

// Zero when nothing was counted.
[[nodiscard]] std::int64_t CountedMinutes(TxContext& tx, const CounterId& id);
[[nodiscard]] std::uint32_t CountedThings(TxContext& tx, const CounterId& id);

struct CounterDelta {
  std::int64_t minutes = 0;
  std::int64_t count = 0;
};
// Neither part falls below zero. AMOUNT_OVERFLOW.
[[nodiscard]] Reason AddToCounter(TxContext& tx, const CounterId& id, const CounterDelta& delta);
// True when `minutes` more stay within `cap_minutes`.
[[nodiscard]] bool FitsUnderCap(TxContext& tx, const CounterId& id, std::int64_t minutes,
                                std::int64_t cap_minutes);

// Visits in a day counter (VOLUNTEER_DAY, ELDER_DAY), which lie on the local day of their start.
void AddInterval(TxContext& tx, const CounterId& id, const v1::Interval& interval);
void RemoveInterval(TxContext& tx, const CounterId& id, const EntryId& entry);
// The visits in one counter; nothing when it has no record.
void ForEachInterval(TxContext& tx, const CounterId& id,
                     const std::function<void(const v1::Interval&)>& visit);

// yyyymmddhh of the local clock hour.
[[nodiscard]] std::uint32_t LocalHour(Millis at, std::int64_t offset_minutes);
[[nodiscard]] CounterId MemberCounter(const MemberId& member, v1::CounterScope scope,
                                      std::uint32_t period);

}  // namespace timebank::ledger
