// PLACE_ORDER, CLAIM_ORDER, CANCEL_ORDER and REPORT_NO_SHOW: from the wish for a visit to the
// volunteer who will come (docs/ledger.md, "A visit"). The order is the entry from its first
// moment.
#include "base/minutes.h"
#include "ledger/authority.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

// The elder, a proxy with scope order, or a dispatcher of an ancestor of the elder's home.
Reason RequireElderSide(TxContext& tx, const v1::Member& elder);
// FUTURE, TOO_LATE.
Reason CheckPlannedStart(const TxContext& tx, const Policy& policy, Millis start);
bool IsSameOrder(const v1::Entry& entry, const v1::PlaceOrder& order);
Reason HoldForOrder(TxContext& tx, const Policy& policy, v1::Entry& entry);
// CANCEL_ORDER and REPORT_NO_SHOW up to the check of state.
Expected<v1::Entry*, Reason> FindForElderSide(TxContext& tx, const EntryId& id);

}  // namespace

Reason CheckForm(const v1::PlaceOrder& order) {
  if (AnyEmpty({order.entry(), order.elder(), order.community()}) ||
      order.kind() == v1::ENTRY_KIND_UNSPECIFIED || order.planned_start_ms() == 0) {
    return v1::REASON_MISSING_FIELD;
  }
  return order.planned_start_ms() > kTimeMsMax ? v1::REASON_BAD_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::PlaceOrder& order) {
  const auto id = As<EntryId>(order.entry());
  const auto community = As<OrgId>(order.community());
  tx.BeginLine(id.view());
  const v1::Member* elder = tx.Find<v1::Member>(As<MemberId>(order.elder()));
  if (elder == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  if (tx.Find<v1::Organisation>(community) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (order.community() != elder->home_org()) return v1::REASON_F15_WRONG_SCOPE;
  if (const Reason no = RequireElderSide(tx, *elder)) return no;
  if (const v1::Entry* known = tx.Find<v1::Entry>(id)) {
    if (!IsSameOrder(*known, order)) return v1::REASON_CONFLICT;
    return TellAgain(tx, *known, v1::OUTCOME_ALREADY_RECORDED);
  }
  if (!IdIsFree(tx, As<HoldId>(order.entry()))) return v1::REASON_CONFLICT;
  const Policy policy = tx.PolicyOf(community);
  if (const Reason no = CheckIdTime(tx, policy, id.view())) return no;
  if (const Reason no = CheckCategory(policy, order.category())) return no;
  if (const Reason no = CheckPlannedStart(tx, policy, Millis(order.planned_start_ms()))) return no;
  if (const Reason no = CheckLimits(policy, order.planned_minutes())) return no;

  v1::Entry& entry = tx.EditOrCreate<v1::Entry>(id);
  entry.set_entry(order.entry());
  entry.set_state(v1::ENTRY_STATE_ORDERED);
  entry.set_community(order.community());
  entry.set_kind(order.kind());
  entry.set_category(order.category());
  entry.set_elder(order.elder());
  entry.set_policy_ms(tx.now_ms());
  entry.set_ordered(true);
  entry.set_planned_start_ms(order.planned_start_ms());
  entry.set_planned_minutes(order.planned_minutes());
  entry.set_ordered_by(tx.signers().front().member.str());
  entry.set_due_ms(order.planned_start_ms() + order.planned_minutes() * kMinuteMs +
                   policy.Ms(v1::POLICY_PARAMETER_SERVICE_HOLD_MS));
  if (const Reason no = HoldForOrder(tx, policy, entry)) return no;
  const Signer& signer = tx.signers().front();
  if (signer.role != v1::ROLE_DISPATCHER) {
    if (const Reason no = RequireKeyAge(tx, signer)) return no;
  }
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

Reason CheckForm(const v1::ClaimOrder& claim) {
  return claim.entry().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::ClaimOrder& claim) {
  const auto id = As<EntryId>(claim.entry());
  tx.BeginLine(id.view());
  const v1::Entry* known = tx.Find<v1::Entry>(id);
  if (known == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  const MemberId volunteer = tx.signers().front().member;
  if (volunteer.text() == known->elder()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (const Reason no = RequireMember(tx, volunteer)) return no;
  const Policy policy = PolicyOfEntry(tx, *known);
  if (const Reason no = CheckEarnAge(tx, policy, *tx.Find<v1::Member>(volunteer))) return no;
  if (known->state() == v1::ENTRY_STATE_CLAIMED) {
    if (known->volunteer() != volunteer.text()) return v1::REASON_ALREADY_CLAIMED;
    return TellAgain(tx, *known, v1::OUTCOME_ALREADY_DONE);
  }
  if (const Reason no = CheckState(tx, *known, {v1::ENTRY_STATE_ORDERED})) return no;

  v1::Entry& entry = *tx.Edit<v1::Entry>(id);
  entry.set_state(v1::ENTRY_STATE_CLAIMED);
  entry.set_volunteer(volunteer.str());
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

Reason CheckForm(const v1::CancelOrder& cancel) {
  return cancel.entry().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::CancelOrder& cancel) {
  const auto entry = FindForElderSide(tx, As<EntryId>(cancel.entry()));
  if (!entry) return entry.error();
  if (const Reason no =
          CheckState(tx, **entry, {v1::ENTRY_STATE_ORDERED, v1::ENTRY_STATE_CLAIMED})) {
    return no;
  }
  if (const Reason no = EndUnapproved(tx, **entry, v1::ENTRY_STATE_CANCELLED)) return no;
  Tell(tx, **entry);
  return kOk;
}

Reason CheckForm(const v1::ReportNoShow& report) {
  return report.entry().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::ReportNoShow& report) {
  const auto entry = FindForElderSide(tx, As<EntryId>(report.entry()));
  if (!entry) return entry.error();
  if (const Reason no = CheckState(tx, **entry, {v1::ENTRY_STATE_CLAIMED})) return no;
  if (tx.now_ms() <= (*entry)->planned_start_ms()) return v1::REASON_FUTURE;
  if (const Reason no = EndUnapproved(tx, **entry, v1::ENTRY_STATE_NO_SHOW)) return no;
  Tell(tx, **entry);
  return kOk;
}

namespace {

Reason RequireElderSide(TxContext& tx, const v1::Member& elder) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (signer->role == v1::ROLE_MEMBER) return RequireMember(tx, As<MemberId>(elder.member()));
  if (signer->role == v1::ROLE_PROXY) {
    return IsProxyFor(tx, elder, signer->member, kProxyOrder) ? kOk : v1::REASON_F15_WRONG_SCOPE;
  }
  return RequireOfficerAbove(tx, v1::ROLE_DISPATCHER, As<OrgId>(elder.home_org()));
}

// Within LATE_LIMIT either way: minutes set aside for a far future would outlive their lapse.
Reason CheckPlannedStart(const TxContext& tx, const Policy& policy, Millis start) {
  const std::uint64_t limit_ms = policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS);
  if (start.value() > tx.now_ms() + limit_ms) return v1::REASON_FUTURE;
  return start.value() + limit_ms < tx.now_ms() ? v1::REASON_TOO_LATE : kOk;
}

bool IsSameOrder(const v1::Entry& entry, const v1::PlaceOrder& order) {
  return entry.ordered() && entry.elder() == order.elder() &&
         entry.community() == order.community() && entry.category() == order.category() &&
         entry.kind() == order.kind() && entry.planned_start_ms() == order.planned_start_ms() &&
         entry.planned_minutes() == order.planned_minutes();
}

// What the visit can cost at most: served is never more than ordered + tolerance.
Reason HoldForOrder(TxContext& tx, const Policy& policy, v1::Entry& entry) {
  const Minutes most(entry.planned_minutes() + policy.Get(v1::POLICY_PARAMETER_TOLERANCE_MINUTES));
  const auto cost = Weighted(most, policy.Weight(entry.category()));
  if (!cost) return v1::REASON_AMOUNT_OVERFLOW;
  return PlaceHold(
      tx, {.name = HoldOf(entry), .minutes = cost->value(), .expires = Millis(entry.due_ms())});
}

Expected<v1::Entry*, Reason> FindForElderSide(TxContext& tx, const EntryId& id) {
  tx.BeginLine(id.view());
  v1::Entry* entry = tx.Edit<v1::Entry>(id);
  if (entry == nullptr) return Unexpected{v1::REASON_UNKNOWN_ENTRY};
  const v1::Member* elder = tx.Find<v1::Member>(As<MemberId>(entry->elder()));
  if (elder == nullptr) return Unexpected{v1::REASON_UNKNOWN_MEMBER};
  if (const Reason no = RequireElderSide(tx, *elder)) return Unexpected{no};
  return entry;
}

}  // namespace
}  // namespace timebank::ledger
