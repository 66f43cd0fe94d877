#include "node/replica/execution.h"

#include <utility>

#include "ledger/block.h"
#include "ledger/state.h"

namespace timebank::replica {
namespace {

ledger::BlockTransaction AsBlockTransaction(const SharedTransaction& transaction) {
  return {AsBytes(transaction->envelope), &transaction->transaction};
}

// The rows follow from the result: leaves in order, the last of them at log_size - 1.
SharedExecution ToExecution(const ExecutionInput& input, ledger::BlockResult result,
                            BlockContent content, bool swept) {
  auto out = std::make_shared<Execution>();
  out->swept = swept;
  out->height = input.height;
  out->parent = input.parent_digest;
  out->log = {result.log_size, result.log_root};
  out->state_root = result.state_root;
  out->content = std::move(content);
  out->next_set = std::move(result.next_set);
  for (ledger::RecordChange& change : result.changes) {
    out->changes.push_back({std::move(change.key), std::move(change.value)});
  }
  std::uint64_t log_index = result.log_size - result.leaves.size();
  std::uint32_t position = 0;
  for (ledger::LogLeaf& leaf : result.leaves) {
    TransactionRow row;
    row.id = leaf.id;
    row.log_index = log_index++;
    row.height = input.height;
    row.leaf_hash = leaf.leaf_hash;
    row.lines = std::move(leaf.lines);
    row.sweep = leaf.sweep;
    if (!leaf.sweep) row.position = position++;
    out->rows.push_back(std::move(row));
  }
  out->state = std::make_shared<const ledger::State>(std::move(result.state));
  return out;
}

}  // namespace

SharedExecution ExecuteBlock(const ExecutionInput& input, const chain::Header& header,
                             BlockContent content) {
  std::vector<ledger::BlockTransaction> list;
  list.reserve(content.transactions.size());
  for (const SharedTransaction& transaction : content.transactions) {
    list.push_back(AsBlockTransaction(transaction));
  }
  const ledger::BlockPlace place{input.height, input.timestamp, input.parent_digest};
  auto result = ledger::Apply(input.parent, {place, list, content.evidence});
  if (!result) return nullptr;
  const bool agrees = result->state_root == header.state_root &&
                      result->log_size == header.log_size && result->log_root == header.log_root;
  const bool ends = result->next_set.has_value();
  if (!agrees || ends != header.EndsEpoch()) return nullptr;
  if (ends && result->next_set->SetHash() != header.next_validators) return nullptr;
  return ToExecution(input, std::move(*result), std::move(content), /*swept=*/false);
}

SharedExecution BuildExecution(const ExecutionInput& input,
                               const std::vector<std::string>& evidence,
                               const NextTransaction& next, std::size_t transactions_max) {
  ledger::BlockExecution block(input.parent, {input.height, input.timestamp, input.parent_digest});
  BlockContent taken;
  for (const std::string& item : evidence) {
    if (block.TryRecord(AsBytes(item))) taken.evidence.push_back(item);
  }
  while (taken.transactions.size() < transactions_max) {
    const SharedTransaction transaction = next();
    if (transaction == nullptr) break;
    const ledger::BlockTransaction candidate = AsBlockTransaction(transaction);
    if (!block.Fits(candidate)) break;
    if (block.TryApply(candidate) == v1::REASON_UNSPECIFIED) {
      taken.transactions.push_back(transaction);
    }
  }
  const bool swept = block.SweptAnything();
  return ToExecution(input, block.Finish(), std::move(taken), swept);
}

void ExecutionCache::Add(const Hash& digest, SharedExecution execution) {
  if (!executions_.emplace(digest, std::move(execution)).second) return;
  oldest_.push_back(digest);
  if (oldest_.size() > kExecutionsMax) {
    executions_.erase(oldest_.front());
    oldest_.pop_front();
  }
}

SharedExecution ExecutionCache::Find(const Hash& digest) const {
  const auto found = executions_.find(digest);
  return found == executions_.end() ? nullptr : found->second;
}

void ExecutionCache::Prune(Height final_height) {
  std::erase_if(executions_, [&](const auto& item) { return item.second->height <= final_height; });
  std::erase_if(oldest_, [&](const Hash& digest) { return !executions_.contains(digest); });
}

}  // namespace timebank::replica
