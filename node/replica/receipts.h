// From what a node keeps to the receipt that it hands out (FORMATS 6): which block proves a row,
// and the parts in the shape that chain::BuildReceipt takes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "chain/log_tree.h"
#include "chain/receipt.h"
#include "node/replica/ports.h"

namespace timebank::replica {

// The receipt of rows[row] of a final block, canonical bytes. `shown`: effects lines by number,
// ascending; empty: all. Empty when the block is not proven yet, or a line does not exist.
[[nodiscard]] std::optional<std::string> MakeReceipt(const FinalBlock& block, std::size_t row,
                                                     std::span<const std::uint32_t> shown);

// The links that lead to the header's epoch. Requires: `all` has at least as many.
[[nodiscard]] chain::EpochLinks LinksBefore(const chain::Header& header,
                                            const chain::EpochLinks& all);

struct ReceiptSource {
  Storage& storage;
  const chain::LogTree& log;        // the leaves of all final blocks
  const chain::EpochLinks* epochs;  // from genesis to the current epoch; null: not to be had
};
// The same for any final transaction, read back from storage. Empty when the transaction, its
// proving block or a link to that block's epoch is not here.
[[nodiscard]] std::optional<std::string> FindReceipt(const ReceiptSource& source, const Hash& id,
                                                     std::span<const std::uint32_t> shown);

}  // namespace timebank::replica
