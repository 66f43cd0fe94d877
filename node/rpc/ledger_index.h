// What reads need of the database beside the state: lists by owner and final blocks. Thread-safe.
// Rows may run ahead of or behind a published state by a block: records are always taken from the
// state.
#pragma once

#include <optional>
#include <vector>

#include "node/replica/ports.h"

namespace timebank::rpc {

class LedgerIndex {
 public:
  virtual ~LedgerIndex() = default;
  // Rows whose key starts with `prefix`, after `after` (a whole key; empty: from the first),
  // ascending, at most `limit`.
  [[nodiscard]] virtual std::vector<replica::IndexRow> Scan(ByteView prefix, ByteView after,
                                                            std::size_t limit) = 0;
  // A final block; empty when it is not here or damaged.
  [[nodiscard]] virtual std::optional<consensus::CommittedBlock> ReadBlock(Height height) = 0;
  // From which height on all final blocks are here.
  [[nodiscard]] virtual Height first_block() const { return Height(1); }
  // Effects lines of a final transaction.
  [[nodiscard]] virtual std::optional<replica::TransactionRow> FindTransaction(const Hash& id) = 0;
};

}  // namespace timebank::rpc
