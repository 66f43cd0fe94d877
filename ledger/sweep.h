// The sweep at the start of a block makes visible what time has done: expiries, credits, lapses
// (docs/ledger.md). Deadlines are compared with block time at use, so a late sweep changes nothing.
#pragma once

#include <cstddef>

#include "ledger/context.h"
#include "ledger/due_index.h"

namespace timebank::ledger {

// Executes one due item: its effects line, if any, is then in `tx`. kOk unless the ledger is
// broken.
[[nodiscard]] Reason SweepItem(TxContext& tx, const StateKey& key);

}  // namespace timebank::ledger
