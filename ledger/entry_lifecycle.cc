#include "ledger/entry_lifecycle.h"

#include <algorithm>

#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/entry_checks.h"
#include "ledger/org_tree.h"
#include "ledger/suspicion.h"

namespace timebank::ledger {

Policy PolicyOfEntry(TxContext& tx, const v1::Entry& entry) {
  return tx.PolicyOf(As<OrgId>(entry.community()), Millis(entry.policy_ms()));
}

Reason CheckDistance(TxContext& tx, const MemberId& person, const v1::Entry& entry) {
  const std::string_view id = person.text();
  const bool took_part =
      id == entry.submitted_by() || id == entry.confirmed_by() || id == entry.witness();
  const bool close = took_part || IsCloseTo(tx, person, As<MemberId>(entry.volunteer())) ||
                     IsCloseTo(tx, person, As<MemberId>(entry.elder()));
  return close ? v1::REASON_F3_SEPARATION_OF_DUTIES : kOk;
}

OrgId ApprovingOrg(TxContext& tx, const v1::Entry& entry) {
  const auto community = As<OrgId>(entry.community());
  if (entry.confirmed_ms() == 0) return community;
  const std::uint64_t deadline_ms =
      entry.confirmed_ms() + PolicyOfEntry(tx, entry).Ms(v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS);
  return tx.now_ms() < deadline_ms ? community : ParentOrRoot(tx.records(), community);
}

OrgId ReviewingOrg(TxContext& tx, const v1::Entry& entry) {
  const OrgId parent = ParentOrRoot(tx.records(), As<OrgId>(entry.approver_org()));
  const std::uint64_t deadline_ms =
      entry.approved_ms() + PolicyOfEntry(tx, entry).Ms(v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS);
  return tx.now_ms() < deadline_ms ? parent : ParentOrRoot(tx.records(), parent);
}

void AddEntryParties(TxContext& tx, const v1::Entry& entry) {
  tx.AddParty(As<MemberId>(entry.elder()));
  if (!entry.volunteer().empty()) tx.AddParty(As<MemberId>(entry.volunteer()));
}

Reason CheckState(const TxContext& tx, const v1::Entry& entry,
                  std::initializer_list<v1::EntryState> states) {
  if (entry.state() == v1::ENTRY_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (std::find(states.begin(), states.end(), entry.state()) == states.end()) {
    return v1::REASON_WRONG_STATE;
  }
  const bool overdue = entry.due_ms() != 0 && entry.due_ms() <= tx.now_ms();
  return overdue ? v1::REASON_DEADLINE_PASSED : kOk;
}

void Tell(TxContext& tx, const v1::Entry& entry) {
  tx.line().set_content_hash(entry.content_hash());
  tx.line().set_flags(entry.flags());
  tx.line().set_state(static_cast<std::uint32_t>(entry.state()));
}

Reason TellAgain(TxContext& tx, const v1::Entry& entry, v1::Outcome outcome) {
  Tell(tx, entry);
  tx.line().set_outcome(outcome);
  return kOk;
}

HoldName HoldOf(const v1::Entry& entry) {
  return {As<HoldId>(entry.entry()), As<MemberId>(entry.elder()),
          entry.ordered() ? v1::HOLD_PURPOSE_ORDER : v1::HOLD_PURPOSE_WALK_IN};
}

Reason EndUnapproved(TxContext& tx, v1::Entry& entry, v1::EntryState state) {
  if (IsHeld(tx, HoldOf(entry))) {
    if (const Reason no = ReleaseHold(tx, HoldOf(entry))) return no;
  }
  if (!entry.content().empty()) {
    if (const Reason no = UncountVisit(tx, entry)) return no;
  }
  entry.set_state(state);
  entry.set_due_ms(0);
  return kOk;
}

Reason CountApproval(TxContext& tx, const Signer& approver, v1::Channel channel) {
  const bool own_key = channel == v1::CHANNEL_APP;
  const std::int64_t offset = tx.civil_offset();
  const CounterId counter = own_key
                                ? MemberCounter(approver.member, v1::COUNTER_SCOPE_APPROVER_HOUR,
                                                LocalHour(tx.now(), offset))
                                : MemberCounter(approver.member, v1::COUNTER_SCOPE_APPROVER_DAY,
                                                LocalDay(tx.now(), offset));
  const std::int64_t limit = tx.PolicyOf(approver.org)
                                 .Get(own_key ? v1::POLICY_PARAMETER_APPROVALS_HOUR_WITH_OWN_KEY
                                              : v1::POLICY_PARAMETER_APPROVALS_DAY_WITHOUT_OWN_KEY);
  if (CountedThings(tx, counter) >= limit) return v1::REASON_F9_APPROVER_LIMIT;
  return AddToCounter(tx, counter, {.count = 1});
}

Millis ReviewEnd(TxContext& tx, const v1::Entry& entry) {
  const Policy policy = PolicyOfEntry(tx, entry);
  return Millis(entry.approved_ms() + policy.Ms(v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS) +
                policy.Ms(v1::POLICY_PARAMETER_REVIEW_GRACE_MS));
}

Reason StartCooling(TxContext& tx, const Signer& approver, v1::Entry& entry) {
  const auto volunteer_id = As<MemberId>(entry.volunteer());
  const Account cooling = Account::Of(volunteer_id, v1::ACCOUNT_KIND_COOLING);
  if (const Reason no =
          CaptureHold(tx, HoldOf(entry), entry.credited_minutes(), cooling, entry.mutable_paid())) {
    return no;
  }
  const Policy policy = PolicyOfEntry(tx, entry);
  v1::Member& volunteer = *tx.Edit<v1::Member>(volunteer_id);
  const bool first =
      volunteer.entries_approved() < policy.Get(v1::POLICY_PARAMETER_FIRST_COOLING_ENTRIES);
  volunteer.set_entries_approved(volunteer.entries_approved() + 1);

  entry.set_state(v1::ENTRY_STATE_COOLING);
  entry.set_approved_ms(tx.now_ms());
  entry.set_approved_by(approver.member.str());
  entry.set_approver_org(approver.org.str());
  entry.set_cooling_until_ms(tx.now_ms() + policy.Ms(first ? v1::POLICY_PARAMETER_FIRST_COOLING_MS
                                                           : v1::POLICY_PARAMETER_COOLING_MS));
  // A flagged entry waits for its review; without one it is reversed, never credited.
  NoteApproval(tx, approver.member, entry);
  entry.set_due_ms(entry.flags() == 0 ? entry.cooling_until_ms() : ReviewEnd(tx, entry).value());
  return kOk;
}

Reason ReverseCooling(TxContext& tx, v1::Entry& entry) {
  const Account cooling = Account::Of(As<MemberId>(entry.volunteer()), v1::ACCOUNT_KIND_COOLING);
  if (const Reason no = Refund(tx, cooling, As<MemberId>(entry.elder()), entry.paid())) return no;
  if (const Reason no = UncountVisit(tx, entry)) return no;
  entry.set_state(v1::ENTRY_STATE_REVERSED);
  entry.set_due_ms(0);
  return kOk;
}

}  // namespace timebank::ledger
