// The program: which bounds, and what came out.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <string>

#include "tests/model_check/explorer.h"

namespace {

using timebank::model_check::Bounds;
using timebank::model_check::Explorer;
using timebank::model_check::Found;

constexpr char kUsage[] =
    "timebank_model_check --suite\n"
    "timebank_model_check [--views N] [--crashes N] [--byzantine N] [--states N] [--seconds N]\n"
    "                     [--finish N] [--ends-epoch 0|1]\n"
    "Goes through every state that four validators, one of them Byzantine, can reach with the "
    "real\n"
    "core. --views: how many views; --crashes: of all together; --byzantine: leads this view (0:\n"
    "try each); --states, --seconds: stop then, and say so; --finish: run every N-th state, and "
    "all\n"
    "without successor, on to a final block; --ends-epoch: every block has EPOCH_END.\n"
    "Exit code: 0 none found, 1 a violation, 2 usage, 3 stopped early.\n";

bool Parse(int argc, char** argv, std::map<std::string, std::uint64_t>& options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!options.contains(name) || i + 1 >= argc) return false;
    const char* const end = argv[i + 1] + std::strlen(argv[i + 1]);
    const auto [rest, error] = std::from_chars(argv[i + 1], end, options[name]);
    if (error != std::errc() || rest != end) return false;
  }
  return true;
}

int Check(const Bounds& bounds) {
  const auto started = std::chrono::steady_clock::now();
  Explorer explorer(bounds);
  const Found found = explorer.Run();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - started)
                      .count();
  std::printf(
      "views %llu, crashes %zu, Byzantine leads view %zu%s: %llu states, %llu transitions, depth "
      "%llu, %llu local states, %llu core steps, %llu final states, %llu run on; %lld.%01lld s%s\n",
      static_cast<unsigned long long>(bounds.views), bounds.crashes, bounds.byzantine,
      bounds.ends_epoch ? ", epoch ends" : "", static_cast<unsigned long long>(found.states),
      static_cast<unsigned long long>(found.transitions),
      static_cast<unsigned long long>(found.depth),
      static_cast<unsigned long long>(found.local_states),
      static_cast<unsigned long long>(found.steps), static_cast<unsigned long long>(found.ended),
      static_cast<unsigned long long>(found.finished), static_cast<long long>(ms / 1000),
      static_cast<long long>(ms % 1000 / 100),
      !found.violation.empty() ? ""
      : found.complete         ? ", exhaustive"
                               : ", STOPPED EARLY: not exhaustive");
  if (!found.violation.empty()) {
    std::printf("VIOLATION: %s\n", found.violation.c_str());
    for (const std::string& line : found.trace) std::printf("  %s\n", line.c_str());
    return 1;
  }
  std::fflush(stdout);
  return found.complete ? 0 : 3;
}

// What the test suite goes through, in about two minutes: all of two views.
int CheckSuite() {
  struct Part {
    std::size_t crashes;
    bool ends_epoch;
    std::uint64_t byzantine;
    std::uint64_t finish;
  };
  constexpr Part kParts[] = {{1, false, 1, 2},  {1, false, 2, 2},  {1, false, 3, 2},
                             {2, false, 1, 50}, {2, false, 2, 50}, {2, false, 3, 50},
                             {0, true, 1, 500}, {0, true, 3, 10}};
  int passed = 0;
  for (const Part& part : kParts) {
    Bounds bounds;
    bounds.crashes = part.crashes;
    bounds.ends_epoch = part.ends_epoch;
    bounds.byzantine = part.byzantine;
    bounds.finish = part.finish;
    if (Check(bounds) == 0) ++passed;
  }
  const int failed = static_cast<int>(std::size(kParts)) - passed;
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--suite") == 0) return CheckSuite();
  std::map<std::string, std::uint64_t> options{
      {"--views", 2},   {"--crashes", 1}, {"--byzantine", 0}, {"--states", 0},
      {"--seconds", 0}, {"--finish", 0},  {"--ends-epoch", 0}};
  if (!Parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Bounds bounds;
  bounds.views = options["--views"];
  bounds.crashes = options["--crashes"];
  bounds.states = options["--states"];
  bounds.seconds = options["--seconds"];
  bounds.finish = options["--finish"];
  bounds.ends_epoch = options["--ends-epoch"] != 0;
  const std::uint64_t only = options["--byzantine"];
  int code = 0;
  int passed = 0;
  int failed = 0;
  for (std::uint64_t view = 1; view <= bounds.views + 1; ++view) {
    if (only != 0 && view != only) continue;
    bounds.byzantine = view;
    const int result = Check(bounds);
    code = code == 1 || result == 0 ? code : result;
    ++(result == 0 ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return code;
}
