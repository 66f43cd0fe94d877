// People who help each other on paper, with an approver who looks away: what R4 to R8 are there
// for.
#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "tests/model/generator.h"

namespace timebank::model {
namespace {

constexpr Time kMinuteMs = 60'000;
constexpr Time kDayMs = 24 * 60 * kMinuteMs;

std::string HashOf(const std::string& bytes) { return crypto::Sha256(AsBytes(bytes)).str(); }

}  // namespace

// In one world of three: two who help each other, and one who speaks for everybody.
void Generator::FormRing() {
  if (Below(3) != 0) return;
  for (int i = 0; i < 3; ++i) ring_.push_back(Cast::MemberId(AnyPerson()));
}

void Generator::Collude(Draft& draft) {
  const std::uint64_t draw = Below(14);
  if (draw < 4) return RingSubmits(draft);
  if (draw < 7) return RingConfirms(draft);
  if (draw < 10) return RingApproves(draft);
  RingSpeaksForMany(draft);
}

Id Generator::RingVisitIn(v1::EntryState state) {
  std::vector<Id> ids;
  for (const auto& [id, visit] : ledger().visits()) {
    const bool ours = visit.volunteer == ring_[0] || visit.volunteer == ring_[1];
    if (ours && visit.state == state) ids.push_back(id);
  }
  return ids.empty() ? Id() : Pick(ids);
}

// One of them helped the other on some morning of the last four weeks, mostly for half an hour.
void Generator::RingSubmits(Draft& draft) {
  const std::size_t who = Below(2);
  Visit visit;
  visit.volunteer = ring_[who];
  visit.elder = ring_[1 - who];
  visit.community = PersonOf(visit.elder).home;
  visit.kind = v1::ENTRY_KIND_NEIGHBOUR;
  visit.category = v1::CATEGORY_COMPANIONSHIP;
  v1::EntryContent content = Content(visit, FreshId());
  const std::vector<Time> minutes = {30, 30, 30, 30, 30, 120, 121};
  const Time morning = now() / kDayMs * kDayMs - Below(28) * kDayMs + Below(20) * 30 * kMinuteMs;
  content.set_start_ms(morning);
  content.set_end_ms(morning + Pick(minutes) * kMinuteMs);
  draft.body.mutable_submit_entry()->set_content(chain::CanonicalBytes(content));
  draft.by = {MemberSigns(visit.volunteer)};
}

void Generator::RingConfirms(Draft& draft) {
  const Id id = RingVisitIn(v1::ENTRY_STATE_SUBMITTED);
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(id);
  action.set_content_hash(HashOf(visit.content));
  action.set_channel(v1::CHANNEL_APP);
  draft.body.mutable_confirm_entry()->set_action(chain::CanonicalBytes(action));
  draft.by = {MemberSigns(visit.elder)};
}

void Generator::RingApproves(Draft& draft) {
  const Id id = RingVisitIn(v1::ENTRY_STATE_CONFIRMED);
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  auto* line = draft.body.mutable_approve_entries()->add_lines();
  line->set_entry(id);
  line->set_content_hash(HashOf(visit.content));
  draft.by = {OfficerAt(visit.community, v1::ROLE_APPROVER, false)};
}

// The third is made everybody's proxy, and confirms whatever waits.
void Generator::RingSpeaksForMany(Draft& draft) {
  const Id id = VisitIn({v1::ENTRY_STATE_SUBMITTED});
  if (id.empty()) return;
  const Visit& visit = ledger().visits().at(id);
  if (!PersonOf(visit.elder).proxies.contains(ring_[2])) {
    auto& tx = *draft.body.mutable_set_proxy();
    tx.set_member(visit.elder);
    tx.set_proxy(ring_[2]);
    tx.set_scope(15);
    tx.set_until_ms(now() + 90 * kDayMs);
    draft.by = {MemberSigns(visit.elder)};
    return;
  }
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(id);
  action.set_content_hash(HashOf(visit.content));
  action.set_channel(v1::CHANNEL_PROXY);
  draft.body.mutable_confirm_entry()->set_action(chain::CanonicalBytes(action));
  draft.by = {MemberSigns(ring_[2])};
  draft.by.front().role = v1::ROLE_PROXY;
}

}  // namespace timebank::model
