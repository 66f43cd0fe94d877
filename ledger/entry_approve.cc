// APPROVE_ENTRIES and REJECT_ENTRY: the community's word on what the elder confirmed. One signature
// covers many entries, each judged in order by itself, seeing those before it.
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

Reason ApproveLine(TxContext& tx, const Signer& approver, const v1::ApprovalLine& line);
bool IsApprovedBy(const v1::Entry& entry, const Signer& approver, const v1::ApprovalLine& line);
// F15: an approver of the organisation that approved the entry or may do so now.
Reason RequireApprover(TxContext& tx, const Signer& signer, const v1::Entry& entry);

}  // namespace

Reason CheckForm(const v1::ApproveEntries& approve) {
  return approve.lines().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::ApproveEntries& approve) {
  const auto approver = OnlySigner(tx);
  if (!approver) return approver.error();
  for (const v1::ApprovalLine& line : approve.lines()) {
    tx.RunLine(AsBytes(line.entry()), [&] { return ApproveLine(tx, *approver, line); });
  }
  return tx.ListVerdict(approve.all_or_nothing());
}

Reason CheckForm(const v1::RejectEntry& reject) {
  return reject.entry().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::RejectEntry& reject) {
  const auto id = As<EntryId>(reject.entry());
  tx.BeginLine(id.view());
  v1::Entry* entry = tx.Edit<v1::Entry>(id);
  if (entry == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (const Reason no = CheckDistance(tx, signer->member, *entry)) return no;
  if (const Reason no = RequireApprover(tx, *signer, *entry)) return no;
  if (const Reason no =
          CheckState(tx, *entry, {v1::ENTRY_STATE_SUBMITTED, v1::ENTRY_STATE_CONFIRMED})) {
    return no;
  }
  if (const Reason no = EndUnapproved(tx, *entry, v1::ENTRY_STATE_REJECTED)) return no;
  entry->set_reject_reason(reject.reason());
  Tell(tx, *entry);
  return kOk;
}

namespace {

Reason ApproveLine(TxContext& tx, const Signer& approver, const v1::ApprovalLine& line) {
  if (AnyEmpty({line.entry(), line.content_hash()})) return v1::REASON_MISSING_FIELD;
  const v1::Entry* known = tx.Find<v1::Entry>(As<EntryId>(line.entry()));
  if (known == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  if (const Reason no = CheckDistance(tx, approver.member, *known)) return no;
  if (const Reason no = RequireApprover(tx, approver, *known)) return no;
  if (IsApprovedBy(*known, approver, line)) {
    return TellAgain(tx, *known, v1::OUTCOME_ALREADY_DONE);
  }
  if (const Reason no = CheckState(tx, *known, {v1::ENTRY_STATE_CONFIRMED})) return no;
  if (line.content_hash() != known->content_hash()) return v1::REASON_CONTENT_MISMATCH;
  if (const Reason no = CountApproval(tx, approver, known->channel())) return no;

  v1::Entry& entry = *tx.Edit<v1::Entry>(As<EntryId>(line.entry()));
  const bool kin_spoke = entry.channel() == v1::CHANNEL_PROXY &&
                         AreKin(tx, approver.member, As<MemberId>(entry.confirmed_by()));
  if (kin_spoke) entry.set_flags(entry.flags() | v1::FLAG_R1_NOT_OWN_KEY);
  if (const Reason no = StartCooling(tx, approver, entry)) return no;
  if (const Reason no = RequireKeyAge(tx, approver)) return no;
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

bool IsApprovedBy(const v1::Entry& entry, const Signer& approver, const v1::ApprovalLine& line) {
  const bool approved =
      entry.state() == v1::ENTRY_STATE_COOLING || entry.state() == v1::ENTRY_STATE_CREDITED;
  return approved && entry.approved_by() == approver.member.text() &&
         entry.content_hash() == line.content_hash();
}

Reason RequireApprover(TxContext& tx, const Signer& signer, const v1::Entry& entry) {
  const OrgId responsible =
      entry.approved_ms() != 0 ? As<OrgId>(entry.approver_org()) : ApprovingOrg(tx, entry);
  const bool may = HoldsOffice(tx, signer, v1::ROLE_APPROVER) && signer.org == responsible;
  return may ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

}  // namespace
}  // namespace timebank::ledger
