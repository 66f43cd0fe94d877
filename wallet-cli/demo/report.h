// The table at the end of the demo: what was credited, what was refused and why, and where the four
// validators stand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/client/client.h"
#include "base/expected.h"
#include "wallet-cli/cluster.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/redemptions.h"
#include "wallet-cli/demo/visits.h"

namespace timebank::cli {

struct PolicyLine {
  std::string name;
  std::int64_t value = 0;
  std::string why;
};

struct DemoReport {
  std::string dir;
  std::string program;   // path of `timebank`
  std::string identity;  // one to try
  // Where the figures come from, and that they are invented; empty: there are none.
  std::string data;
  std::string data_note;
  std::size_t members = 0;
  std::size_t staff = 0;  // persons beyond the data
  std::uint64_t visits = 0;
  // Of the rows that were not refused; and what of it was approved to be credited.
  std::int64_t row_minutes = 0;
  std::int64_t approved_minutes = 0;
  std::vector<CreditedInPart> in_part;
  Redemptions redemptions;
  std::uint64_t transactions = 0;
  std::uint64_t seconds = 0;
  std::vector<RefusedRow> refused;
  std::vector<PolicyLine> policy;
};

// Asks every node for its status first; waits until all stand at one height with one state root.
// The error says which node differs.
[[nodiscard]] Expected<bool, std::string> PrintReport(client::Client& client,
                                                      const Cluster& cluster,
                                                      const DemoReport& report, bool json);

}  // namespace timebank::cli
