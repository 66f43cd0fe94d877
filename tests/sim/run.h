// One run of one seed, in two phases: safety, where anything within the budget goes wrong; then
// liveness, where the network is well and everything submitted has to become final.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/faults.h"

namespace timebank::sim {

// Also the exit codes of timebank_sim; 127 stands for a crash of the code under test.
enum class Verdict : int { kGood = 0, kLiveness = 128, kCorrectness = 129 };

struct RunResult {
  Verdict verdict = Verdict::kGood;
  std::string story;  // plan, and what stood in the way
  std::uint64_t trace = 0;
  std::uint64_t height = 0;
  std::uint64_t transactions = 0;
  std::uint64_t receipts = 0;
  std::uint64_t virtual_ms = 0;
};

[[nodiscard]] RunResult Run(std::uint64_t seed);
[[nodiscard]] RunResult RunPlan(std::uint64_t seed, const Plan& plan);

}  // namespace timebank::sim
