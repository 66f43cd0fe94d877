// The proof that leads from genesis to the current epoch (FORMATS 6): every boundary block with its
// Finalization and the set that followed, read back from storage once and kept.
#pragma once

#include <memory>

#include "base/strong.h"
#include "chain/receipt.h"
#include "ledger/state.h"
#include "node/replica/ports.h"

namespace timebank::replica {

using SharedEpochLinks = std::shared_ptr<const chain::EpochLinks>;

class EpochLinks {
 public:
  EpochLinks() : links_(std::make_shared<const chain::EpochLinks>()) {}

  // One link for each epoch before that of the state's next block. Null while a boundary block
  // cannot be read: damaged, and not healed yet.
  [[nodiscard]] SharedEpochLinks UpTo(const ledger::State& state, Storage& storage);

 private:
  SharedEpochLinks links_;
};

}  // namespace timebank::replica
