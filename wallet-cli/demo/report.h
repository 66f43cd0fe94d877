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

namespace timebank::cli {

struct PolicyLine {
  std::string name;
  std::int64_t value = 0;
  std::string why;
};

struct DemoReport {
  std::string dir;
  std::size_t members = 0;
  std::uint64_t visits = 0;
  std::uint64_t redemptions = 0;
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
