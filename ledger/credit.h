// Crediting a volunteer and taking credit back (docs/ledger.md, "Money").
#pragma once

#include "ledger/context.h"

namespace timebank::ledger {

// Moves the credited minutes from the volunteer's COOLING: DEBT is repaid first, then EARNED up to
// EARNED_CAP_MINUTES (EARNED, EARNED lines in holds and LOCKED count), the excess to POOL of the
// home organisation, counted in honours_minutes and remembered in the entry. Policy: of the home
// organisation, at block time. Adds all of it to the CREDIT_YEAR counter of the local year.
[[nodiscard]] Reason Credit(TxContext& tx, v1::Entry& entry);

// Makes EARNED hold at least the credited minutes, for the caller to take from there: what went to
// POOL comes back from it, as far as POOL has it; what is missing then is borrowed from DEBT.
// Lowers the honours and the CREDIT_YEAR counter of the year of credit. Requires: credited.
[[nodiscard]] Reason TakeBack(TxContext& tx, const v1::Entry& entry);

}  // namespace timebank::ledger
