// CHECK_IN, CHECK_OUT and SUBMIT_ENTRY: what the volunteer says of the visit (docs/ledger.md, "A
// visit"). The times are claims, checked against block time.
#include "ledger/authority.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/rules.h"
#include "ledger/suspicion.h"

namespace timebank::ledger {
namespace {

struct Presence {
  EntryId entry;
  Millis at;
};

template <typename Check>
Reason CheckPresenceForm(const Check& check);
// CHECK_IN and CHECK_OUT up to the check of clock: the entry, signed for by its volunteer.
Expected<v1::Entry*, Reason> FindForVolunteer(TxContext& tx, const Presence& presence,
                                              v1::EntryState from);
// FUTURE, TOO_LATE.
Reason CheckPresenceClock(const TxContext& tx, const Policy& policy, Millis at);
// The order that the entry came from says the same; the volunteer is the one who claimed it.
Reason CheckAgainstOrder(const TxContext& tx, const v1::Entry& known,
                         const v1::EntryContent& content);
// Known parties, F3, F15, age, in this order.
Reason CheckSubmitter(TxContext& tx, const Policy& policy, const v1::EntryContent& content,
                      const v1::Entry* known);

}  // namespace

Reason CheckForm(const v1::CheckIn& check) { return CheckPresenceForm(check); }
Reason CheckForm(const v1::CheckOut& check) { return CheckPresenceForm(check); }

Reason Execute(TxContext& tx, const v1::CheckIn& check) {
  const Presence presence{As<EntryId>(check.entry()), Millis(check.at_ms())};
  const auto found = FindForVolunteer(tx, presence, v1::ENTRY_STATE_CLAIMED);
  if (!found) return found.error();
  v1::Entry& entry = **found;
  const Policy policy = PolicyOfEntry(tx, entry);
  if (const Reason no = CheckNearPlan(policy, entry, presence.at)) return no;
  if (const Reason no = CheckPresenceClock(tx, policy, presence.at)) return no;
  entry.set_state(v1::ENTRY_STATE_CHECKED_IN);
  entry.set_check_in_ms(check.at_ms());
  entry.set_check_in_place(check.place());
  entry.set_due_ms(tx.now_ms() + policy.Ms(v1::POLICY_PARAMETER_CHECK_OUT_DEADLINE_MS));
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

Reason Execute(TxContext& tx, const v1::CheckOut& check) {
  const Presence presence{As<EntryId>(check.entry()), Millis(check.at_ms())};
  const auto found = FindForVolunteer(tx, presence, v1::ENTRY_STATE_CHECKED_IN);
  if (!found) return found.error();
  v1::Entry& entry = **found;
  const Policy policy = PolicyOfEntry(tx, entry);
  if (const Reason no = CheckPresenceClock(tx, policy, presence.at)) return no;
  if (check.at_ms() <= entry.check_in_ms()) return v1::REASON_BAD_FIELD;
  entry.set_state(v1::ENTRY_STATE_CHECKED_OUT);
  entry.set_check_out_ms(check.at_ms());
  entry.set_check_out_place(check.place());
  entry.set_due_ms(tx.now_ms() + policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS));
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

Reason CheckForm(const v1::SubmitEntry& submit) {
  const auto visit = ParseContent(AsBytes(submit.content()));
  if (!visit) return visit.error();
  return visit->content.channel() == v1::CHANNEL_APP ? kOk : v1::REASON_BAD_FIELD;
}

Reason Execute(TxContext& tx, const v1::SubmitEntry& submit) {
  const auto visit = ParseContent(AsBytes(submit.content()));
  if (!visit) return visit.error();
  const v1::EntryContent& content = visit->content;
  const auto id = As<EntryId>(content.entry());
  tx.BeginLine(id.view());
  const v1::Entry* known = tx.Find<v1::Entry>(id);
  const Policy policy =
      known != nullptr ? PolicyOfEntry(tx, *known) : tx.PolicyOf(As<OrgId>(content.community()));
  if (const Reason no = CheckSubmitter(tx, policy, content, known)) return no;
  if (known != nullptr) {
    if (known->content_hash() == visit->hash.text()) {
      return TellAgain(tx, *known, v1::OUTCOME_ALREADY_RECORDED);
    }
    if (const Reason no = CheckAgainstOrder(tx, *known, content)) return no;
    if (const Reason no = CheckNearPlan(policy, *known, Millis(content.start_ms()))) return no;
  } else {
    if (!IdIsFree(tx, As<HoldId>(content.entry()))) return v1::REASON_CONFLICT;
    if (const Reason no = CheckIdTime(tx, policy, id.view())) return no;
  }
  v1::Entry& entry = tx.EditOrCreate<v1::Entry>(id);
  if (entry.policy_ms() == 0) entry.set_policy_ms(tx.now_ms());
  if (const Reason no = FillVisit(policy, *visit, entry)) return no;
  if (const Reason no = CheckVisit(tx, policy, entry, LateLimit::kBinds)) return no;

  entry.set_state(v1::ENTRY_STATE_SUBMITTED);
  entry.set_submitted_ms(tx.now_ms());
  entry.set_submitted_by(content.volunteer());
  entry.set_flags(SubmissionFlags(tx, policy, *visit, entry));
  entry.set_due_ms(tx.now_ms() + policy.Ms(v1::POLICY_PARAMETER_CONFIRM_DEADLINE_MS) +
                   policy.Ms(v1::POLICY_PARAMETER_CONFIRM_GRACE_MS));
  AddEntryParties(tx, entry);
  if (const Reason no = CountVisit(tx, entry)) return no;
  NoteSubmission(tx, entry);
  Tell(tx, entry);
  return kOk;
}

namespace {

template <typename Check>
Reason CheckPresenceForm(const Check& check) {
  if (check.entry().empty() || check.at_ms() == 0 || check.place() == v1::PLACE_CLAIM_UNSPECIFIED) {
    return v1::REASON_MISSING_FIELD;
  }
  return check.at_ms() > kTimeMsMax ? v1::REASON_BAD_FIELD : kOk;
}

Expected<v1::Entry*, Reason> FindForVolunteer(TxContext& tx, const Presence& presence,
                                              v1::EntryState from) {
  tx.BeginLine(presence.entry.view());
  v1::Entry* entry = tx.Edit<v1::Entry>(presence.entry);
  if (entry == nullptr) return Unexpected{v1::REASON_UNKNOWN_ENTRY};
  if (!entry->volunteer().empty()) {
    if (const Reason no = RequireMember(tx, As<MemberId>(entry->volunteer()))) {
      return Unexpected{no};
    }
  }
  if (const Reason no = CheckState(tx, *entry, {from})) return Unexpected{no};
  return entry;
}

Reason CheckPresenceClock(const TxContext& tx, const Policy& policy, Millis at) {
  if (at.value() > tx.now_ms() + kClientAheadMs) return v1::REASON_FUTURE;
  const std::uint64_t late_ms = at.value() + policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS);
  return late_ms < tx.now_ms() ? v1::REASON_TOO_LATE : kOk;
}

Reason CheckSubmitter(TxContext& tx, const Policy& policy, const v1::EntryContent& content,
                      const v1::Entry* known) {
  const auto volunteer_id = As<MemberId>(content.volunteer());
  const v1::Member* elder = tx.Find<v1::Member>(As<MemberId>(content.elder()));
  const v1::Member* volunteer = tx.Find<v1::Member>(volunteer_id);
  if (elder == nullptr || volunteer == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const auto community = As<OrgId>(content.community());
  if (tx.Find<v1::Organisation>(community) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (content.volunteer() == content.elder()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (const Reason no = RequireMember(tx, volunteer_id)) return no;
  if (content.community() != elder->home_org()) return v1::REASON_F15_WRONG_SCOPE;
  const bool claimed_by_other = known != nullptr && known->content().empty() &&
                                !known->volunteer().empty() &&
                                known->volunteer() != content.volunteer();
  if (claimed_by_other) return v1::REASON_F15_WRONG_SCOPE;
  return CheckEarnAge(tx, policy, *volunteer);
}

Reason CheckAgainstOrder(const TxContext& tx, const v1::Entry& known,
                         const v1::EntryContent& content) {
  const bool agrees = known.content().empty() && known.elder() == content.elder() &&
                      known.category() == content.category() && known.kind() == content.kind() &&
                      known.community() == content.community();
  if (!agrees) return v1::REASON_CONFLICT;
  return CheckState(
      tx, known,
      {v1::ENTRY_STATE_CLAIMED, v1::ENTRY_STATE_CHECKED_IN, v1::ENTRY_STATE_CHECKED_OUT});
}

}  // namespace
}  // namespace timebank::ledger
