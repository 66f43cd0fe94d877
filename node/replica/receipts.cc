#include "node/replica/receipts.h"

#include <utility>

#include "base/check.h"
#include "chain/receipt.h"
#include "timebank/v1/block.pb.h"

namespace timebank::replica {
namespace {

// What shows that the row is final.
struct RowProof {
  const chain::Header& proven_by;
  std::vector<Hash> log_path;
  const chain::Certificate& finalization;
  const chain::EpochLinks* epochs;
};

std::optional<std::string> Build(std::string envelope, const TransactionRow& row, RowProof proof,
                                 std::span<const std::uint32_t> shown) {
  if (row.lines.empty() || (!shown.empty() && shown.back() >= row.lines.size())) {
    return std::nullopt;
  }
  const std::uint64_t epoch = proof.proven_by.epoch.value();
  if (proof.epochs == nullptr || static_cast<std::uint64_t>(proof.epochs->size()) < epoch) {
    return std::nullopt;
  }
  chain::ReceiptParts parts;
  parts.envelope = std::move(envelope);
  parts.transaction_id = row.id;
  parts.lines = row.lines;
  parts.shown.assign(shown.begin(), shown.end());
  parts.log_index = row.log_index;
  parts.log_path = std::move(proof.log_path);
  parts.header = proof.proven_by;
  parts.finalization = ToString(proof.finalization.Encode());
  parts.epochs = LinksBefore(proof.proven_by, *proof.epochs);
  return chain::BuildReceipt(parts);
}

// The envelope of the row, from the body of its block. Empty for a sweep.
std::optional<std::string> EnvelopeOf(const consensus::Block& block, const TransactionRow& row) {
  if (row.sweep) return std::string();
  v1::BlockBody body;
  if (block.body() == nullptr || !body.ParseFromString(ToString(*block.body()))) {
    return std::nullopt;
  }
  if (row.position >= static_cast<std::uint32_t>(body.envelopes_size())) return std::nullopt;
  return std::move(*body.mutable_envelopes(static_cast<int>(row.position)));
}

}  // namespace

std::optional<std::string> MakeReceipt(const FinalBlock& block, std::size_t row,
                                       std::span<const std::uint32_t> shown) {
  if (!block.proven_by || row >= block.log_paths.size()) return std::nullopt;
  const TransactionRow& of = block.rows[row];
  std::string envelope = of.sweep ? std::string() : block.transactions[of.position]->envelope;
  return Build(
      std::move(envelope), of,
      {*block.proven_by, block.log_paths[row], block.block.finalization, block.epochs.get()},
      shown);
}

chain::EpochLinks LinksBefore(const chain::Header& header, const chain::EpochLinks& all) {
  const auto count = static_cast<int>(header.epoch.value());
  TB_CHECK(all.size() >= count);
  return {all.begin(), all.begin() + count};
}

std::optional<std::string> FindReceipt(const ReceiptSource& source, const Hash& id,
                                       std::span<const std::uint32_t> shown) {
  Storage& storage = source.storage;
  const auto row = storage.FindTransaction(id);
  if (!row) return std::nullopt;
  const auto block = storage.ReadBlock(row->height);
  if (!block) return std::nullopt;
  auto envelope = EnvelopeOf(block->block, *row);
  if (!envelope) return std::nullopt;
  chain::Header proven_by = block->block.header();
  const Hash& proven = block->finalization.position.digest;
  if (proven != block->block.digest()) {
    const auto height = storage.HeightOf(proven);
    const auto descendant = height ? storage.ReadBlock(*height) : std::nullopt;
    if (!descendant) return std::nullopt;
    proven_by = descendant->block.header();
  }
  if (proven_by.log_size > source.log.size() || row->log_index >= proven_by.log_size)
    return std::nullopt;
  return Build(std::move(*envelope), *row,
               {proven_by, source.log.InclusionPath(row->log_index, proven_by.log_size),
                block->finalization, source.epochs},
               shown);
}

}  // namespace timebank::replica
