// Crediting a volunteer and taking credit back (docs/ledger.md, "Money").
#pragma once

#include <cstdint>

#include "ledger/context.h"

namespace timebank::ledger {

// Moves `minutes` from the volunteer's COOLING: DEBT is repaid first, then EARNED up to
// EARNED_CAP_MINUTES (EARNED, EARNED lines in holds and LOCKED count), the excess to POOL of the
// home organisation, counted in honours_minutes. Policy: of the home organisation, at block time.
// Adds all of it to the CREDIT_YEAR counter of the local year.
[[nodiscard]] Reason Credit(TxContext& tx, const MemberId& volunteer, std::int64_t minutes);

// Makes EARNED hold at least `minutes`: what is missing is borrowed from DEBT. The caller then
// takes them from EARNED. Lowers the CREDIT_YEAR counter of the year of `credited`.
[[nodiscard]] Reason TakeBack(TxContext& tx, const MemberId& volunteer, std::int64_t minutes,
                              Millis credited);

}  // namespace timebank::ledger
