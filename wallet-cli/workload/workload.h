// `timebank workload run`: what a development network carries, measured with signed transactions
// and verified proofs.
#pragma once

#include <cstdint>
#include <string>

#include "wallet-cli/cluster.h"
#include "wallet-cli/output.h"

namespace timebank::cli {

struct WorkloadOptions {
  std::string cluster_path;
  std::uint32_t seconds = 60;
  std::uint32_t workers = 0;  // 0: one per node
  std::uint32_t window = 800;
  std::uint32_t rate = 0;  // transactions a second, at most; 0: as many as go
  std::uint32_t members = 10'000;
  std::uint32_t lone = 200;  // single transactions measured first; 0: none
  std::uint64_t seed = 1;
  std::string record;  // file for the id and height of each final transaction; empty: none
  bool json = false;
  Language language = Language::kEnglish;
};

// Returns the exit code of the program. Requires a development network (its clock is moved months
// ahead); refused elsewhere.
int RunWorkload(const WorkloadOptions& options);

// Asks the nodes in turn for the receipt of each transaction that `record` names and verifies it.
// Returns the exit code of the program.
int CheckRecord(const std::string& cluster_path, const std::string& record, bool json);

}  // namespace timebank::cli
