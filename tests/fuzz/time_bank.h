// A small time bank in the middle of its day, for targets that need a state, and transactions that
// fit it, for their seeds.
#pragma once

#include <vector>

#include "ledger/testing/test_ledger.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::fuzz {

// TestLedger with visits at every step from order to credit, an offer and a redemption, a kin, a
// donation. The same on every run.
[[nodiscard]] ledger::testing::TestLedger TimeBank();

// Transactions that the time bank takes next, or refuses for one reason: of most kinds one.
[[nodiscard]] std::vector<v1::TransactionBody> NextBodies();

}  // namespace timebank::fuzz
