// A council for tests: three organisations of TestLedger's tree, two of which decide.
#pragma once

#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {

inline const By kSeat1{"council_1", v1::ROLE_COUNCIL, "district"};
inline const By kSeat2{"council_2", v1::ROLE_COUNCIL, "town"};
inline const By kSeat2Again{"council_2b", v1::ROLE_COUNCIL, "town"};
inline const By kSeat3{"council_1", v1::ROLE_COUNCIL, "clinic"};  // a person with two seats
inline const By kOperator{"operator", v1::ROLE_VALIDATOR_OPERATOR, "town"};

// Seats the above, for the genesis of a TestLedger.
void SeatCouncil(v1::Genesis& genesis);

}  // namespace timebank::ledger::testing
