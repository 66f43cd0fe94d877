// REVIEW_ENTRY: the organisation above the approving one looks at a flagged entry (DOMAIN 7).
// Without a review it is never credited.
#include <algorithm>

#include "ledger/authority.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

// F3: as for approval, and not the person who approved.
Reason CheckReviewerDistance(TxContext& tx, const MemberId& reviewer, const v1::Entry& entry);
Reason RequireReviewer(TxContext& tx, const Signer& signer, const v1::Entry& entry);

}  // namespace

Reason CheckForm(const v1::ReviewEntry& review) {
  const bool complete =
      !review.entry().empty() && review.verdict() != v1::REVIEW_VERDICT_UNSPECIFIED;
  return complete ? kOk : v1::REASON_MISSING_FIELD;
}

Reason Execute(TxContext& tx, const v1::ReviewEntry& review) {
  const auto id = As<EntryId>(review.entry());
  tx.BeginLine(id.view());
  v1::Entry* entry = tx.Edit<v1::Entry>(id);
  if (entry == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (const Reason no = CheckReviewerDistance(tx, signer->member, *entry)) return no;
  if (const Reason no = RequireReviewer(tx, *signer, *entry)) return no;
  const bool awaited = entry->flags() != 0 && entry->reviewed_ms() == 0;
  if (!awaited) return v1::REASON_WRONG_STATE;
  if (const Reason no = CheckState(tx, *entry, {v1::ENTRY_STATE_COOLING})) return no;
  if (const Reason no = RequireKeyAge(tx, *signer)) return no;

  entry->set_review(review.verdict());
  entry->set_reviewed_ms(tx.now_ms());
  entry->set_reviewed_by(signer->member.str());
  if (review.verdict() == v1::REVIEW_VERDICT_REVERSE) {
    if (const Reason no = ReverseCooling(tx, *entry)) return no;
  } else {
    // Credited by the sweep: at the end of cooling-off, or in the next block.
    entry->set_due_ms(std::max(entry->cooling_until_ms(), tx.now_ms()));
    AddEntryParties(tx, *entry);
  }
  Tell(tx, *entry);
  return kOk;
}

namespace {

Reason CheckReviewerDistance(TxContext& tx, const MemberId& reviewer, const v1::Entry& entry) {
  if (entry.approved_by() == reviewer.text()) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  return CheckDistance(tx, reviewer, entry);
}

Reason RequireReviewer(TxContext& tx, const Signer& signer, const v1::Entry& entry) {
  if (entry.approved_ms() == 0) return v1::REASON_WRONG_STATE;  // nobody to stand above yet
  const bool may =
      HoldsOffice(tx, signer, v1::ROLE_REVIEWER) && signer.org == ReviewingOrg(tx, entry);
  return may ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

}  // namespace
}  // namespace timebank::ledger
