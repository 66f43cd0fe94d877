// Flags R4 to R8 in the naive ledger: everything that ever happened is looked through again.
#include <set>

#include "base/civil.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {
namespace {

constexpr Time kDayMs = 86'400'000;

}  // namespace

// R7 and R8.
void NaiveLedger::NoteSubmission(const Id& id) {
  submissions_.push_back(id);
  Visit& visit = visits_.at(id);
  if (EndsEqualRun(visit.volunteer)) visit.flags |= v1::FLAG_R7_IDENTICAL_MINUTES;
  if (visit.check_in_ms == 0 || visit.check_out_ms == 0) FlagBurst(visit);
}

// The last six of the volunteer are equally long, none of them as it was ordered.
bool NaiveLedger::EndsEqualRun(const Id& volunteer) const {
  std::vector<const Visit*> his;
  for (const Id& id : submissions_) {
    if (visits_.at(id).volunteer == volunteer) his.push_back(&visits_.at(id));
  }
  if (his.size() < 6) return false;
  for (auto visit = his.end() - 6; visit != his.end(); ++visit) {
    if ((*visit)->served != his.back()->served) return false;
    if ((*visit)->ordered && (*visit)->served == (*visit)->planned_minutes) return false;
  }
  return true;
}

// More than 300 minutes of one volunteer submitted within ten minutes, those checked in and out not
// counted.
void NaiveLedger::FlagBurst(const Visit& last) {
  std::vector<Visit*> burst;
  std::int64_t minutes = 0;
  for (const Id& id : submissions_) {
    Visit& visit = visits_.at(id);
    const bool pair = visit.check_in_ms != 0 && visit.check_out_ms != 0;
    if (visit.volunteer != last.volunteer || pair || visit.submitted_ms + 600'000 <= now_) continue;
    burst.push_back(&visit);
    minutes += visit.served;
  }
  if (minutes <= 300) return;
  for (Visit* visit : burst) {
    visit->flags |= v1::FLAG_R8_BURST;
    const bool waits =
        visit->state == v1::ENTRY_STATE_COOLING && visit->review == v1::REVIEW_VERDICT_UNSPECIFIED;
    if (waits) visit->due_ms = ReviewEnd(*visit);
  }
}

// R5.
std::size_t NaiveLedger::EldersOfKeyToday(const Id& key) const {
  const auto today = LocalDay(Millis(now_), civil_offset_minutes_);
  std::set<Id> elders;
  for (const auto& [id, visit] : visits_) {
    const auto day = LocalDay(Millis(visit.confirmed_ms), civil_offset_minutes_);
    if (visit.confirmed_key == key && day == today) elders.insert(visit.elder);
  }
  return elders.size();
}

// R4 and R6, of the visits approved today and on the 29 local days before.
void NaiveLedger::NoteApproval(Visit& now) const {
  const auto offset_ms = static_cast<Time>(civil_offset_minutes_ * 60'000);
  const auto today = (now_ + offset_ms) / kDayMs;
  int there = 0;
  int back = 0;
  int approvals = 0;
  int of_volunteer = 0;
  for (const auto& [id, visit] : visits_) {
    if (visit.approved_by.empty()) continue;
    if ((visit.approved_ms + offset_ms) / kDayMs + 30 <= today) continue;
    const auto is = [&](const Id& volunteer, const Id& elder) {
      return visit.volunteer == volunteer && visit.elder == elder;
    };
    if (is(now.volunteer, now.elder)) ++there;
    if (is(now.elder, now.volunteer)) ++back;
    if (visit.approved_by != by_.front().member()) continue;
    ++approvals;
    if (visit.volunteer == now.volunteer) ++of_volunteer;
  }
  if (there >= 4 && back >= 4) now.flags |= v1::FLAG_R4_RECIPROCAL_PAIR;
  if (approvals >= 20 && of_volunteer * 10 > approvals * 3) {
    now.flags |= v1::FLAG_R6_APPROVER_CONCENTRATION;
  }
}

Time NaiveLedger::ReviewEnd(const Visit& visit) const {
  const auto wait =
      Param(visit.community, v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS, visit.policy_ms) +
      Param(visit.community, v1::POLICY_PARAMETER_REVIEW_GRACE_MS, visit.policy_ms);
  return visit.approved_ms + static_cast<Time>(wait);
}

}  // namespace timebank::model
