// A visit from order to submission, and the paper batch, in the naive ledger.
#include <algorithm>

#include "base/civil.h"
#include "chain/domains.h"
#include "tests/model/naive_form.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {
namespace {

constexpr Time kMinuteMs = 60'000;

bool Bad(v1::PlaceClaim place) {
  return place == v1::PLACE_CLAIM_MISMATCH || place == v1::PLACE_CLAIM_NONE;
}

bool Overlap(const Visit& a, const Visit& b) {
  return a.start_ms < b.end_ms && b.start_ms < a.end_ms;
}

// The order, if there is one, is what it was; the rest comes from the content.
void Fill(Visit& visit, const v1::EntryContent& content, const std::string& bytes) {
  visit.community = content.community();
  visit.elder = content.elder();
  visit.volunteer = content.volunteer();
  visit.kind = content.kind();
  visit.category = content.category();
  visit.content = bytes;
  visit.start_ms = content.start_ms();
  visit.end_ms = content.end_ms();
}

}  // namespace

// The elder, a proxy with scope "order" (8), or a dispatcher over the elder's home.
bool NaiveLedger::SpeaksForElder(const Visit& visit) const {
  const v1::Signer& signer = by_.front();
  return by_.size() == 1 &&
         (SignsAsMember(signer, visit.elder) || SignsAsProxy(signer, visit.elder, 8) ||
          HoldsOver(signer, v1::ROLE_DISPATCHER, HomeOf(visit.elder)));
}

v1::Reason NaiveLedger::Do(const v1::PlaceOrder& tx) {
  if (!people_.contains(tx.elder())) return v1::REASON_UNKNOWN_MEMBER;
  if (!orgs_.contains(tx.community())) return v1::REASON_UNKNOWN_ORGANISATION;
  Visit visit{.state = v1::ENTRY_STATE_ORDERED, .community = tx.community(), .elder = tx.elder()};
  visit.kind = tx.kind();
  visit.category = tx.category();
  visit.policy_ms = now_;
  visit.ordered = true;
  visit.planned_start_ms = tx.planned_start_ms();
  visit.planned_minutes = tx.planned_minutes();
  if (!SpeaksForElder(visit)) return v1::REASON_F15_WRONG_SCOPE;
  if (HomeOf(tx.elder()) != tx.community()) return v1::REASON_F15_WRONG_SCOPE;
  if (visits_.contains(tx.entry())) {
    const Visit& old = visits_.at(tx.entry());
    const bool same = old.ordered && old.elder == tx.elder() && old.kind == tx.kind() &&
                      old.category == tx.category() && old.community == tx.community() &&
                      old.planned_start_ms == tx.planned_start_ms() &&
                      old.planned_minutes == tx.planned_minutes();
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_CONFLICT;
  }
  if (IsTaken(tx.entry())) return v1::REASON_CONFLICT;
  const Id& org = tx.community();
  if (const auto r = CheckIdTime(tx.entry(), org); r != v1::REASON_UNSPECIFIED) return r;
  const auto weight = Weight(org, tx.category(), now_);
  if (!weight) return v1::REASON_UNKNOWN_CATEGORY;
  const auto late = static_cast<Time>(Param(org, v1::POLICY_PARAMETER_LATE_LIMIT_MS, now_));
  if (tx.planned_start_ms() > now_ + late) return v1::REASON_FUTURE;
  if (tx.planned_start_ms() < now_ - late) return v1::REASON_TOO_LATE;
  if (visit.planned_minutes < Param(org, v1::POLICY_PARAMETER_ENTRY_MIN_MINUTES, now_)) {
    return v1::REASON_ENTRY_TOO_SHORT;
  }
  if (visit.planned_minutes > Param(org, v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES, now_)) {
    return v1::REASON_ENTRY_TOO_LONG;
  }
  const std::int64_t longest =
      visit.planned_minutes + Param(org, v1::POLICY_PARAMETER_TOLERANCE_MINUTES, now_);
  const v1::Signer& signer = by_.front();
  const bool own = signer.role() == v1::ROLE_MEMBER || signer.role() == v1::ROLE_PROXY;
  if (InDebt(tx.elder())) return v1::REASON_DEBT;
  const std::int64_t held = longest * *weight / 1'000;
  if (!CanPay(tx.elder(), held, /*earned_only=*/false)) return v1::REASON_F13_INSUFFICIENT;
  if (own && KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(tx.elder())) return v1::REASON_F14_PARTY_BLOCKED;
  visit.due_ms = tx.planned_start_ms() + tx.planned_minutes() * kMinuteMs +
                 static_cast<Time>(Param(org, v1::POLICY_PARAMETER_SERVICE_HOLD_MS, now_));
  HeldMinutes hold{.owner = tx.elder(), .purpose = v1::HOLD_PURPOSE_ORDER};
  hold.expires_ms = visit.due_ms;
  PlaceHold(tx.entry(), hold, held, /*earned_only=*/false);
  visits_[tx.entry()] = visit;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::ClaimOrder& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  const v1::Signer& signer = by_.front();
  if (signer.member() == visit.elder) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (by_.size() != 1 || !SignsAsMember(signer, signer.member())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  const auto earn_age =
      Param(visit.community, v1::POLICY_PARAMETER_EARN_AGE_YEARS, visit.policy_ms);
  if (AgeOf(signer.member()) < earn_age) return v1::REASON_AGE;
  if (visit.state == v1::ENTRY_STATE_CLAIMED) {
    const bool same = visit.volunteer == signer.member();
    return same ? Already(v1::OUTCOME_ALREADY_DONE) : v1::REASON_ALREADY_CLAIMED;
  }
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_ORDERED) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  visit.state = v1::ENTRY_STATE_CLAIMED;
  visit.volunteer = signer.member();
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::CheckIn& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  if (visit.volunteer.empty()) {
    // Nobody claimed it: there is nobody whose scope it could be.
    const bool expired = visit.state == v1::ENTRY_STATE_EXPIRED;
    return expired ? v1::REASON_DEADLINE_PASSED : v1::REASON_WRONG_STATE;
  }
  if (by_.size() != 1 || !SignsAsMember(by_.front(), visit.volunteer)) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_CLAIMED) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  const auto near = CheckNearPlan(visit, tx.at_ms());
  if (near != v1::REASON_UNSPECIFIED) return near;
  const auto reason = CheckClaimTime(tx.at_ms(), visit.community, visit.policy_ms);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  visit.state = v1::ENTRY_STATE_CHECKED_IN;
  visit.check_in_ms = tx.at_ms();
  visit.bad_place = Bad(tx.place());
  visit.due_ms =
      now_ + static_cast<Time>(Param(visit.community, v1::POLICY_PARAMETER_CHECK_OUT_DEADLINE_MS,
                                     visit.policy_ms));
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::CheckOut& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  if (visit.volunteer.empty()) {
    // Nobody claimed it: there is nobody whose scope it could be.
    const bool expired = visit.state == v1::ENTRY_STATE_EXPIRED;
    return expired ? v1::REASON_DEADLINE_PASSED : v1::REASON_WRONG_STATE;
  }
  if (by_.size() != 1 || !SignsAsMember(by_.front(), visit.volunteer)) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_CHECKED_IN) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (tx.at_ms() <= visit.check_in_ms) return v1::REASON_BAD_FIELD;
  const auto reason = CheckClaimTime(tx.at_ms(), visit.community, visit.policy_ms);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  visit.state = v1::ENTRY_STATE_CHECKED_OUT;
  visit.check_out_ms = tx.at_ms();
  visit.bad_place = visit.bad_place || Bad(tx.place());
  visit.due_ms = now_ + static_cast<Time>(Param(visit.community, v1::POLICY_PARAMETER_LATE_LIMIT_MS,
                                                visit.policy_ms));
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::SubmitEntry& tx) {
  const auto content = Parsed<v1::EntryContent>(tx.content());
  if (!people_.contains(content.volunteer()) || !people_.contains(content.elder())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  if (!orgs_.contains(content.community())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (content.volunteer() == content.elder()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (by_.size() != 1 || !SignsAsMember(by_.front(), content.volunteer())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (HomeOf(content.elder()) != content.community()) return v1::REASON_F15_WRONG_SCOPE;
  Visit visit{.policy_ms = now_};
  const auto old = visits_.find(content.entry());
  const bool known = old != visits_.end();
  // Until there is content the visit is the claimant's; then another content is a conflict.
  const bool awaited = known && old->second.content.empty();
  const Id claimed_by = awaited ? old->second.volunteer : Id();
  if (!claimed_by.empty() && claimed_by != content.volunteer()) return v1::REASON_F15_WRONG_SCOPE;
  const auto earn_age = Param(content.community(), v1::POLICY_PARAMETER_EARN_AGE_YEARS,
                              known ? old->second.policy_ms : now_);
  if (AgeOf(content.volunteer()) < earn_age) return v1::REASON_AGE;
  if (known) {
    visit = old->second;
    if (!visit.content.empty()) {
      return visit.content == tx.content() ? Already(v1::OUTCOME_ALREADY_RECORDED)
                                           : v1::REASON_CONFLICT;
    }
    if (visit.elder != content.elder() || visit.category != content.category() ||
        visit.kind != content.kind() || visit.community != content.community()) {
      return v1::REASON_CONFLICT;
    }
    if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
    if (visit.state != v1::ENTRY_STATE_CLAIMED && visit.state != v1::ENTRY_STATE_CHECKED_IN &&
        visit.state != v1::ENTRY_STATE_CHECKED_OUT) {
      return v1::REASON_WRONG_STATE;
    }
    if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
    const auto near = CheckNearPlan(visit, content.start_ms());
    if (near != v1::REASON_UNSPECIFIED) return near;
  }
  Fill(visit, content, tx.content());
  if (!known) {
    if (IsTaken(content.entry())) return v1::REASON_CONFLICT;
    const auto id_time = CheckIdTime(content.entry(), content.community());
    if (id_time != v1::REASON_UNSPECIFIED) return id_time;
  }
  const auto reason = JudgeContent(content, visit);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  visit.state = v1::ENTRY_STATE_SUBMITTED;
  visit.submitted_ms = now_;
  visit.submitted_by = visit.volunteer;
  const auto wait =
      Param(visit.community, v1::POLICY_PARAMETER_CONFIRM_DEADLINE_MS, visit.policy_ms) +
      Param(visit.community, v1::POLICY_PARAMETER_CONFIRM_GRACE_MS, visit.policy_ms);
  visit.due_ms = now_ + static_cast<Time>(wait);
  visits_[content.entry()] = visit;
  NoteSubmission(content.entry());
  return v1::REASON_UNSPECIFIED;
}

// Category, clock, limits, F4, F1, F2, F6, F5; then minutes and flags. One fixed order.
v1::Reason NaiveLedger::JudgeContent(const v1::EntryContent& content, Visit& visit) const {
  const Id& org = visit.community;
  const Time as_of = visit.policy_ms;
  const auto weight = Weight(org, visit.category, as_of);
  if (!weight) return v1::REASON_UNKNOWN_CATEGORY;
  const auto clock = CheckClaimTime(visit.end_ms, org, as_of);
  const bool correction = !visit.replaces.empty();
  if (clock == v1::REASON_FUTURE || (clock != v1::REASON_UNSPECIFIED && !correction)) return clock;
  const auto minutes = static_cast<std::int64_t>((visit.end_ms - visit.start_ms) / kMinuteMs);
  if (minutes < Param(org, v1::POLICY_PARAMETER_ENTRY_MIN_MINUTES, as_of)) {
    return v1::REASON_ENTRY_TOO_SHORT;
  }
  if (minutes > Param(org, v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES, as_of)) {
    return v1::REASON_ENTRY_TOO_LONG;
  }
  visit.served = minutes;
  if (visit.ordered) {
    const auto tolerance = Param(org, v1::POLICY_PARAMETER_TOLERANCE_MINUTES, as_of);
    visit.served = std::min(minutes, visit.planned_minutes + tolerance);
  }
  visit.credited = visit.served * *weight / 1'000;
  const auto overlap = JudgeOverlap(visit);
  if (overlap != v1::REASON_UNSPECIFIED) return overlap;
  if (!visit.ordered) {
    const auto start = LocalMinuteOfDay(Millis(visit.start_ms), civil_offset_minutes_);
    const auto opens = Param(org, v1::POLICY_PARAMETER_SERVICE_DAY_START_MINUTE, as_of);
    const auto closes = Param(org, v1::POLICY_PARAMETER_SERVICE_DAY_END_MINUTE, as_of);
    const Time midnight = visit.start_ms - visit.start_ms % kMinuteMs - start * kMinuteMs;
    const Time latest_end = midnight + static_cast<Time>(closes) * kMinuteMs;
    if (start < opens || visit.end_ms > latest_end) return v1::REASON_F6_OUTSIDE_HOURS;
  }
  const auto caps = JudgeCaps(visit);
  if (caps != v1::REASON_UNSPECIFIED) return caps;
  const bool pair = visit.check_in_ms != 0 && visit.check_out_ms != 0 &&
                    visit.start_ms >= visit.check_in_ms && visit.end_ms <= visit.check_out_ms;
  if (!pair || visit.bad_place || Bad(content.place())) visit.flags |= v1::FLAG_R2_NO_CHECK_IN;
  const auto late = static_cast<Time>(Param(org, v1::POLICY_PARAMETER_FLAG_LATE_MS, as_of));
  if (now_ > visit.end_ms + late) visit.flags |= v1::FLAG_R3_SUBMITTED_LATE;
  const Time new_until =
      people_.at(visit.volunteer).created_ms +
      static_cast<Time>(Param(org, v1::POLICY_PARAMETER_NEW_VOLUNTEER_MS, as_of));
  if (visit.start_ms < new_until) visit.flags |= v1::FLAG_NEW_VOLUNTEER;
  return v1::REASON_UNSPECIFIED;
}

// F4: the same volunteer, elder and start. F1: the volunteer is elsewhere. F2: more than k
// volunteers with one elder at one moment.
v1::Reason NaiveLedger::JudgeOverlap(const Visit& visit) const {
  std::vector<const Visit*> others;
  bool volunteer_busy = false;
  for (const auto& [id, other] : visits_) {
    if (!other.Counts()) continue;
    if (other.volunteer == visit.volunteer && other.elder == visit.elder &&
        other.start_ms == visit.start_ms) {
      return v1::REASON_F4_DUPLICATE;
    }
    if (!Overlap(other, visit)) continue;
    if (other.volunteer == visit.volunteer) volunteer_busy = true;
    if (other.elder == visit.elder) others.push_back(&other);
  }
  if (volunteer_busy) return v1::REASON_F1_OVERLAP;
  if (visit.kind == v1::ENTRY_KIND_COMMUNITY_SERVICE) return v1::REASON_UNSPECIFIED;
  const auto at_once_max =
      Param(visit.community, v1::POLICY_PARAMETER_VOLUNTEERS_AT_ONCE, visit.policy_ms);
  // The number present changes only where a visit starts.
  std::vector<Time> moments = {visit.start_ms};
  for (const Visit* other : others) moments.push_back(std::max(other->start_ms, visit.start_ms));
  for (const Time moment : moments) {
    std::int64_t present = 1;
    for (const Visit* other : others) {
      if (other->start_ms <= moment && moment < other->end_ms) ++present;
    }
    if (present > at_once_max) return v1::REASON_F2_TOO_MANY_VOLUNTEERS;
  }
  return v1::REASON_UNSPECIFIED;
}

// F5: what was served on the local day and in the local month of the start.
v1::Reason NaiveLedger::JudgeCaps(const Visit& visit) const {
  const Id& org = visit.community;
  const auto day = LocalDay(Millis(visit.start_ms), civil_offset_minutes_);
  std::int64_t volunteer_day = visit.served;
  std::int64_t volunteer_month = visit.served;
  std::int64_t elder_day = visit.served;
  for (const auto& [id, other] : visits_) {
    if (!other.Counts()) continue;
    if (other.volunteer != visit.volunteer && other.elder != visit.elder) continue;
    const auto other_day = LocalDay(Millis(other.start_ms), civil_offset_minutes_);
    if (other.elder == visit.elder && other_day == day) elder_day += other.served;
    if (other.volunteer != visit.volunteer) continue;
    if (other_day == day) volunteer_day += other.served;
    if (other_day / 100 == day / 100) volunteer_month += other.served;
  }
  const auto over = [&](std::int64_t minutes, v1::PolicyParameter cap) {
    return minutes > Param(org, cap, visit.policy_ms);
  };
  const Time new_until =
      people_.at(visit.volunteer).created_ms +
      static_cast<Time>(Param(org, v1::POLICY_PARAMETER_NEW_VOLUNTEER_MS, visit.policy_ms));
  const bool is_new = visit.start_ms < new_until;
  if (over(volunteer_day, v1::POLICY_PARAMETER_VOLUNTEER_DAY_MINUTES) ||
      over(volunteer_month, v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES) ||
      over(elder_day, v1::POLICY_PARAMETER_ELDER_DAY_MINUTES) ||
      (is_new && over(volunteer_day, v1::POLICY_PARAMETER_NEW_VOLUNTEER_DAY_MINUTES))) {
    return v1::REASON_F5_CAP;
  }
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::CancelOrder& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  if (!SpeaksForElder(visit)) return v1::REASON_F15_WRONG_SCOPE;
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_ORDERED && visit.state != v1::ENTRY_STATE_CLAIMED) {
    return v1::REASON_WRONG_STATE;
  }
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  visit.state = v1::ENTRY_STATE_CANCELLED;
  visit.due_ms = 0;
  ReleaseHold(tx.entry());
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::ReportNoShow& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  if (!SpeaksForElder(visit)) return v1::REASON_F15_WRONG_SCOPE;
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_CLAIMED) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (now_ < visit.planned_start_ms) return v1::REASON_FUTURE;
  visit.state = v1::ENTRY_STATE_NO_SHOW;
  visit.due_ms = 0;
  ReleaseHold(tx.entry());
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::PaperBatch& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (by_.size() != 1 || !HoldsAt(by_.front(), v1::ROLE_CLERK, tx.org())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  const NaiveLedger before = *this;
  std::vector<LineVerdict> lines;
  for (const auto& line : tx.lines()) {
    lines_.clear();
    const auto reason = PaperLine(line, tx.org());
    if (reason != v1::REASON_UNSPECIFIED) {
      lines.push_back({.outcome = v1::OUTCOME_REFUSED, .reason = reason});
    } else if (lines_.empty()) {
      lines.push_back({.outcome = v1::OUTCOME_DONE});
    } else {
      lines.push_back(lines_.front());
    }
  }
  const auto verdict = OfLines(lines, tx.all_or_nothing());
  if (verdict != v1::REASON_UNSPECIFIED) *this = before;
  lines_ = lines;
  return verdict;
}

v1::Reason NaiveLedger::PaperLine(const v1::PaperLine& line, const Id& org) {
  const auto content = Parsed<v1::EntryContent>(line.content());
  if (line.serial().empty() || line.witness().empty()) return v1::REASON_MISSING_FIELD;
  const auto form = ContentForm(line.content(), v1::CHANNEL_PAPER);
  if (form != v1::REASON_UNSPECIFIED) return form;
  std::string id;
  for (int shift = 40; shift >= 0; shift -= 8) {
    id += static_cast<char>(content.start_ms() >> shift & 0xFF);
  }
  id += chain::TagHash(chain::kSlipDomain, {AsBytes(org), AsBytes(line.serial())})
            .str()
            .substr(0, 10);
  if (content.entry() != id) return v1::REASON_BAD_FIELD;
  if (!people_.contains(content.volunteer()) || !people_.contains(content.elder()) ||
      !people_.contains(line.witness())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  if (!orgs_.contains(content.community())) return v1::REASON_UNKNOWN_ORGANISATION;
  for (const Id& other : {line.witness(), by_.front().member(), content.volunteer()}) {
    if (other == content.elder()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  }
  for (const Id& other : {line.witness(), by_.front().member()}) {
    if (other == content.volunteer()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  }
  const Id home = HomeOf(content.elder());
  if (home != content.community() || !IsAncestor(org, home)) return v1::REASON_F15_WRONG_SCOPE;
  const auto earn_age = Param(home, v1::POLICY_PARAMETER_EARN_AGE_YEARS, now_);
  if (AgeOf(content.volunteer()) < earn_age) return v1::REASON_AGE;
  if (visits_.contains(id)) {
    return visits_.at(id).content == line.content() ? Already(v1::OUTCOME_ALREADY_RECORDED)
                                                    : v1::REASON_CONFLICT;
  }
  if (IsTaken(id)) return v1::REASON_CONFLICT;
  Visit visit{.policy_ms = now_};
  Fill(visit, content, line.content());
  const auto reason = JudgeContent(content, visit);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (InDebt(visit.elder)) return v1::REASON_DEBT;
  if (!CanPay(visit.elder, visit.credited, /*earned_only=*/false)) {
    return v1::REASON_F13_INSUFFICIENT;
  }
  if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  const auto wait = Param(home, v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS, now_) +
                    Param(home, v1::POLICY_PARAMETER_APPROVE_GRACE_MS, now_);
  visit.due_ms = now_ + static_cast<Time>(wait);
  HeldMinutes hold{.owner = visit.elder, .purpose = v1::HOLD_PURPOSE_WALK_IN};
  hold.expires_ms = visit.due_ms;
  PlaceHold(id, hold, visit.credited, /*earned_only=*/false);
  visit.state = v1::ENTRY_STATE_CONFIRMED;
  visit.flags |= v1::FLAG_R1_NOT_OWN_KEY;
  visit.channel = v1::CHANNEL_PAPER;
  visit.submitted_ms = visit.confirmed_ms = now_;
  visit.submitted_by = visit.confirmed_by = by_.front().member();
  visit.witness = line.witness();
  visits_[id] = visit;
  NoteSubmission(id);
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
