// timebank_sim: runs seeds of the simulator. First and last line tell seeds and verdict.
//   timebank_sim [--seed N | --seeds A..B] [--commit HEX] [--count K] [--twice] [--verbose]
// --commit draws K seeds from a commit hash. Exit: 0 good, 127 a crash of the code under test, 128
// not everything became final, 129 something incorrect.
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "tests/sim/run.h"

namespace timebank::sim {
namespace {

struct Arguments {
  std::vector<std::uint64_t> seeds;
  bool verbose = false;
  bool twice = false;
};

volatile std::uint64_t running_seed = 0;

// A failed check aborts: say which seed it was, in the exit code of its own.
void OnAbort(int) {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "sim: seed %llu CRASHED\n",
                                 static_cast<unsigned long long>(running_seed));
  static_cast<void>(write(STDOUT_FILENO, line, static_cast<std::size_t>(std::max(size, 0))));
  _exit(127);
}

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  std::optional<std::string> commit;
  std::uint64_t count = 50;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (name == "--verbose") {
      arguments.verbose = true;
    } else if (name == "--twice") {
      arguments.twice = true;
    } else if (value == nullptr) {
      return std::nullopt;
    } else if (name == "--seed") {
      arguments.seeds.push_back(std::strtoull(argv[++i], nullptr, 10));
    } else if (name == "--commit") {
      commit = argv[++i];
    } else if (name == "--count") {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (name == "--seeds") {
      char* rest = nullptr;
      const std::uint64_t first = std::strtoull(argv[++i], &rest, 10);
      if (std::string_view(rest).substr(0, 2) != "..") return std::nullopt;
      const std::uint64_t last = std::strtoull(rest + 2, nullptr, 10);
      for (std::uint64_t seed = first; seed <= last; ++seed) arguments.seeds.push_back(seed);
    } else {
      return std::nullopt;
    }
  }
  if (commit) {
    Prng draws = Prng(0).Fork(*commit);
    for (std::uint64_t i = 0; i < count; ++i)
      arguments.seeds.push_back(draws.Next() % 1'000'000'000);
  }
  if (arguments.seeds.empty()) return std::nullopt;
  return arguments;
}

const char* Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "GOOD";
    case Verdict::kLiveness:
      return "NOT FINAL";
    case Verdict::kCorrectness:
      return "INCORRECT";
  }
  return "?";
}

void Print(std::uint64_t seed, const RunResult& result) {
  std::printf(
      "seed %llu: %s, height %llu, %llu transactions, %llu receipts, %llu ms, trace %016llx\n",
      static_cast<unsigned long long>(seed), Name(result.verdict),
      static_cast<unsigned long long>(result.height),
      static_cast<unsigned long long>(result.transactions),
      static_cast<unsigned long long>(result.receipts),
      static_cast<unsigned long long>(result.virtual_ms),
      static_cast<unsigned long long>(result.trace));
}

int RunAll(const Arguments& arguments) {
  int exit_code = 0;
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const std::uint64_t seed : arguments.seeds) {
    running_seed = seed;
    RunResult result = Run(seed);
    if (arguments.twice && Run(seed).trace != result.trace) {
      result.verdict = Verdict::kCorrectness;
      result.story += "\nthe seed run twice gave two traces";
    }
    const bool good = result.verdict == Verdict::kGood;
    ++(good ? passed : failed);
    if (arguments.verbose || !good) Print(seed, result);
    if (arguments.verbose || !good) std::printf("%s\n", result.story.c_str());
    std::fflush(stdout);
    exit_code = std::max(exit_code, static_cast<int>(result.verdict));
  }
  std::printf("sim: %zu passed, %zu failed\n", passed, failed);
  return exit_code;
}

}  // namespace
}  // namespace timebank::sim

int main(int argc, char** argv) {
  const auto arguments = timebank::sim::Parse(argc, argv);
  if (!arguments) {
    std::fprintf(stderr,
                 "usage: timebank_sim [--seed N] [--seeds A..B] [--commit HEX] [--count K]"
                 " [--twice] [--verbose]\n");
    return 2;
  }
  std::signal(SIGABRT, timebank::sim::OnAbort);
  std::printf("sim: %zu seeds, first %llu, last %llu\n", arguments->seeds.size(),
              static_cast<unsigned long long>(arguments->seeds.front()),
              static_cast<unsigned long long>(arguments->seeds.back()));
  return timebank::sim::RunAll(*arguments);
}
