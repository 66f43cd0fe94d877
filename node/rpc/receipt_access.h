// Which effects lines of a final transaction a reader is shown (DESIGN 7). A transaction of one
// line is addressed by its id, which nobody guesses: it has a nonce. A list shows many people, and
// the id of a sweep follows from its height: of these, everyone sees their own lines only.
#pragma once

#include <cstdint>
#include <vector>

#include "node/replica/ports.h"
#include "node/rpc/access.h"
#include "node/rpc/ledger_index.h"

namespace timebank::rpc {

// True for sweeps and for transactions of more than one line.
[[nodiscard]] bool NeedsViewer(const replica::TransactionRow& row);

struct LineRequest {
  const replica::TransactionRow& row;
  const std::vector<std::uint32_t>& wanted;       // ascending; empty: all that may be seen
  const Expected<Viewer, client::Error>& viewer;  // looked at only if NeedsViewer
  const ledger::State& state;                     // final, at or above the row's height
};
// The lines to show, ascending; empty: all there are. The viewer's error, where one is needed;
// NOT_FOUND when a line that is wanted does not exist or is not for the viewer, which is the same
// answer, or when none is; BLOCK_DAMAGED when who signed the transaction cannot be read.
[[nodiscard]] Expected<std::vector<std::uint32_t>, client::Error> LinesToShow(
    const LineRequest& request, LedgerIndex& index);

// "There is no such transaction, or no such line of it for you."
[[nodiscard]] client::Error NoReceipt(const Hash& id);
// BLOCK_DAMAGED, with why a final block cannot be read here: its copy is damaged, or it is older
// than the snapshot that this node began with. Another node has it.
[[nodiscard]] client::Error BlockMissing(const LedgerIndex& index, Height height);
// Why the receipt of a transaction cannot be built: NOT_FOUND, BLOCK_DAMAGED, or NOT_YET when
// only the block that proves it is missing.
[[nodiscard]] client::Error WhyNoReceipt(LedgerIndex& index, const Hash& id);

}  // namespace timebank::rpc
