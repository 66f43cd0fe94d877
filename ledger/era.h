// A new era (CONSENSUS 6): the state from which a ledger goes on after a recovery.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chain/recovery.h"
#include "ledger/state.h"

namespace timebank::ledger {

// `last` with what the recovery changes: chain id, era and epoch, and the set that votes. Nothing
// else; a change of validators that waited waits no more. Requires: VerifyRecovery of `recovery`
// gave `next` for the block whose state `last` is.
[[nodiscard]] State BeginEra(const State& last, const chain::NewEra& next,
                             std::string_view recovery);

// What a Recovery from this state will need besides the document and its signatures: the council
// and its seats, each proven under the state's root.
[[nodiscard]] v1::Recovery ProveCouncil(const State& last);

// Canonical bytes of the Recovery that began the era; empty for the first.
[[nodiscard]] std::optional<std::string> RecoveryOf(const State& state, chain::Era era);

}  // namespace timebank::ledger
