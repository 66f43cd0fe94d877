// Executing blocks on states that are values: what a leader builds, what a voter checks, and the
// results kept until they are final, so that no body is executed twice.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "chain/header.h"
#include "consensus/messages.h"
#include "node/replica/block_body.h"
#include "node/replica/ports.h"
#include "node/replica/signed_transaction.h"

namespace timebank::replica {

struct LogHead {
  std::uint64_t size = 0;
  Hash root;
};

// A block, executed. `rows` are complete: they become TransactionRows when the block is final.
struct Execution {
  Height height;
  Hash parent;
  std::shared_ptr<const ledger::State> state;  // after the block
  Hash state_root;
  LogHead log;  // after the block
  BlockContent content;
  std::vector<TransactionRow> rows;             // the sweep first, if it did anything
  std::vector<StateChange> changes;             // of the parent's records
  std::optional<chain::ValidatorSet> next_set;  // of the last block of an epoch
  // Of what a leader builds: whether due work was done. It need not leave a row: what expires
  // quietly has no effects line, but must go all the same, or it would stay due for ever.
  bool swept = false;
};
using SharedExecution = std::shared_ptr<const Execution>;

// What a block is executed on and as.
struct ExecutionInput {
  const ledger::State& parent;
  Height height;
  Millis timestamp;
  Hash parent_digest;
  Hash chain_id;
};

// Runs the block as a voter does. Empty: a transaction or evidence is refused, or a root of
// `header` (state, log) or its next set is not what came out. Signatures are taken as good.
[[nodiscard]] SharedExecution ExecuteBlock(const ExecutionInput& input, const chain::Header& header,
                                           BlockContent content);

// The next transaction that a leader may take, or null when there is no more.
using NextTransaction = std::function<SharedTransaction()>;
// Runs what `next` gives until the block is full; leaves out what is refused, also of `evidence`.
[[nodiscard]] SharedExecution BuildExecution(const ExecutionInput& input,
                                             const std::vector<std::string>& evidence,
                                             const NextTransaction& next,
                                             std::size_t transactions_max);

// Executions of blocks that are not final yet, by digest. Bounded: above kExecutionsMax the oldest
// goes; should that block become final after all, it is executed again.
class ExecutionCache {
 public:
  static constexpr std::size_t kExecutionsMax = 64;
  void Add(const Hash& digest, SharedExecution execution);
  [[nodiscard]] SharedExecution Find(const Hash& digest) const;
  // Forgets everything up to the final height.
  void Prune(Height final_height);

 private:
  std::map<Hash, SharedExecution> executions_;
  std::deque<Hash> oldest_;
};

}  // namespace timebank::replica
