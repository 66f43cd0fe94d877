// Many seeds on all cores, each job a process of its own, and what came of them all: verdicts, and
// how often each kind of fault took effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/run.h"

namespace timebank::sim {

struct BatchOptions {
  std::vector<std::uint64_t> seeds;
  Profile profile = Profile::kSwarm;
  std::uint64_t jobs = 0;  // 0: one for each core
  bool twice = false;
  bool verbose = false;
};
// Returns the exit code of the program: the worst verdict.
int RunBatch(const BatchOptions& options);

// The plan in a file.
[[nodiscard]] PlanOrError ReadPlan(const std::string& path);

// Every *.txt of `folder` in the order of names. Returns the exit code of the program.
int RunStories(const std::string& folder);

[[nodiscard]] std::string_view NameOf(Verdict verdict);
void PrintRun(std::uint64_t seed, const Plan& plan, const RunResult& result);

}  // namespace timebank::sim
