// CORRECT_ENTRY: the reversal of a credited entry with an optional replacement, one transaction
// (DOMAIN 3). The original stays visible; a reversal is not reversed.
#include <optional>

#include "ledger/authority.h"
#include "ledger/credit.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

// F15: who may correct: the approving organisation, unless a review stands above its word; or a
// reviewer of any organisation above it.
Reason RequireCorrector(TxContext& tx, const Signer& signer, const v1::Entry& entry);
Reason CheckCorrectable(TxContext& tx, const v1::Entry& entry);
// The replacement is of the same visit: CONFLICT for other parties or an id that is taken; its id
// and start are judged as those of any visit.
Reason CheckReplacement(TxContext& tx, const v1::Entry& original, const v1::EntryContent& content);
Reason ReverseCredited(TxContext& tx, v1::Entry& entry);
Reason Replace(TxContext& tx, const Signer& signer, const VisitContent& visit,
               const v1::Entry& original);

}  // namespace

Reason CheckForm(const v1::CorrectEntry& correct) {
  if (correct.entry().empty()) return v1::REASON_MISSING_FIELD;
  if (correct.replacement().empty()) return kOk;
  const auto visit = ParseContent(AsBytes(correct.replacement()));
  return visit ? kOk : visit.error();
}

Reason Execute(TxContext& tx, const v1::CorrectEntry& correct) {
  const auto id = As<EntryId>(correct.entry());
  tx.BeginLine(id.view());
  const v1::Entry* known = tx.Find<v1::Entry>(id);
  if (known == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (const Reason no = CheckDistance(tx, signer->member, *known)) return no;
  if (const Reason no = RequireCorrector(tx, *signer, *known)) return no;
  if (const Reason no = CheckCorrectable(tx, *known)) return no;

  std::optional<VisitContent> replacement;
  if (!correct.replacement().empty()) {
    auto visit = ParseContent(AsBytes(correct.replacement()));
    if (!visit) return visit.error();
    replacement = std::move(*visit);
    if (const Reason no = CheckReplacement(tx, *known, replacement->content)) return no;
  }
  v1::Entry& entry = *tx.Edit<v1::Entry>(id);
  if (const Reason no = ReverseCredited(tx, entry)) return no;
  if (replacement) {
    entry.set_replaced_by(replacement->content.entry());
    if (const Reason no = Replace(tx, *signer, *replacement, entry)) return no;
  }
  return RequireKeyAge(tx, *signer);
}

namespace {

Reason RequireCorrector(TxContext& tx, const Signer& signer, const v1::Entry& entry) {
  if (entry.approved_ms() == 0) return v1::REASON_WRONG_STATE;  // there is no such word yet
  const auto approving = As<OrgId>(entry.approver_org());
  const OrgId above = ParentOrRoot(tx.records(), approving);
  const bool reviewer =
      HoldsOffice(tx, signer, v1::ROLE_REVIEWER) && IsAncestor(tx.records(), signer.org, above);
  const bool approver = entry.reviewed_ms() == 0 && HoldsOffice(tx, signer, v1::ROLE_APPROVER) &&
                        signer.org == approving;
  return reviewer || approver ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

Reason CheckCorrectable(TxContext& tx, const v1::Entry& entry) {
  if (entry.state() == v1::ENTRY_STATE_REVERSED) return v1::REASON_ALREADY_REVERSED;
  if (const Reason no = CheckState(tx, entry, {v1::ENTRY_STATE_CREDITED})) return no;
  const std::uint64_t closes_ms =
      entry.credited_ms() + PolicyOfEntry(tx, entry).Ms(v1::POLICY_PARAMETER_CORRECTION_WINDOW_MS);
  return tx.now_ms() < closes_ms ? kOk : v1::REASON_DEADLINE_PASSED;
}

Reason CheckReplacement(TxContext& tx, const v1::Entry& original, const v1::EntryContent& content) {
  v1::EntryContent before;
  if (!before.ParseFromString(original.content())) return v1::REASON_CONFLICT;
  const bool same_visit =
      content.volunteer() == original.volunteer() && content.elder() == original.elder() &&
      content.community() == original.community() && content.channel() == before.channel();
  const auto id = As<HoldId>(content.entry());
  if (!same_visit || !IdIsFree(tx, id)) return v1::REASON_CONFLICT;
  const Policy policy = PolicyOfEntry(tx, original);
  if (const Reason no = CheckIdTime(tx, policy, id.view())) return no;
  return CheckNearPlan(policy, original, Millis(content.start_ms()));
}

// The elder is paid back at once; what the volunteer has spent already becomes DEBT.
Reason ReverseCredited(TxContext& tx, v1::Entry& entry) {
  if (const Reason no = TakeBack(tx, entry)) return no;
  const Account earned = Account::Of(As<MemberId>(entry.volunteer()), v1::ACCOUNT_KIND_EARNED);
  if (const Reason no = Refund(tx, earned, As<MemberId>(entry.elder()), entry.paid())) return no;
  if (const Reason no = UncountVisit(tx, entry)) return no;
  entry.set_state(v1::ENTRY_STATE_REVERSED);
  Tell(tx, entry);
  return kOk;
}

Reason Replace(TxContext& tx, const Signer& signer, const VisitContent& visit,
               const v1::Entry& original) {
  const auto id = As<EntryId>(visit.content.entry());
  tx.BeginLine(id.view());
  v1::Entry& entry = tx.EditOrCreate<v1::Entry>(id);
  entry.set_replaces(original.entry());
  entry.set_policy_ms(original.policy_ms());
  entry.set_ordered(original.ordered());
  entry.set_ordered_by(original.ordered_by());
  entry.set_planned_start_ms(original.planned_start_ms());
  entry.set_planned_minutes(original.planned_minutes());
  entry.set_submitted_ms(tx.now_ms());
  entry.set_submitted_by(signer.member.str());
  entry.set_flags(v1::FLAG_R1_NOT_OWN_KEY);

  const Policy policy = PolicyOfEntry(tx, original);
  if (const Reason no = FillVisit(policy, visit, entry)) return no;
  if (const Reason no = CheckVisit(tx, policy, entry, LateLimit::kWaived)) return no;
  if (const Reason no = CountApproval(tx, signer, entry.channel())) return no;
  if (const Reason no =
          PlaceHold(tx, {.name = HoldOf(entry), .minutes = entry.credited_minutes()})) {
    return no;
  }
  if (const Reason no = CountVisit(tx, entry)) return no;
  if (const Reason no = StartCooling(tx, signer, entry)) return no;
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

}  // namespace
}  // namespace timebank::ledger
