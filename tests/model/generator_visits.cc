// Random transactions along the life of a visit.
#include "base/civil.h"
#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "tests/model/generator.h"

namespace timebank::model {
namespace {

constexpr Time kMinuteMs = 60'000;
constexpr Time kHourMs = 60 * kMinuteMs;
constexpr Time kDayMs = 24 * kHourMs;

std::string HashOf(const std::string& bytes) { return crypto::Sha256(AsBytes(bytes)).str(); }

const std::vector<v1::PlaceClaim> kPlaces = {v1::PLACE_CLAIM_MATCH,    v1::PLACE_CLAIM_MATCH,
                                             v1::PLACE_CLAIM_MATCH,    v1::PLACE_CLAIM_NEAR,
                                             v1::PLACE_CLAIM_MISMATCH, v1::PLACE_CLAIM_NONE};

}  // namespace

void Generator::Order(Draft& draft) {
  auto& tx = *draft.body.mutable_place_order();
  const Id elder = Cast::MemberId(AnyPerson());
  tx.set_entry(FreshId());
  if (Rarely()) tx.set_entry(VisitIn({v1::ENTRY_STATE_ORDERED}));
  if (tx.entry().empty()) tx.set_entry(FreshId());
  tx.set_elder(elder);
  tx.set_community(Rarely() ? Cast::OrgId(AnyOrg()) : PersonOf(elder).home);
  tx.set_category(AnyCategory());
  tx.set_kind(static_cast<v1::EntryKind>(1 + Below(3)));
  tx.set_planned_start_ms((now() + Below(2 * kDayMs)) / (30 * kMinuteMs) * (30 * kMinuteMs));
  if (Rarely()) tx.set_planned_start_ms(now() - 30 * kDayMs - Below(2));
  if (Rarely()) tx.set_planned_start_ms(now() + (Below(2) + 1) * 15 * kDayMs + Below(2));
  const std::vector<std::uint32_t> minutes = {15, 30, 45, 60, 60, 60, 90, 120, 240, 14, 241};
  tx.set_planned_minutes(Pick(minutes));
  draft.by = {MemberSigns(elder)};
  if (Below(4) == 0) draft.by = {ProxySigns(elder)};
  if (Below(4) == 0) draft.by = {OfficerAt(PersonOf(elder).home, v1::ROLE_DISPATCHER, true)};
}

void Generator::Claim(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_ORDERED});
  if (id.empty()) return;
  draft.body.mutable_claim_order()->set_entry(id);
  draft.by = {MemberSigns(Cast::MemberId(AnyPerson()))};
}

void Generator::CheckInOrOut(Draft& draft) {
  const bool in = Below(2) == 0;
  const Id id = VisitIn({in ? v1::ENTRY_STATE_CLAIMED : v1::ENTRY_STATE_CHECKED_IN});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  Time at = now() - Below(10 * kMinuteMs);
  if (Below(3) == 0) at = in ? visit.planned_start_ms : visit.check_in_ms + 60 * kMinuteMs;
  if (Rarely()) at = now() + 5'000 + Below(2);
  if (Rarely() && !in) at = visit.check_in_ms + Below(2);
  if (at == 0) at = now();
  const auto fill = [&](auto& tx) {
    tx.set_entry(id);
    tx.set_at_ms(at);
    tx.set_place(Pick(kPlaces));
  };
  if (in) {
    fill(*draft.body.mutable_check_in());
  } else {
    fill(*draft.body.mutable_check_out());
  }
  const Id volunteer = visit.volunteer.empty() ? Cast::MemberId(AnyPerson()) : visit.volunteer;
  draft.by = {MemberSigns(volunteer)};
}

// What the order says, in parties and kind.
v1::EntryContent Generator::Content(const Visit& visit, const Id& id) {
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(id);
  content.set_community(visit.community);
  content.set_kind(visit.kind);
  content.set_category(visit.category);
  content.set_volunteer(visit.volunteer);
  content.set_elder(visit.elder);
  content.set_place(Pick(kPlaces));
  content.set_channel(v1::CHANNEL_APP);
  DrawInterval(content, visit);
  return content;
}

// Near what was planned or checked in, or some half hour of the last days.
void Generator::DrawInterval(v1::EntryContent& content, const Visit& visit) {
  const std::vector<Time> minutes = {15, 30, 30, 45, 60, 60, 75, 120, 14, 241};
  Time start = (now() - Below(3 * kDayMs)) / (30 * kMinuteMs) * (30 * kMinuteMs);
  Time length = Pick(minutes) * kMinuteMs + (Rarely() ? 59'999 : 0);
  if (visit.ordered && visit.planned_start_ms < now() && Below(3) != 0) {
    start = visit.planned_start_ms;
    length = static_cast<Time>(visit.planned_minutes) * kMinuteMs;
    if (Below(3) == 0) length += Below(20) * kMinuteMs;
  }
  if (visit.check_in_ms != 0 && Below(2) == 0) {
    start = visit.check_in_ms;
    if (visit.check_out_ms != 0) length = visit.check_out_ms - visit.check_in_ms;
  }
  if (Rarely()) start = now() - 30 * kDayMs - length - Below(2);
  if (Rarely()) start = now() + 5'000 + Below(2) - length;
  if (Rarely()) start = now() - 3 * kDayMs - length - Below(2);
  content.set_start_ms(start);
  content.set_end_ms(start + length);
}

void Generator::SubmitOrdered(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_CLAIMED, v1::ENTRY_STATE_CHECKED_OUT,
                         v1::ENTRY_STATE_CHECKED_OUT, v1::ENTRY_STATE_CHECKED_IN});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  v1::EntryContent content = Content(visit, id);
  if (content.volunteer().empty()) content.set_volunteer(Cast::MemberId(AnyPerson()));
  if (Rarely()) content.set_category(v1::CATEGORY_ERRAND);
  if (Rarely()) content.set_elder(Cast::MemberId(AnyPerson()));
  std::string bytes = chain::CanonicalBytes(content);
  if (!visit.content.empty() && Below(2) == 0) bytes = visit.content;
  draft.body.mutable_submit_entry()->set_content(bytes);
  draft.by = {MemberSigns(content.volunteer())};
}

void Generator::SubmitWalkIn(Draft& draft) {
  Visit visit;
  visit.elder = Cast::MemberId(AnyPerson());
  visit.volunteer = Cast::MemberId(AnyPerson());
  visit.community = Rarely() ? Cast::OrgId(AnyOrg()) : PersonOf(visit.elder).home;
  visit.kind = v1::ENTRY_KIND_NEIGHBOUR;
  visit.category = AnyCategory();
  v1::EntryContent content = Content(visit, FreshId());
  const Id other = VisitIn({v1::ENTRY_STATE_SUBMITTED, v1::ENTRY_STATE_CREDITED});
  if (!other.empty() && Below(6) == 0) {
    // The same two people at the same time, or one of them.
    const Visit& same = ledger().visits().at(other);
    if (same.start_ms != 0) {
      content.set_elder(same.elder);
      content.set_community(PersonOf(same.elder).home);
      if (Below(2) == 0) content.set_volunteer(same.volunteer);
      content.set_start_ms(same.start_ms + Below(2) * 15 * kMinuteMs);
      content.set_end_ms(content.start_ms() + 30 * kMinuteMs);
    }
  }
  if (random_.Chance(1, 40)) content.set_end_ms(content.start_ms());
  if (random_.Chance(1, 40)) content.set_channel(v1::CHANNEL_PAPER);
  draft.body.mutable_submit_entry()->set_content(chain::CanonicalBytes(content));
  draft.by = {MemberSigns(content.volunteer())};
}

v1::PinProof Generator::Pin(const Id& card, const std::string& action) {
  v1::PinStatement statement;
  statement.set_version(1);
  statement.set_card(Rarely() ? Cast::MemberId(AnyPerson()) : card);
  statement.set_action_digest(HashOf(Rarely() ? action + "!" : action));
  statement.set_expiry_ms(now() + (Rarely() ? 0 : 60'000) - (Rarely() ? 1 : 0));
  return world_.cast.SignPin(Rarely() ? "pin2" : "pin1", statement);
}

void Generator::Confirm(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_SUBMITTED});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  const Id home = PersonOf(visit.elder).home;
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(id);
  action.set_content_hash(HashOf(Rarely() ? "another" : visit.content));
  const std::vector<v1::Channel> channels = {
      v1::CHANNEL_APP,  v1::CHANNEL_APP,      v1::CHANNEL_APP,  v1::CHANNEL_PROXY,
      v1::CHANNEL_CARD, v1::CHANNEL_CALLBACK, v1::CHANNEL_PAPER};
  action.set_channel(Pick(channels));
  if (action.channel() == v1::CHANNEL_PAPER && !Rarely()) {
    action.set_witness(Cast::MemberId(AnyPerson()));
  }
  const bool refers =
      action.channel() == v1::CHANNEL_PAPER || action.channel() == v1::CHANNEL_CALLBACK;
  if (refers && !Rarely()) action.set_reference_commitment(HashOf("reference"));
  auto& tx = *draft.body.mutable_confirm_entry();
  tx.set_action(chain::CanonicalBytes(action));
  draft.by = {MemberSigns(visit.elder)};
  if (action.channel() == v1::CHANNEL_PROXY) draft.by = {ProxySigns(visit.elder)};
  if (action.channel() == v1::CHANNEL_CARD) {
    draft.by = {OfficerAt(home, v1::ROLE_TERMINAL, true)};
    if (!Rarely()) *tx.mutable_pin() = Pin(visit.elder, tx.action());
  }
  if (action.channel() == v1::CHANNEL_CALLBACK) {
    draft.by = {OfficerAt(home, v1::ROLE_DISPATCHER, true)};
  }
  if (action.channel() == v1::CHANNEL_PAPER) draft.by = {OfficerAt(home, v1::ROLE_CLERK, true)};
}

void Generator::Approve(Draft& draft) {
  const Id first = VisitIn({v1::ENTRY_STATE_CONFIRMED});
  if (first.empty()) return;
  const Id community = ledger().visits().at(first).community;
  auto& tx = *draft.body.mutable_approve_entries();
  std::vector<Id> ids = {first};
  for (const auto& [id, visit] : ledger().visits()) {
    const bool waiting = visit.state == v1::ENTRY_STATE_CONFIRMED && visit.community == community;
    if ((waiting && Below(3) == 0) || random_.Chance(1, 200)) ids.push_back(id);
  }
  for (const Id& id : ids) {
    auto* line = tx.add_lines();
    line->set_entry(Rarely() && Rarely() ? FreshId() : id);
    line->set_content_hash(HashOf(Rarely() ? "another" : ledger().visits().at(id).content));
    if (tx.lines_size() == 8) break;
  }
  tx.set_all_or_nothing(Below(6) == 0);
  draft.by = {OfficerAt(community, v1::ROLE_APPROVER, Below(3) == 0)};
}

void Generator::Review(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_COOLING});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  auto& tx = *draft.body.mutable_review_entry();
  tx.set_entry(id);
  tx.set_verdict(Below(4) == 0 ? v1::REVIEW_VERDICT_REVERSE : v1::REVIEW_VERDICT_UPHOLD);
  draft.by = {OfficerAt(visit.community, v1::ROLE_REVIEWER, true)};
}

void Generator::Reject(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_SUBMITTED, v1::ENTRY_STATE_CONFIRMED});
  if (id.empty()) return;
  auto& tx = *draft.body.mutable_reject_entry();
  tx.set_entry(id);
  tx.set_reason(Rarely() ? 0 : 3);
  draft.by = {OfficerAt(ledger().visits().at(id).community, v1::ROLE_APPROVER, Below(3) == 0)};
}

void Generator::CancelOrNoShow(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_ORDERED, v1::ENTRY_STATE_CLAIMED});
  if (id.empty()) return;
  const Id elder = ledger().visits().at(id).elder;
  if (Below(2) == 0) {
    draft.body.mutable_cancel_order()->set_entry(id);
  } else {
    draft.body.mutable_report_no_show()->set_entry(id);
  }
  draft.by = {MemberSigns(elder)};
  if (Below(4) == 0) draft.by = {ProxySigns(elder)};
  if (Below(4) == 0) draft.by = {OfficerAt(PersonOf(elder).home, v1::ROLE_DISPATCHER, true)};
}

void Generator::Paper(Draft& draft) {
  const std::string org = Pick(std::vector<std::string>{"s1", "s1", "c1", "d1", "d2"});
  const Id org_id = Cast::OrgId(org);
  draft.by = {OfficerAt(org_id, v1::ROLE_CLERK, false)};
  auto& tx = *draft.body.mutable_paper_batch();
  if (!papers_.empty() && Below(5) == 0) {
    tx = Pick(papers_);
    if (Below(2) == 0) tx.set_all_or_nothing(!tx.all_or_nothing());
    draft.by = {OfficerAt(tx.org(), v1::ROLE_CLERK, false)};
    return;
  }
  tx.set_org(org_id);
  const std::uint64_t lines = 1 + Below(6);
  for (std::uint64_t i = 0; i < lines; ++i) {
    Visit visit;
    for (int attempt = 0; attempt < 4; ++attempt) {
      visit.elder = Cast::MemberId(AnyPerson());
      const Id& home = PersonOf(visit.elder).home;
      if (home == org_id || ledger().orgs().at(home).parent == org_id) break;
    }
    visit.volunteer = Cast::MemberId(AnyPerson());
    visit.community = Rarely() ? Cast::OrgId(AnyOrg()) : PersonOf(visit.elder).home;
    visit.kind = v1::ENTRY_KIND_VOLUNTEER;
    visit.category = AnyCategory();
    const std::string serial = "p" + std::to_string(Rarely() ? Below(20) : ++serial_);
    v1::EntryContent content = Content(visit, {});
    content.set_entry(
        Cast::SlipId(Rarely() ? Cast::OrgId(AnyOrg()) : org_id, serial, content.start_ms()));
    content.set_channel(random_.Chance(1, 40) ? v1::CHANNEL_APP : v1::CHANNEL_PAPER);
    auto* line = tx.add_lines();
    line->set_content(chain::CanonicalBytes(content));
    line->set_serial(serial);
    if (!Rarely()) line->set_witness(Cast::MemberId(AnyPerson()));
  }
  tx.set_file_hash(HashOf(std::to_string(++serial_)));
  tx.set_all_or_nothing(Below(6) == 0);
  papers_.push_back(tx);
}

void Generator::Correct(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_CREDITED});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  auto& tx = *draft.body.mutable_correct_entry();
  tx.set_entry(id);
  if (Below(2) == 0 && !visit.content.empty()) {
    v1::EntryContent content;
    if (!content.ParseFromString(visit.content)) return;
    content.set_entry(FreshId());
    content.set_end_ms(content.end_ms() + (Below(3) - 1) * 5 * kMinuteMs);
    if (Rarely()) DrawInterval(content, Visit());
    if (Rarely()) content.set_elder(Cast::MemberId(AnyPerson()));
    tx.set_replacement(chain::CanonicalBytes(content));
  }
  const bool reviewer = visit.review != v1::REVIEW_VERDICT_UNSPECIFIED || Below(3) == 0;
  draft.by = {OfficerAt(visit.community, reviewer ? v1::ROLE_REVIEWER : v1::ROLE_APPROVER,
                        reviewer || Rarely())};
}

}  // namespace timebank::model
