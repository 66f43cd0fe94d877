// Made-up blocks, votes and commits. Bodies are empty and match their headers; state roots and
// signatures mean nothing: storage does not look at them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node/replica/ports.h"

namespace timebank::storage::testing {

[[nodiscard]] consensus::Block SampleBlock(std::uint64_t height);
// Final at the view that equals its height.
[[nodiscard]] consensus::CommittedBlock SampleCommitted(std::uint64_t height);
[[nodiscard]] consensus::MyVoteRecord SampleVote(std::uint64_t view);

// What CommitBlock takes: one transaction, one state record "key-<height>" (and a common one that
// each block changes), one index row of the owner 0x11...
class SampleCommit {
 public:
  explicit SampleCommit(std::uint64_t height);
  [[nodiscard]] replica::CommitBatch batch() const;
  // Body and finalization, as the replica appends them before it commits.
  [[nodiscard]] std::vector<consensus::Record> records() const;
  [[nodiscard]] const consensus::CommittedBlock& block() const { return block_; }
  [[nodiscard]] const replica::TransactionRow& row() const { return row_; }

 private:
  consensus::CommittedBlock block_;
  replica::TransactionRow row_;
};

[[nodiscard]] Bytes SampleIndexPrefix();

}  // namespace timebank::storage::testing
