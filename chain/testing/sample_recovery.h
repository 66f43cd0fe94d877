// The sample chain loses more validators than it may, and its council begins a new era. The same
// bytes on every run.
#pragma once

#include <string>
#include <vector>

#include "chain/recovery_file.h"
#include "chain/state_tree.h"
#include "chain/testing/sample_chain.h"

namespace timebank::chain::testing {

struct SampleRecovery {
  SampleRecovery();
  // One seat of the sample council, 0 to 2, with its signature of `document`.
  [[nodiscard]] v1::CouncilSignature Seat(int which, const std::string& document) const;
  // Signed by two of the three.
  [[nodiscard]] v1::Recovery Sign(const v1::RecoveryDocument& document) const;
  // A receipt of a transaction of the new era.
  [[nodiscard]] ReceiptParts Claim() const;

  SampleChain chain;
  Validators survivors{{5, 6, 7, 8}};
  StateTree state;  // after the last certified block
  Header last;      // of epoch 1, era 0
  v1::RecoveryDocument document;
  std::string recovery;  // canonical bytes
  Hash next_chain_id;
  EpochLinks links;  // with the recovery's
  LogTree log;
  Header first;  // of epoch 2, era 1
  ReceiptParts claim;
};

}  // namespace timebank::chain::testing
