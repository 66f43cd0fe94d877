// Sums over the whole ledger that a status shows. Counted once over all records, then from what has
// changed since. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "ledger/state.h"

namespace timebank::rpc {

struct Totals {
  std::uint64_t members = 0;
  std::uint64_t credited_minutes = 0;  // of entries in the state CREDITED
};

class LedgerTotals {
 public:
  [[nodiscard]] Totals Of(const std::shared_ptr<const ledger::State>& state);

 private:
  std::mutex mutex_;
  std::shared_ptr<const ledger::State> counted_;
  Totals totals_;
};

}  // namespace timebank::rpc
