#include "ledger/entry_checks.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/civil.h"
#include "base/minutes.h"
#include "ledger/authority.h"
#include "ledger/counters.h"

namespace timebank::ledger {
namespace {

constexpr std::uint64_t kDayMs = 24 * 60 * kMinuteMs;

Reason CheckClock(const TxContext& tx, const Policy& policy, const v1::Entry& entry,
                  LateLimit late_limit);
Reason CheckF4AndF1(TxContext& tx, const v1::Entry& entry);
Reason CheckF2(TxContext& tx, const Policy& policy, const v1::Entry& entry);
Reason CheckF6(const TxContext& tx, const Policy& policy, const v1::Entry& entry);
Reason CheckF5(TxContext& tx, const Policy& policy, const v1::Entry& entry);
bool IsNewVolunteer(TxContext& tx, const Policy& policy, const v1::Entry& entry);

}  // namespace

Reason CheckVisit(TxContext& tx, const Policy& policy, const v1::Entry& entry,
                  LateLimit late_limit) {
  const std::int64_t minutes = WholeMinutes(Millis(entry.start_ms()), Millis(entry.end_ms()));
  if (const Reason no = CheckClock(tx, policy, entry, late_limit)) return no;
  if (const Reason no = CheckLimits(policy, minutes)) return no;
  if (const Reason no = CheckF4AndF1(tx, entry)) return no;
  if (const Reason no = CheckF2(tx, policy, entry)) return no;
  if (const Reason no = CheckF6(tx, policy, entry)) return no;
  return CheckF5(tx, policy, entry);
}

Reason CheckIdTime(const TxContext& tx, const Policy& policy, ByteView id) {
  const std::uint64_t made_ms = IdTime(id).value();
  const bool late = made_ms + policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS) < tx.now_ms();
  const bool early = made_ms > tx.now_ms() + kClientAheadMs;
  return late || early ? v1::REASON_BAD_ID_TIME : kOk;
}

Reason CheckNearPlan(const Policy& policy, const v1::Entry& entry, Millis start) {
  if (!entry.ordered()) return kOk;
  const std::uint64_t planned_ms = entry.planned_start_ms();
  const std::uint64_t apart_ms =
      std::max(start.value(), planned_ms) - std::min(start.value(), planned_ms);
  const bool near = apart_ms <= policy.Ms(v1::POLICY_PARAMETER_SERVICE_HOLD_MS);
  return near ? kOk : v1::REASON_CONTENT_MISMATCH;
}

Reason CheckCategory(const Policy& policy, v1::Category category) {
  return policy.Knows(category) ? kOk : v1::REASON_UNKNOWN_CATEGORY;
}

Reason CheckLimits(const Policy& policy, std::int64_t minutes) {
  const std::int64_t min = policy.Get(v1::POLICY_PARAMETER_ENTRY_MIN_MINUTES);
  const std::int64_t max = policy.Get(v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES);
  if (minutes < std::max<std::int64_t>(min, 1)) return v1::REASON_ENTRY_TOO_SHORT;
  if (minutes > std::min(max, kVisitMinutesMax)) return v1::REASON_ENTRY_TOO_LONG;
  return kOk;
}

Reason CheckEarnAge(const TxContext& tx, const Policy& policy, const v1::Member& volunteer) {
  return AgeYears(tx, volunteer) < policy.Get(v1::POLICY_PARAMETER_EARN_AGE_YEARS) ? v1::REASON_AGE
                                                                                   : kOk;
}

Reason FillVisit(const Policy& policy, const VisitContent& visit, v1::Entry& entry) {
  const v1::EntryContent& c = visit.content;
  if (const Reason no = CheckCategory(policy, c.category())) return no;
  entry.set_entry(c.entry());
  entry.set_community(c.community());
  entry.set_kind(c.kind());
  entry.set_category(c.category());
  entry.set_elder(c.elder());
  entry.set_volunteer(c.volunteer());
  entry.set_content(visit.bytes);
  entry.set_content_hash(visit.hash.str());
  entry.set_start_ms(c.start_ms());
  entry.set_end_ms(c.end_ms());

  std::int64_t served = WholeMinutes(Millis(c.start_ms()), Millis(c.end_ms()));
  if (entry.ordered()) {
    const std::int64_t planned = entry.planned_minutes();
    served = std::min(served, planned + policy.Get(v1::POLICY_PARAMETER_TOLERANCE_MINUTES));
  }
  const auto credited = Weighted(Minutes(served), policy.Weight(c.category()));
  if (!credited) return v1::REASON_AMOUNT_OVERFLOW;
  entry.set_served_minutes(served);
  entry.set_credited_minutes(credited->value());
  return kOk;
}

std::uint32_t SubmissionFlags(TxContext& tx, const Policy& policy, const VisitContent& visit,
                              const v1::Entry& entry) {
  const auto unproven = [](v1::PlaceClaim claim) {
    return claim == v1::PLACE_CLAIM_MISMATCH || claim == v1::PLACE_CLAIM_NONE;
  };
  const bool pair = entry.check_in_ms() != 0 && entry.check_out_ms() != 0 &&
                    entry.check_in_ms() <= entry.start_ms() &&
                    entry.end_ms() <= entry.check_out_ms();
  std::uint32_t flags = 0;
  if (!pair || unproven(visit.content.place()) || unproven(entry.check_in_place()) ||
      unproven(entry.check_out_place())) {
    flags |= v1::FLAG_R2_NO_CHECK_IN;
  }
  if (tx.now_ms() > entry.end_ms() + policy.Ms(v1::POLICY_PARAMETER_FLAG_LATE_MS)) {
    flags |= v1::FLAG_R3_SUBMITTED_LATE;
  }
  if (IsNewVolunteer(tx, policy, entry)) flags |= v1::FLAG_NEW_VOLUNTEER;
  return flags;
}

namespace {

// The three counters that a visit lies in, by the local day of its start.
struct VisitCounters {
  CounterId volunteer_day;
  CounterId volunteer_month;
  CounterId elder_day;
};

VisitCounters CountersOf(const TxContext& tx, const v1::Entry& entry) {
  const Millis start(entry.start_ms());
  const auto volunteer = As<MemberId>(entry.volunteer());
  const std::uint32_t day = LocalDay(start, tx.civil_offset());
  const std::uint32_t month = LocalMonth(start, tx.civil_offset());
  return {MemberCounter(volunteer, v1::COUNTER_SCOPE_VOLUNTEER_DAY, day),
          MemberCounter(volunteer, v1::COUNTER_SCOPE_VOLUNTEER_MONTH, month),
          MemberCounter(As<MemberId>(entry.elder()), v1::COUNTER_SCOPE_ELDER_DAY, day)};
}

// Calls `visit` with every counted visit of the member that could meet the entry: they start on the
// day before (none is longer than a day), on the day of its start or on that of its end.
template <typename Visit>
void ForEachVisitNear(TxContext& tx, const v1::Entry& entry, const MemberId& member,
                      v1::CounterScope scope, const Visit& visit) {
  const std::uint64_t start_ms = entry.start_ms();
  const std::array<std::uint64_t, 3> moments = {start_ms < kDayMs ? 0 : start_ms - kDayMs, start_ms,
                                                entry.end_ms()};
  std::uint32_t previous = 0;
  for (const std::uint64_t moment : moments) {
    const std::uint32_t day = LocalDay(Millis(moment), tx.civil_offset());
    if (day == previous) continue;
    previous = day;
    ForEachInterval(tx, MemberCounter(member, scope, day), visit);
  }
}

// Half-open: a visit may start when another ends.
bool Overlaps(const v1::Interval& interval, const v1::Entry& entry) {
  return interval.start_ms() < entry.end_ms() && entry.start_ms() < interval.end_ms();
}

}  // namespace

Reason CountVisit(TxContext& tx, const v1::Entry& entry) {
  const VisitCounters counters = CountersOf(tx, entry);
  const CounterDelta served{.minutes = entry.served_minutes(), .count = 1};
  for (const CounterId& id :
       {counters.volunteer_day, counters.volunteer_month, counters.elder_day}) {
    if (const Reason no = AddToCounter(tx, id, served)) return no;
  }
  v1::Interval interval;
  interval.set_start_ms(entry.start_ms());
  interval.set_end_ms(entry.end_ms());
  interval.set_entry(entry.entry());
  interval.set_other(entry.elder());
  AddInterval(tx, counters.volunteer_day, interval);
  interval.set_other(entry.volunteer());
  AddInterval(tx, counters.elder_day, interval);
  return kOk;
}

Reason UncountVisit(TxContext& tx, const v1::Entry& entry) {
  const VisitCounters counters = CountersOf(tx, entry);
  const auto id = As<EntryId>(entry.entry());
  RemoveInterval(tx, counters.volunteer_day, id);
  RemoveInterval(tx, counters.elder_day, id);
  const CounterDelta served{.minutes = -entry.served_minutes(), .count = -1};
  for (const CounterId& counter :
       {counters.volunteer_day, counters.volunteer_month, counters.elder_day}) {
    if (const Reason no = AddToCounter(tx, counter, served)) return no;
  }
  return kOk;
}

namespace {

Reason CheckClock(const TxContext& tx, const Policy& policy, const v1::Entry& entry,
                  LateLimit late_limit) {
  if (entry.end_ms() > tx.now_ms() + kClientAheadMs) return v1::REASON_FUTURE;
  const std::uint64_t late_ms = entry.end_ms() + policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS);
  const bool late = late_limit == LateLimit::kBinds && late_ms < tx.now_ms();
  return late ? v1::REASON_TOO_LATE : kOk;
}

// The same (volunteer, elder, start) is told from an overlap, so it is looked for first.
Reason CheckF4AndF1(TxContext& tx, const v1::Entry& entry) {
  bool duplicate = false;
  bool overlap = false;
  ForEachVisitNear(tx, entry, As<MemberId>(entry.volunteer()), v1::COUNTER_SCOPE_VOLUNTEER_DAY,
                   [&](const v1::Interval& other) {
                     duplicate |=
                         other.start_ms() == entry.start_ms() && other.other() == entry.elder();
                     overlap |= Overlaps(other, entry);
                   });
  if (duplicate) return v1::REASON_F4_DUPLICATE;
  return overlap ? v1::REASON_F1_OVERLAP : kOk;
}

// The most volunteers at one instant are found at the start of one of the visits.
Reason CheckF2(TxContext& tx, const Policy& policy, const v1::Entry& entry) {
  if (entry.kind() == v1::ENTRY_KIND_COMMUNITY_SERVICE) return kOk;  // group help
  std::vector<v1::Interval> others;
  ForEachVisitNear(tx, entry, As<MemberId>(entry.elder()), v1::COUNTER_SCOPE_ELDER_DAY,
                   [&](const v1::Interval& other) {
                     if (Overlaps(other, entry)) others.push_back(other);
                   });
  std::int64_t most = 0;
  for (const v1::Interval& at : others) {
    const std::uint64_t instant = std::max(at.start_ms(), entry.start_ms());
    most = std::max<std::int64_t>(
        most, std::count_if(others.begin(), others.end(), [&](const v1::Interval& other) {
          return other.start_ms() <= instant && instant < other.end_ms();
        }));
  }
  const bool room = most < policy.Get(v1::POLICY_PARAMETER_VOLUNTEERS_AT_ONCE);
  return room ? kOk : v1::REASON_F2_TOO_MANY_VOLUNTEERS;
}

// Both bounds belong to the service day; an order stands for the agreement to come at night.
Reason CheckF6(const TxContext& tx, const Policy& policy, const v1::Entry& entry) {
  if (entry.ordered()) return kOk;
  const auto minute_ms = [&](v1::PolicyParameter parameter) {
    return static_cast<std::uint64_t>(policy.Get(parameter)) * kMinuteMs;
  };
  const auto offset_ms = static_cast<std::uint64_t>(tx.civil_offset() * 60'000);
  const std::uint64_t start = (entry.start_ms() + offset_ms) % kDayMs;  // since local midnight
  const std::uint64_t end = start + (entry.end_ms() - entry.start_ms());
  const bool inside = minute_ms(v1::POLICY_PARAMETER_SERVICE_DAY_START_MINUTE) <= start &&
                      end <= minute_ms(v1::POLICY_PARAMETER_SERVICE_DAY_END_MINUTE);
  return inside ? kOk : v1::REASON_F6_OUTSIDE_HOURS;
}

Reason CheckF5(TxContext& tx, const Policy& policy, const v1::Entry& entry) {
  const VisitCounters counters = CountersOf(tx, entry);
  const std::int64_t served = entry.served_minutes();
  std::int64_t day_cap = policy.Get(v1::POLICY_PARAMETER_VOLUNTEER_DAY_MINUTES);
  if (IsNewVolunteer(tx, policy, entry)) {
    day_cap = std::min(day_cap, policy.Get(v1::POLICY_PARAMETER_NEW_VOLUNTEER_DAY_MINUTES));
  }
  const std::int64_t month_cap = policy.Get(v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES);
  const std::int64_t elder_cap = policy.Get(v1::POLICY_PARAMETER_ELDER_DAY_MINUTES);
  const bool fits = FitsUnderCap(tx, counters.volunteer_day, served, day_cap) &&
                    FitsUnderCap(tx, counters.volunteer_month, served, month_cap) &&
                    FitsUnderCap(tx, counters.elder_day, served, elder_cap);
  return fits ? kOk : v1::REASON_F5_CAP;
}

bool IsNewVolunteer(TxContext& tx, const Policy& policy, const v1::Entry& entry) {
  const v1::Member* volunteer = tx.Find<v1::Member>(As<MemberId>(entry.volunteer()));
  const std::uint64_t new_ms = policy.Ms(v1::POLICY_PARAMETER_NEW_VOLUNTEER_MS);
  return entry.start_ms() < volunteer->created_ms() + new_ms;
}

}  // namespace
}  // namespace timebank::ledger
