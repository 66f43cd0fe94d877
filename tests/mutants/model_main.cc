// timebank_model_mutants [NAME]: the breaks of mutants.txt that the exhaustive check finds, each
// one found by it in two views with at most one crash.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "tests/model_check/explorer.h"
#include "tests/mutants/mutants.h"

int timebank_mutant = 0;

namespace {

using timebank::model_check::Bounds;
using timebank::model_check::Explorer;
using timebank::model_check::Found;
using timebank::mutants::Mutant;

constexpr std::uint64_t kSecondsMax = 60;
constexpr std::uint64_t kFinishEvery = 200;  // states that are run on to a final block
constexpr int kFoundIt = 3;

// In a process of its own: what one break leaves in memory is no matter of the next.
bool Finds(int number) {
  std::fflush(stdout);
  const pid_t pid = fork();
  TB_CHECK(pid >= 0);
  if (pid == 0) {
    timebank_mutant = number;
    // The fourth: the first again, every block ending the epoch.
    for (std::uint64_t run = 1; run <= 4; ++run) {
      Bounds bounds;
      bounds.ends_epoch = run == 4;
      bounds.byzantine = bounds.ends_epoch ? 1 : run;
      bounds.seconds = kSecondsMax;
      bounds.finish = kFinishEvery;
      const Found found = Explorer(bounds).Run();
      if (found.violation.empty()) continue;
      std::printf("        %s\n", found.violation.c_str());
      std::fflush(stdout);
      _exit(kFoundIt);
    }
    _exit(0);
  }
  int status = 0;
  TB_CHECK(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) && WEXITSTATUS(status) == kFoundIt;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  for (std::size_t i = 0; i < timebank::mutants::kMutants.size(); ++i) {
    const Mutant& mutant = timebank::mutants::kMutants[i];
    if (only.empty() ? !mutant.model : mutant.name != only) continue;
    const bool found = Finds(static_cast<int>(i) + 1);
    std::printf("%s  %s: %s\n", found ? "ok    " : "FAILED", mutant.name, mutant.text);
    ++(found ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
