#include "ledger/counters.h"

#include <algorithm>
#include <limits>

#include "base/minutes.h"

namespace timebank::ledger {
namespace {

void EraseWhenEmpty(TxContext& tx, const CounterId& id, const v1::Counter& counter) {
  if (counter.minutes() == 0 && counter.count() == 0 && counter.intervals().empty()) {
    tx.Erase<v1::Counter>(id);
  }
}

}  // namespace

std::int64_t CountedMinutes(TxContext& tx, const CounterId& id) {
  const auto* counter = tx.Find<v1::Counter>(id);
  return counter == nullptr ? 0 : counter->minutes();
}

std::uint32_t CountedThings(TxContext& tx, const CounterId& id) {
  const auto* counter = tx.Find<v1::Counter>(id);
  return counter == nullptr ? 0 : counter->count();
}

Reason AddToCounter(TxContext& tx, const CounterId& id, const CounterDelta& delta) {
  v1::Counter& counter = tx.EditOrCreate<v1::Counter>(id);
  const auto minutes = CheckedAdd(counter.minutes(), delta.minutes);
  const auto count = CheckedAdd(counter.count(), delta.count);
  if (!minutes || !count || *count > std::numeric_limits<std::uint32_t>::max()) {
    return v1::REASON_AMOUNT_OVERFLOW;
  }
  counter.set_minutes(std::max<std::int64_t>(0, *minutes));
  counter.set_count(static_cast<std::uint32_t>(std::max<std::int64_t>(0, *count)));
  EraseWhenEmpty(tx, id, counter);
  return kOk;
}

bool FitsUnderCap(TxContext& tx, const CounterId& id, std::int64_t minutes,
                  std::int64_t cap_minutes) {
  const auto sum = CheckedAdd(CountedMinutes(tx, id), minutes);
  return sum && *sum <= cap_minutes;
}

void AddInterval(TxContext& tx, const CounterId& id, const v1::Interval& interval) {
  *tx.EditOrCreate<v1::Counter>(id).add_intervals() = interval;
}

void RemoveInterval(TxContext& tx, const CounterId& id, const EntryId& entry) {
  v1::Counter* counter = tx.Edit<v1::Counter>(id);
  if (counter == nullptr) return;
  auto& intervals = *counter->mutable_intervals();
  intervals.erase(
      std::remove_if(intervals.begin(), intervals.end(),
                     [&](const v1::Interval& visit) { return visit.entry() == entry.text(); }),
      intervals.end());
  EraseWhenEmpty(tx, id, *counter);
}

void ForEachInterval(TxContext& tx, const CounterId& id,
                     const std::function<void(const v1::Interval&)>& visit) {
  const auto* counter = tx.Find<v1::Counter>(id);
  if (counter == nullptr) return;
  for (const v1::Interval& interval : counter->intervals()) visit(interval);
}

std::uint32_t LocalHour(Millis at, std::int64_t offset_minutes) {
  return LocalDay(at, offset_minutes) * 100 + LocalMinuteOfDay(at, offset_minutes) / 60;
}

CounterId MemberCounter(const MemberId& member, v1::CounterScope scope, std::uint32_t period) {
  return {.owner = {member.data}, .scope = scope, .period = period};
}

}  // namespace timebank::ledger
