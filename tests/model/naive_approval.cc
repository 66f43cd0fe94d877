// Confirmation, approval, review, refusal and correction of a visit in the naive ledger.
#include <algorithm>

#include "base/civil.h"
#include "chain/domains.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "tests/model/naive_form.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {
namespace {

std::string HashOf(const std::string& bytes) { return crypto::Sha256(AsBytes(bytes)).str(); }

}  // namespace

v1::Reason NaiveLedger::Do(const v1::ConfirmEntry& tx) {
  const auto action = Parsed<v1::ConfirmAction>(tx.action());
  const v1::Channel channel = action.channel();
  if (!visits_.contains(action.entry())) return v1::REASON_UNKNOWN_ENTRY;
  if (!action.witness().empty() && !people_.contains(action.witness())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  Visit& visit = visits_.at(action.entry());
  const v1::Signer& signer = by_.front();
  const auto party = [&](const Id& id) { return id == visit.volunteer || id == visit.elder; };
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  const bool in_person = SignsAsMember(signer, visit.elder);
  if (party(signer.member()) && !in_person) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (!action.witness().empty() && party(action.witness()))
    return v1::REASON_F3_SEPARATION_OF_DUTIES;
  const auto scope = ConfirmScope(action, tx, visit);
  if (scope != v1::REASON_UNSPECIFIED) return scope;
  const std::string content_hash = HashOf(visit.content);
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_SUBMITTED) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (content_hash != action.content_hash()) return v1::REASON_CONTENT_MISMATCH;
  if (channel == v1::CHANNEL_CARD &&
      CardMinutesToday(visit.elder) + visit.served >
          Param(visit.community, v1::POLICY_PARAMETER_CARD_DAY_MINUTES, now_)) {
    return v1::REASON_F5_CAP;
  }
  const bool walk_in = !visit.ordered;
  if (walk_in && InDebt(visit.elder)) return v1::REASON_DEBT;
  if (walk_in && !CanPay(visit.elder, visit.credited, /*earned_only=*/false)) {
    return v1::REASON_F13_INSUFFICIENT;
  }
  const bool own = channel == v1::CHANNEL_APP || channel == v1::CHANNEL_PROXY;
  if (walk_in && own && KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  const auto wait =
      Param(visit.community, v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS, visit.policy_ms) +
      Param(visit.community, v1::POLICY_PARAMETER_APPROVE_GRACE_MS, visit.policy_ms);
  visit.due_ms = now_ + static_cast<Time>(wait);
  if (walk_in) {
    HeldMinutes hold{.owner = visit.elder, .purpose = v1::HOLD_PURPOSE_WALK_IN};
    hold.expires_ms = visit.due_ms;
    PlaceHold(action.entry(), hold, visit.credited, /*earned_only=*/false);
  }
  const Person& person = people_.at(signer.member());
  const bool free_proxy = channel == v1::CHANNEL_PROXY && person.offices.empty() &&
                          !person.kin.contains(visit.volunteer);
  if (channel != v1::CHANNEL_APP && !free_proxy) visit.flags |= v1::FLAG_R1_NOT_OWN_KEY;
  visit.state = v1::ENTRY_STATE_CONFIRMED;
  visit.channel = channel;
  visit.confirmed_ms = now_;
  visit.confirmed_by = signer.member();
  if (own) visit.confirmed_key = signer.key_id();
  if (own && EldersOfKeyToday(signer.key_id()) > 3) {
    visit.flags |= v1::FLAG_R5_ONE_KEY_MANY_ELDERS;
  }
  visit.witness = action.witness();
  return v1::REASON_UNSPECIFIED;
}

// By the day of the confirmation, and not given back.
std::int64_t NaiveLedger::CardMinutesToday(const Id& elder) const {
  const auto today = LocalDay(Millis(now_), civil_offset_minutes_);
  std::int64_t minutes = 0;
  for (const auto& [id, visit] : visits_) {
    const bool by_card = visit.elder == elder && visit.channel == v1::CHANNEL_CARD;
    const auto day = LocalDay(Millis(visit.confirmed_ms), civil_offset_minutes_);
    if (by_card && day == today && visit.replaces.empty()) minutes += visit.served;
  }
  return minutes;
}

// Each channel has its own signer.
v1::Reason NaiveLedger::ConfirmScope(const v1::ConfirmAction& action, const v1::ConfirmEntry& tx,
                                     const Visit& visit) const {
  const v1::Signer& signer = by_.front();
  const Id home = HomeOf(visit.elder);
  bool fits = false;
  if (action.channel() == v1::CHANNEL_APP) fits = SignsAsMember(signer, visit.elder);
  if (action.channel() == v1::CHANNEL_PROXY) fits = SignsAsProxy(signer, visit.elder, 1);
  if (action.channel() == v1::CHANNEL_CARD) fits = HoldsOver(signer, v1::ROLE_TERMINAL, home);
  if (action.channel() == v1::CHANNEL_CALLBACK) {
    fits = HoldsOver(signer, v1::ROLE_DISPATCHER, home);
  }
  if (action.channel() == v1::CHANNEL_PAPER) fits = HoldsOver(signer, v1::ROLE_CLERK, home);
  if (by_.size() != 1 || !fits) return v1::REASON_F15_WRONG_SCOPE;
  if (action.channel() == v1::CHANNEL_CARD) return JudgePin(tx.pin(), visit.elder, tx.action());
  return v1::REASON_UNSPECIFIED;
}

// DOMAIN 8: the PIN service of an ancestor says, for this card and this action, that the PIN was
// right.
v1::Reason NaiveLedger::JudgePin(const v1::PinProof& pin, const Id& card,
                                 const std::string& action) const {
  v1::PinStatement statement;
  if (!statement.ParseFromString(pin.statement()) || statement.version() != 1 ||
      statement.card() != card || statement.action_digest() != HashOf(action) ||
      statement.expiry_ms() < now_ || statement.expiry_ms() > now_ + 125'000) {
    return v1::REASON_BAD_PIN_STATEMENT;
  }
  const auto service = people_.find(pin.service());
  if (service == people_.end()) return v1::REASON_BAD_PIN_STATEMENT;
  // The terminal does not vouch for itself.
  if (pin.service() == by_.front().member()) return v1::REASON_BAD_PIN_STATEMENT;
  bool appointed = false;
  for (const auto& [org, role] : service->second.offices) {
    if (role == v1::ROLE_PIN_SERVICE && IsAncestor(org, HomeOf(card))) appointed = true;
  }
  const bool active = !service->second.keys.at(pin.key_id()).revoked && !Blocked(pin.service());
  return appointed && active ? v1::REASON_UNSPECIFIED : v1::REASON_BAD_PIN_STATEMENT;
}

bool NaiveLedger::PinSigned(const v1::PinProof& pin) const {
  const auto service = people_.find(pin.service());
  if (service == people_.end()) return false;
  const auto key = service->second.keys.find(pin.key_id());
  if (key == service->second.keys.end()) return false;
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key->second.bytes));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(pin.signature()));
  const Bytes message =
      chain::SignedBytes(chain::kPinDomain, chain_id_, {AsBytes(pin.statement())});
  return public_key && signature && crypto::Verify(*public_key, message, *signature);
}

// F3 of DOMAIN 6: neither of the two, nor their kin or proxy, nor who submitted, typed, witnessed
// or confirmed.
bool NaiveLedger::IsParty(const Id& person, const Visit& visit) const {
  for (const Id& party : {visit.volunteer, visit.elder}) {
    if (party.empty()) continue;
    if (person == party || people_.at(party).kin.contains(person)) return true;
    if (IsProxyOf(person, party)) return true;
  }
  return person == visit.submitted_by || person == visit.confirmed_by || person == visit.witness;
}

// Never a party. An approver of the community; once the first deadline is over, of its parent
// instead. What was approved stays with the organisation that approved it.
v1::Reason NaiveLedger::MayApprove(const Visit& visit) const {
  const v1::Signer& signer = by_.front();
  if (IsParty(signer.member(), visit)) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  const auto deadline = static_cast<Time>(
      Param(visit.community, v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS, visit.policy_ms));
  const bool late = visit.confirmed_ms != 0 && now_ >= visit.confirmed_ms + deadline;
  Id responsible = late ? ParentOrRoot(visit.community) : visit.community;
  if (!visit.approver_org.empty()) responsible = visit.approver_org;
  const bool may = HoldsAt(signer, v1::ROLE_APPROVER, responsible);
  return may ? v1::REASON_UNSPECIFIED : v1::REASON_F15_WRONG_SCOPE;
}

v1::Reason NaiveLedger::Do(const v1::ApproveEntries& tx) {
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  const NaiveLedger before = *this;
  std::vector<LineVerdict> lines;
  for (const auto& line : tx.lines()) {
    lines_.clear();
    const auto reason = ApprovalLine(line);
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

// A list stands if one line does, or all when asked so. Refused: when all were asked, for the
// reason of the first line refused; else for that of all lines if they agree.
v1::Reason NaiveLedger::OfLines(const std::vector<LineVerdict>& lines, bool all_or_nothing) {
  std::size_t refused = 0;
  bool agree = true;
  v1::Reason first = v1::REASON_UNSPECIFIED;
  for (const LineVerdict& line : lines) {
    if (line.outcome != v1::OUTCOME_REFUSED) continue;
    if (++refused == 1) first = line.reason;
    agree = agree && line.reason == first;
  }
  if (refused > 0 && all_or_nothing) return first;
  if (refused < lines.size()) return v1::REASON_UNSPECIFIED;
  return agree ? first : v1::REASON_NO_LINE_SUCCEEDED;
}

v1::Reason NaiveLedger::ApprovalLine(const v1::ApprovalLine& line) {
  if (line.entry().empty() || line.content_hash().empty()) return v1::REASON_MISSING_FIELD;
  if (!visits_.contains(line.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(line.entry());
  const v1::Signer& signer = by_.front();
  const auto may = MayApprove(visit);
  if (may != v1::REASON_UNSPECIFIED) return may;
  const bool same =
      visit.approved_by == signer.member() && HashOf(visit.content) == line.content_hash() &&
      (visit.state == v1::ENTRY_STATE_COOLING || visit.state == v1::ENTRY_STATE_CREDITED);
  if (same) return Already(v1::OUTCOME_ALREADY_DONE);
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_CONFIRMED) return v1::REASON_WRONG_STATE;
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (HashOf(visit.content) != line.content_hash()) return v1::REASON_CONTENT_MISMATCH;
  const bool own_key = visit.channel == v1::CHANNEL_APP;
  const auto approvals = own_key ? ApprovalsWithOwnKeyThisHour() : ApprovalsWithoutOwnKeyToday();
  const auto limit = own_key ? v1::POLICY_PARAMETER_APPROVALS_HOUR_WITH_OWN_KEY
                             : v1::POLICY_PARAMETER_APPROVALS_DAY_WITHOUT_OWN_KEY;
  if (approvals >= Param(signer.org(), limit, now_)) return v1::REASON_F9_APPROVER_LIMIT;
  if (KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  StartCooling(line.entry(), visit);
  return v1::REASON_UNSPECIFIED;
}

// F9 counts what this person approved: with the elder's own key in the present clock hour, all
// else, corrections too, on the local day.
std::int64_t NaiveLedger::ApprovalsWithOwnKeyThisHour() const {
  const auto hour = [&](Time at) {
    return std::pair(LocalDay(Millis(at), civil_offset_minutes_),
                     LocalMinuteOfDay(Millis(at), civil_offset_minutes_) / 60);
  };
  std::int64_t count = 0;
  for (const auto& [id, visit] : visits_) {
    const bool own_key = visit.channel == v1::CHANNEL_APP && visit.replaces.empty();
    const bool this_hour = hour(visit.approved_ms) == hour(now_);
    if (visit.approved_by == by_.front().member() && own_key && this_hour) ++count;
  }
  return count;
}

std::int64_t NaiveLedger::ApprovalsWithoutOwnKeyToday() const {
  const auto today = LocalDay(Millis(now_), civil_offset_minutes_);
  std::int64_t count = 0;
  for (const auto& [id, visit] : visits_) {
    const bool own_key = visit.channel == v1::CHANNEL_APP && visit.replaces.empty();
    const bool is_today = LocalDay(Millis(visit.approved_ms), civil_offset_minutes_) == today;
    if (visit.approved_by == by_.front().member() && !own_key && is_today) ++count;
  }
  return count;
}

// Where the tree ends its root stands in for the parent.
Id NaiveLedger::ParentOrRoot(const Id& org) const {
  const Id& parent = orgs_.at(org).parent;
  return parent.empty() ? org : parent;
}

// Approval: the elder's hold pays, the volunteer's minutes wait.
void NaiveLedger::StartCooling(const Id& id, Visit& visit) {
  const auto param = [&](v1::PolicyParameter p) {
    return Param(visit.community, p, visit.policy_ms);
  };
  visit.paid = Capture(id, visit.credited, visit.volunteer, v1::ACCOUNT_KIND_COOLING);
  const bool kin_confirmed = visit.channel == v1::CHANNEL_PROXY &&
                             people_.at(visit.confirmed_by).kin.contains(by_.front().member());
  if (kin_confirmed) visit.flags |= v1::FLAG_R1_NOT_OWN_KEY;
  Person& volunteer = people_.at(visit.volunteer);
  const bool early = volunteer.entries_approved < param(v1::POLICY_PARAMETER_FIRST_COOLING_ENTRIES);
  const auto cooling =
      param(early ? v1::POLICY_PARAMETER_FIRST_COOLING_MS : v1::POLICY_PARAMETER_COOLING_MS);
  ++volunteer.entries_approved;
  visit.state = v1::ENTRY_STATE_COOLING;
  visit.approved_ms = now_;
  visit.approved_by = by_.front().member();
  visit.approver_org = by_.front().org();
  visit.cooling_until_ms = now_ + static_cast<Time>(cooling);
  NoteApproval(visit);
  visit.due_ms = visit.flags == 0 ? visit.cooling_until_ms : ReviewEnd(visit);
}

// From COOLING: the minutes go back to what paid them.
void NaiveLedger::Reverse(Visit& visit) {
  Post(visit.volunteer, v1::ACCOUNT_KIND_COOLING, 0, -visit.credited);
  GiveBack(visit.elder, visit.paid);
  visit.state = v1::ENTRY_STATE_REVERSED;
  visit.due_ms = 0;
}

v1::Reason NaiveLedger::Do(const v1::ReviewEntry& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  const v1::Signer& signer = by_.front();
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  if (IsParty(signer.member(), visit) || signer.member() == visit.approved_by) {
    return v1::REASON_F3_SEPARATION_OF_DUTIES;
  }
  if (visit.approver_org.empty()) return v1::REASON_WRONG_STATE;
  const Id parent = ParentOrRoot(visit.approver_org);
  const auto deadline = static_cast<Time>(
      Param(visit.community, v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS, visit.policy_ms));
  const bool late = now_ >= visit.approved_ms + deadline;
  const Id level = late ? ParentOrRoot(parent) : parent;
  if (by_.size() != 1 || signer.org() != level ||
      !HoldsAt(signer, v1::ROLE_REVIEWER, signer.org())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (visit.state != v1::ENTRY_STATE_COOLING || visit.flags == 0 || visit.review != 0) {
    return v1::REASON_WRONG_STATE;
  }
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (tx.verdict() == v1::REVIEW_VERDICT_REVERSE) {
    Reverse(visit);
  } else {
    if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
    visit.due_ms = std::max(visit.cooling_until_ms, now_);
  }
  visit.review = tx.verdict();
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::RejectEntry& tx) {
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  Visit& visit = visits_.at(tx.entry());
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  const auto may = MayApprove(visit);
  if (may != v1::REASON_UNSPECIFIED) return may;
  if (visit.state == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (visit.state != v1::ENTRY_STATE_SUBMITTED && visit.state != v1::ENTRY_STATE_CONFIRMED) {
    return v1::REASON_WRONG_STATE;
  }
  if (visit.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  visit.state = v1::ENTRY_STATE_REJECTED;
  visit.due_ms = 0;
  ReleaseHold(tx.entry());
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::CorrectEntry& tx) {
  const auto content = Parsed<v1::EntryContent>(tx.replacement());
  if (!visits_.contains(tx.entry())) return v1::REASON_UNKNOWN_ENTRY;
  const Visit old = visits_.at(tx.entry());
  const v1::Signer& signer = by_.front();
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  if (IsParty(signer.member(), old)) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  // Nobody has approved it: no organisation is the level at which it could be corrected.
  if (old.approver_org.empty()) return v1::REASON_WRONG_STATE;
  const Id parent = ParentOrRoot(old.approver_org);
  const bool approver = HoldsAt(signer, v1::ROLE_APPROVER, old.approver_org);
  // "At the same approval level or higher": the parent's reviewer, or one above.
  const bool reviewer = HoldsOver(signer, v1::ROLE_REVIEWER, parent);
  const bool reviewed = old.review != 0;
  if (by_.size() != 1 || !(reviewer || (approver && !reviewed))) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (old.state == v1::ENTRY_STATE_REVERSED) return v1::REASON_ALREADY_REVERSED;
  if (old.state != v1::ENTRY_STATE_CREDITED) return v1::REASON_WRONG_STATE;
  const auto window = static_cast<Time>(
      Param(old.community, v1::POLICY_PARAMETER_CORRECTION_WINDOW_MS, old.policy_ms));
  if (now_ >= old.credited_ms + window) return v1::REASON_DEADLINE_PASSED;
  if (tx.replacement().empty() && KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  const NaiveLedger before = *this;
  // First from POOL what overflowed there, as far as it is still there; then from the volunteer.
  const Id home = HomeOf(old.volunteer);
  const std::int64_t from_pool = std::min(old.pooled, BalanceOf(home, v1::ACCOUNT_KIND_POOL));
  const std::int64_t rest = old.credited - from_pool;
  const std::int64_t taken = std::min(BalanceOf(old.volunteer, v1::ACCOUNT_KIND_EARNED), rest);
  Post(home, v1::ACCOUNT_KIND_POOL, 0, -from_pool);
  Post(old.volunteer, v1::ACCOUNT_KIND_EARNED, 0, -taken);
  Post(old.volunteer, v1::ACCOUNT_KIND_DEBT, 0, taken - rest);
  people_.at(old.volunteer).honours_minutes -= old.pooled;
  GiveBack(old.elder, old.paid);
  visits_.at(tx.entry()).state = v1::ENTRY_STATE_REVERSED;
  if (tx.replacement().empty()) return v1::REASON_UNSPECIFIED;
  const auto reason = Replace(content, tx.replacement(), old, tx.entry());
  if (reason != v1::REASON_UNSPECIFIED) *this = before;
  // One line for each of the two entries.
  lines_ = {{.outcome = v1::OUTCOME_DONE}, {.outcome = v1::OUTCOME_DONE}};
  return reason;
}

// A new entry for the same two people, paid at once.
v1::Reason NaiveLedger::Replace(const v1::EntryContent& content, const std::string& bytes,
                                const Visit& old, const Id& old_id) {
  if (content.volunteer() != old.volunteer || content.elder() != old.elder ||
      content.community() != old.community || IsTaken(content.entry())) {
    return v1::REASON_CONFLICT;
  }
  if (Parsed<v1::EntryContent>(old.content).channel() != content.channel()) {
    return v1::REASON_CONFLICT;
  }
  Visit visit{.policy_ms = old.policy_ms};
  visit.ordered = old.ordered;
  visit.planned_start_ms = old.planned_start_ms;
  visit.planned_minutes = old.planned_minutes;
  visit.replaces = old_id;
  visit.community = old.community;
  visit.elder = old.elder;
  visit.volunteer = old.volunteer;
  visit.kind = content.kind();
  visit.category = content.category();
  visit.content = bytes;
  visit.start_ms = content.start_ms();
  visit.end_ms = content.end_ms();
  const auto id_time = CheckIdTime(content.entry(), old.community);
  if (id_time != v1::REASON_UNSPECIFIED) return id_time;
  const auto near = CheckNearPlan(visit, visit.start_ms);
  if (near != v1::REASON_UNSPECIFIED) return near;
  const auto reason = JudgeContent(content, visit);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (ApprovalsWithoutOwnKeyToday() >=
      Param(by_.front().org(), v1::POLICY_PARAMETER_APPROVALS_DAY_WITHOUT_OWN_KEY, now_)) {
    return v1::REASON_F9_APPROVER_LIMIT;
  }
  if (InDebt(visit.elder)) return v1::REASON_DEBT;
  if (!CanPay(visit.elder, visit.credited, /*earned_only=*/false)) {
    return v1::REASON_F13_INSUFFICIENT;
  }
  if (KeyTooYoung(by_.front())) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(visit.volunteer) || Blocked(visit.elder)) return v1::REASON_F14_PARTY_BLOCKED;
  visit.flags = v1::FLAG_R1_NOT_OWN_KEY;
  visit.channel = content.channel();
  visit.submitted_ms = visit.confirmed_ms = now_;
  visit.submitted_by = visit.confirmed_by = by_.front().member();
  HeldMinutes hold{.owner = visit.elder, .purpose = v1::HOLD_PURPOSE_WALK_IN};
  PlaceHold(content.entry(), hold, visit.credited, /*earned_only=*/false);
  visits_[content.entry()] = visit;
  StartCooling(content.entry(), visits_.at(content.entry()));
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
