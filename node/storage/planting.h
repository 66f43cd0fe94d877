// A data directory made from a snapshot, before any node has worked in it: blocks to a new log,
// records, transactions and their indexes to a new database. Nothing is looked at that it is given;
// the first start proves state and log against the block as every start does. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "consensus/output.h"
#include "node/replica/ports.h"
#include "node/storage/kv_store.h"
#include "node/storage/log.h"
#include "platform/status.h"

namespace timebank::storage {

class Planting {
 public:
  // In `directory`, which is new or empty.
  [[nodiscard]] static platform::Result<std::unique_ptr<Planting>> Begin(
      const std::string& directory, const Hash& chain_id);

  // Blocks are kept in memory until the end, the rest is written as it comes. A record need not be
  // proven yet: it is read only in Finish.
  void AddBlock(const consensus::CommittedBlock& block) { blocks_.push_back(block); }
  [[nodiscard]] platform::Status AddRecord(ByteView key, ByteView value);
  [[nodiscard]] platform::Status AddTransaction(const replica::TransactionRow& row);
  // Requires: records are those of the ledger. The last block added is the floor; of those below it
  // only the ones added are held here. Everything is on disk when it returns, and files are closed
  // when the object goes.
  [[nodiscard]] platform::Status Finish();

 private:
  Planting(std::unique_ptr<LogFiles> files, std::unique_ptr<KvStore> kv)
      : files_(std::move(files)), kv_(std::move(kv)) {}
  void AddIndexRows(std::vector<replica::IndexRow> rows);
  [[nodiscard]] platform::Status IndexRecords();
  [[nodiscard]] platform::Status WriteMany();
  [[nodiscard]] platform::Status Write();

  std::unique_ptr<LogFiles> files_;
  std::unique_ptr<KvStore> kv_;
  std::unique_ptr<Log> log_;
  std::vector<consensus::CommittedBlock> blocks_;
  std::vector<KvWrite> writes_;
};

}  // namespace timebank::storage
