// A ledger of two epochs, a handful of records and transactions, for the target that reads
// snapshots and its seed. Records mean nothing: what reads a snapshot does not look into them.
#pragma once

#include <map>
#include <vector>

#include "chain/testing/sample_chain.h"
#include "node/replica/snapshot.h"

namespace timebank::fuzz {

struct SmallLedger {
  SmallLedger();
  // Its snapshot; what is written is what `source` gives.
  [[nodiscard]] Bytes Snapshot() const;

  chain::testing::SampleChain chain;
  chain::Genesis genesis;
  consensus::CommittedBlock boundary;  // last of epoch 0
  consensus::CommittedBlock last;      // in epoch 1
  std::map<Bytes, Bytes> records;
  std::map<Hash, replica::TransactionRow> rows;
};

// The bytes of a snapshot of these parts.
struct SnapshotParts {
  std::vector<consensus::CommittedBlock> blocks;  // the snapshot's own last
  std::vector<std::pair<Bytes, Bytes>> records;
  std::vector<replica::TransactionRow> rows;
};
[[nodiscard]] Bytes Write(const SnapshotParts& parts);

}  // namespace timebank::fuzz
