// How an entry stands and moves: which organisation is responsible for it, who is too close to it
// (F3), whether it is in the state a kind starts from, and how it leaves a state with its minutes.
// The kinds themselves are in entry_order.cc, entry_visit.cc, entry_confirm.cc, entry_approve.cc,
// entry_review.cc, paper.cc and correction.cc.
#pragma once

#include <initializer_list>

#include "ledger/context.h"
#include "ledger/holds.h"

namespace timebank::ledger {

// The policy that the entry was made under.
[[nodiscard]] Policy PolicyOfEntry(TxContext& tx, const v1::Entry& entry);

// ---- Parties and responsibility ----

// F3 for approval, rejection, review and correction: the person is not volunteer or elder, their
// kin or proxy, nor one who submitted, confirmed or witnessed the entry.
[[nodiscard]] Reason CheckDistance(TxContext& tx, const MemberId& person, const v1::Entry& entry);
// The one organisation that may approve or reject now: the community; its parent once
// APPROVE_DEADLINE has passed since the confirmation.
[[nodiscard]] OrgId ApprovingOrg(TxContext& tx, const v1::Entry& entry);
// The one organisation that may review now: the parent of the approving one; its grandparent once
// REVIEW_DEADLINE has passed since the approval.
[[nodiscard]] OrgId ReviewingOrg(TxContext& tx, const v1::Entry& entry);
// F14 is asked of elder and volunteer.
void AddEntryParties(TxContext& tx, const v1::Entry& entry);

// ---- State ----

// DEADLINE_PASSED when the entry is overdue or expired; WRONG_STATE unless its state is listed.
[[nodiscard]] Reason CheckState(const TxContext& tx, const v1::Entry& entry,
                                std::initializer_list<v1::EntryState> states);
// Copies content hash, flags and state into the current effects line.
void Tell(TxContext& tx, const v1::Entry& entry);
// As Tell, for a success without effect. Always kOk.
[[nodiscard]] Reason TellAgain(TxContext& tx, const v1::Entry& entry, v1::Outcome outcome);
// Requires: elder and `ordered` are set. There is none yet for a walk-in that is not confirmed.
[[nodiscard]] HoldName HoldOf(const v1::Entry& entry);

// ---- Transitions ----

// Ends an entry that was not approved: releases its hold, uncounts its visit, sets the state.
[[nodiscard]] Reason EndUnapproved(TxContext& tx, v1::Entry& entry, v1::EntryState state);
// F9: counts an approval on block time against the approver's limit, by the day without the elder's
// own key (any channel but APP), by the clock hour with it.
[[nodiscard]] Reason CountApproval(TxContext& tx, const Signer& approver, v1::Channel channel);
// When an approved entry that nobody reviewed is reversed.
[[nodiscard]] Millis ReviewEnd(TxContext& tx, const v1::Entry& entry);
// Approval by `approver`: moves the credited minutes from the hold to the volunteer's COOLING,
// releases the rest, sets until when they cool off, and flags what the approval shows (R4, R6).
[[nodiscard]] Reason StartCooling(TxContext& tx, const Signer& approver, v1::Entry& entry);
// COOLING > REVERSED: refunds the elder at once and uncounts the visit.
[[nodiscard]] Reason ReverseCooling(TxContext& tx, v1::Entry& entry);

}  // namespace timebank::ledger
