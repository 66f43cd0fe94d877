// One run of one seed, in two phases: safety, where anything within the budget goes wrong; then
// liveness, where the network is well and everything submitted has to become final.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/faults.h"

namespace timebank::sim {

// Also the exit codes of timebank_sim; 127 stands for a crash of the code under test.
enum class Verdict : int { kGood = 0, kLiveness = 128, kCorrectness = 129 };

struct RunOptions {
  std::vector<std::string>* diagram = nullptr;  // Mermaid lines of what is said
};

struct RunResult {
  Verdict verdict = Verdict::kGood;
  std::string story;                           // what stood in the way
  std::map<std::string, std::uint64_t> fired;  // how often what went wrong
  std::uint64_t trace = 0;
  std::uint64_t height = 0;
  std::uint64_t transactions = 0;
  std::uint64_t receipts = 0;
  std::uint64_t virtual_ms = 0;
};

[[nodiscard]] Plan PlanOf(std::uint64_t seed, Profile profile = Profile::kSwarm);
[[nodiscard]] RunResult RunPlan(std::uint64_t seed, const Plan& plan,
                                const RunOptions& options = {});
// A plan as small as can be found that fails as `plan` does with this seed. Requires: it fails.
[[nodiscard]] Plan Shrink(std::uint64_t seed, Plan plan);

}  // namespace timebank::sim
