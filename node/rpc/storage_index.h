// LedgerIndex straight from a node's storage: its reading calls may come from any thread.
#pragma once

#include <optional>
#include <vector>

#include "node/rpc/ledger_index.h"
#include "node/storage/node_storage.h"

namespace timebank::rpc {

class StorageIndex final : public LedgerIndex {
 public:
  // `storage` outlives the index.
  explicit StorageIndex(storage::NodeStorage* storage) : storage_(storage) {}
  std::vector<replica::IndexRow> Scan(ByteView prefix, ByteView after, std::size_t limit) override {
    return storage_->ScanIndex(prefix, after, limit);
  }
  std::optional<consensus::CommittedBlock> ReadBlock(Height height) override {
    return storage_->ReadBlock(height);
  }
  Height first_block() const override { return storage_->first_block(); }
  std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override {
    return storage_->FindTransaction(id);
  }

 private:
  storage::NodeStorage* const storage_;
};

}  // namespace timebank::rpc
