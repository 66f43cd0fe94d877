// timebank_mutants [--known] [NAME]: for each break of mutants.txt, runs seeds of the simulator
// until one finds it. A break that none of kSeedsMax seeds finds is a hole in the simulator, and a
// failed test. --known: only breaks of which mutants.txt names a seed, that seed first.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tests/mutants/mutants.h"
#include "tests/sim/run.h"

int timebank_mutant = 0;

namespace {

using timebank::mutants::Mutant;
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

bool CatchAt(int number, const Mutant& mutant, std::uint64_t seed) {
  const std::string_view how = Find(number, seed);
  if (how.empty()) return false;
  std::printf("ok      %s at seed %llu: %s\n", mutant.name, static_cast<unsigned long long>(seed),
              std::string(how).c_str());
  return true;
}

bool Catch(int number, const Mutant& mutant) {
  if (mutant.seed != 0 && CatchAt(number, mutant, mutant.seed)) return true;
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    if (CatchAt(number, mutant, seed)) return true;
  }
  std::printf("FAILED  %s lives: %s\n", mutant.name, mutant.text);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const bool known = argc > 1 && std::string_view(argv[1]) == "--known";
  const std::string_view only = argc > 1 && !known ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  // Without a break the seeds are good: what is found below is the break.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) ++(Find(0, seed).empty() ? passed : failed);
  for (std::size_t i = 0; i < timebank::mutants::kMutants.size(); ++i) {
    const Mutant& mutant = timebank::mutants::kMutants[i];
    if (known ? mutant.seed == 0 : !only.empty() && mutant.name != only) continue;
    if (known && !Find(0, mutant.seed).empty()) {
      std::printf("FAILED  seed %llu without a break\n",
                  static_cast<unsigned long long>(mutant.seed));
      ++failed;
    }
    ++(Catch(static_cast<int>(i) + 1, mutant) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
