// timebank_mutants: for each break of mutants.txt, runs seeds of the simulator until one finds it.
// A break that none of kSeedsMax seeds finds is a hole in the simulator, and a failed test.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tests/sim/run.h"

int timebank_mutant = 0;  // number of the break that is on; 0: none
// Name and text of each, by weave.py.
extern const char* const timebank_mutants[][2];
extern const int timebank_mutants_count;

namespace {

using timebank::sim::PlanOf;
using timebank::sim::RunPlan;
using timebank::sim::Verdict;

constexpr std::uint64_t kSeedsMax = 1'000;
constexpr unsigned kSecondsMax = 120;  // of one seed: a break may go round for ever

// In a process of its own, for what is broken may abort. Empty: the seed is good.
std::string_view Find(int mutant, std::uint64_t seed) {
  std::fflush(stdout);
  const pid_t pid = fork();
  TB_CHECK(pid >= 0);
  if (pid == 0) {
    alarm(kSecondsMax);
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    timebank_mutant = mutant;
    _exit(static_cast<int>(RunPlan(seed, PlanOf(seed)).verdict));
  }
  int status = 0;
  TB_CHECK(waitpid(pid, &status, 0) == pid);
  if (!WIFEXITED(status)) return WTERMSIG(status) == SIGALRM ? "it hangs" : "a check fails";
  if (WEXITSTATUS(status) == static_cast<int>(Verdict::kLiveness)) return "not everything is final";
  return WEXITSTATUS(status) == 0 ? "" : "something is incorrect";
}

bool Catch(int mutant) {
  const auto& [name, text] = timebank_mutants[mutant - 1];
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    const std::string_view how = Find(mutant, seed);
    if (how.empty()) continue;
    std::printf("ok      %s at seed %llu: %s\n", name, static_cast<unsigned long long>(seed),
                std::string(how).c_str());
    return true;
  }
  std::printf("FAILED  %s lives: %s\n", name, text);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  int passed = 0;
  int failed = 0;
  // Without a break the seeds are good: what is found below is the break.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) ++(Find(0, seed).empty() ? passed : failed);
  for (int mutant = 1; mutant <= timebank_mutants_count; ++mutant) {
    if (argc > 1 && std::string_view(timebank_mutants[mutant - 1][0]) != argv[1]) continue;
    ++(Catch(mutant) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
