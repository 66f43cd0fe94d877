// From what a node keeps to the receipt that it hands out (FORMATS 6): which block proves a row,
// and the parts in the shape that chain::BuildReceipt takes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "chain/log_tree.h"
#include "node/replica/ports.h"

namespace timebank::replica {

// The receipt of rows[row] of a final block, canonical bytes. `shown`: effects lines by number,
// ascending; empty: all. Empty when the block is not proven yet, or a line does not exist.
[[nodiscard]] std::optional<std::string> MakeReceipt(const FinalBlock& block, std::size_t row,
                                                     std::span<const std::uint32_t> shown);

// The same for any final transaction, read back from storage. `log` holds the leaves of all final
// blocks. Empty when the transaction or its proving block is not here.
[[nodiscard]] std::optional<std::string> FindReceipt(Storage& storage, const chain::LogTree& log,
                                                     const Hash& id,
                                                     std::span<const std::uint32_t> shown);

}  // namespace timebank::replica
