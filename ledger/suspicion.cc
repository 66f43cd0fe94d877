#include "ledger/suspicion.h"

#include <algorithm>

#include "ledger/counters.h"
#include "ledger/entry_lifecycle.h"

namespace timebank::ledger {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kMinuteMs = 60'000;

using Days = google::protobuf::RepeatedPtrField<v1::DayCount>;

// Local days since 1970-01-01.
std::uint32_t Today(const TxContext& tx) {
  const auto offset_ms = static_cast<std::uint64_t>(tx.civil_offset()) * kMinuteMs;
  return static_cast<std::uint32_t>((tx.now_ms() + offset_ms) / kDayMs);
}

bool InWindow(const v1::DayCount& day, std::uint32_t today) {
  return day.day() + kWindowDays > today;
}

std::uint32_t Sum(const Days& days, std::uint32_t today) {
  std::uint32_t sum = 0;
  for (const v1::DayCount& day : days) {
    if (InWindow(day, today)) sum += day.count();
  }
  return sum;
}

// One more today; what has left the window is forgotten.
void CountToday(Days& days, std::uint32_t today) {
  days.erase(std::remove_if(days.begin(), days.end(),
                            [today](const v1::DayCount& day) { return !InWindow(day, today); }),
             days.end());
  if (days.empty() || days.rbegin()->day() != today) days.Add()->set_day(today);
  v1::DayCount& last = *days.rbegin();
  last.set_count(last.count() + 1);
}

v1::PairWindow& OpenWindow(TxContext& tx, const PairId& pair) {
  auto& window = tx.EditOrCreate<v1::PairWindow>(pair);
  const auto offset_ms = static_cast<std::uint64_t>(tx.civil_offset()) * kMinuteMs;
  window.set_due_ms((std::uint64_t{Today(tx)} + kWindowDays) * kDayMs - offset_ms);
  return window;
}

// One more of `field`; how many there are now.
std::uint32_t CountPair(TxContext& tx, const PairId& pair, Days* (v1::PairWindow::*field)()) {
  Days& days = *(OpenWindow(tx, pair).*field)();
  CountToday(days, Today(tx));
  return Sum(days, Today(tx));
}

bool IsReciprocal(TxContext& tx, const v1::Entry& entry) {
  const auto volunteer = As<MemberId>(entry.volunteer());
  const auto elder = As<MemberId>(entry.elder());
  const std::uint32_t there = CountPair(tx, {volunteer, elder}, &v1::PairWindow::mutable_helped);
  const auto* back = tx.Find<v1::PairWindow>({elder, volunteer});
  return there >= kPairHelpedTimes && back != nullptr &&
         Sum(back->helped(), Today(tx)) >= kPairHelpedTimes;
}

bool IsConcentrated(TxContext& tx, const MemberId& approver, const v1::Entry& entry) {
  Days* (v1::PairWindow::*const approved)() = &v1::PairWindow::mutable_approved;
  const std::uint32_t all = CountPair(tx, {approver, approver}, approved);
  const std::uint32_t his = CountPair(tx, {approver, As<MemberId>(entry.volunteer())}, approved);
  return all >= kApprovalsLookedAt &&
         std::uint64_t{his} * 100 > std::uint64_t{all} * kApprovalsOfOnePercent;
}

// Visits as long to the minute as the one before and unlike what was ordered.
bool IsEqualRun(TxContext& tx, const v1::Entry& entry) {
  const CounterId id =
      MemberCounter(As<MemberId>(entry.volunteer()), v1::COUNTER_SCOPE_EQUAL_RUN, 0);
  const bool as_ordered =
      entry.ordered() && entry.served_minutes() == std::int64_t{entry.planned_minutes()};
  if (as_ordered) {
    tx.Erase<v1::Counter>(id);
    return false;
  }
  v1::Counter& run = tx.EditOrCreate<v1::Counter>(id);
  run.set_count(run.minutes() == entry.served_minutes() ? run.count() + 1 : 1);
  run.set_minutes(entry.served_minutes());
  return run.count() >= kEqualRun;
}

// Flags the whole burst. What has a check-in pair was made where the help was: a phone without a
// network sends it all at once.
void NoteBurst(TxContext& tx, v1::Entry& entry) {
  if (entry.check_in_ms() != 0 && entry.check_out_ms() != 0) return;
  const CounterId id = MemberCounter(As<MemberId>(entry.volunteer()), v1::COUNTER_SCOPE_BURST, 0);
  auto& lately = *tx.EditOrCreate<v1::Counter>(id).mutable_intervals();
  lately.erase(std::remove_if(lately.begin(), lately.end(),
                              [&tx](const v1::Interval& at) {
                                return at.start_ms() + kBurstMs <= tx.now_ms();
                              }),
               lately.end());
  if (lately.size() == kBurstEntriesMax) lately.erase(lately.begin());
  v1::Interval& now = *lately.Add();
  now.set_start_ms(tx.now_ms());
  now.set_entry(entry.entry());
  std::int64_t minutes = 0;
  for (const v1::Interval& at : lately) {
    minutes += tx.Find<v1::Entry>(As<EntryId>(at.entry()))->served_minutes();
  }
  if (minutes <= kBurstMinutes) return;
  for (const v1::Interval& at : lately) {
    AddFlags(tx, *tx.Edit<v1::Entry>(As<EntryId>(at.entry())), v1::FLAG_R8_BURST);
  }
}

}  // namespace

void AddFlags(TxContext& tx, v1::Entry& entry, std::uint32_t flags) {
  if (flags == 0) return;
  entry.set_flags(entry.flags() | flags);
  const bool waits = entry.state() == v1::ENTRY_STATE_COOLING && entry.reviewed_ms() == 0;
  if (waits) entry.set_due_ms(ReviewEnd(tx, entry).value());
}

void NoteSubmission(TxContext& tx, v1::Entry& entry) {
  if (IsEqualRun(tx, entry)) AddFlags(tx, entry, v1::FLAG_R7_IDENTICAL_MINUTES);
  NoteBurst(tx, entry);
}

void NoteConfirmation(TxContext& tx, const Signer& signer, v1::Entry& entry) {
  std::string owner = signer.key_id.str();
  owner.resize(16);
  const CounterId id{.owner = As<decltype(CounterId::owner)>(owner),
                     .scope = v1::COUNTER_SCOPE_KEY_DAY,
                     .period = LocalDay(tx.now(), tx.civil_offset())};
  auto& elders = *tx.EditOrCreate<v1::Counter>(id).mutable_elders();
  const bool known = std::find(elders.begin(), elders.end(), entry.elder()) != elders.end();
  if (!known && elders.size() <= kEldersOfOneKey) *elders.Add() = entry.elder();
  if (elders.size() > kEldersOfOneKey) {
    AddFlags(tx, entry, v1::FLAG_R5_ONE_KEY_MANY_ELDERS);
  }
}

void NoteApproval(TxContext& tx, const MemberId& approver, v1::Entry& entry) {
  std::uint32_t flags = 0;
  if (IsReciprocal(tx, entry)) flags |= v1::FLAG_R4_RECIPROCAL_PAIR;
  if (IsConcentrated(tx, approver, entry)) flags |= v1::FLAG_R6_APPROVER_CONCENTRATION;
  AddFlags(tx, entry, flags);
}

}  // namespace timebank::ledger
