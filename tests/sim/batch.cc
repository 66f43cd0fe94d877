#include "tests/sim/batch.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include "base/check.h"

namespace timebank::sim {
namespace {

volatile std::uint64_t running_seed = 0;

// A failed check aborts: say which seed it was, in the exit code of its own.
void OnAbort(int) {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "sim: seed %llu CRASHED\n",
                                 static_cast<unsigned long long>(running_seed));
  static_cast<void>(write(STDERR_FILENO, line, static_cast<std::size_t>(std::max(size, 0))));
  _exit(127);
}

// Everything that can go wrong in a run; a table without zeros is what many seeds should give.
std::vector<std::string> AllKinds() {
  std::vector<std::string> kinds = {"lost", "doubled", "cut",   "torn-tail",  "database-behind",
                                    "dead", "cut-off", "twins", "set-change", "evidence"};
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    const Fault::Kind kind = static_cast<Fault::Kind>(i);
    if (kind != Fault::Kind::kLoss) kinds.emplace_back(Name(kind));
  }
  for (std::uint64_t i = 0; i < Byzantine::kKinds; ++i) {
    kinds.emplace_back(Byzantine::NameOf(static_cast<Byzantine::Kind>(i)));
  }
  return kinds;
}

constexpr std::size_t kTellEvery = 100;      // seeds of one job
constexpr std::size_t kColumns = 3;          // of the table
constexpr std::size_t kSeedsForAll = 2'000;  // of which each kind takes effect in some

// What a job tells its parent, a word and a number a line.
using Totals = std::map<std::string, std::uint64_t>;

RunResult RunSeed(std::uint64_t seed, const BatchOptions& options) {
  const Plan plan = PlanOf(seed, options.profile);
  RunResult result = RunPlan(seed, plan);
  if (options.twice && RunPlan(seed, plan).trace != result.trace) {
    result.verdict = Verdict::kCorrectness;
    result.story += "the seed run twice gave two traces\n";
  }
  const bool good = result.verdict == Verdict::kGood;
  if (options.verbose || !good) PrintRun(seed, plan, result);
  return result;
}

[[noreturn]] void RunJob(const BatchOptions& options, std::size_t job, std::size_t jobs, int out) {
  std::signal(SIGABRT, OnAbort);
  Totals totals;
  int worst = 0;
  for (std::size_t i = job; i < options.seeds.size(); i += jobs) {
    running_seed = options.seeds[i];
    const RunResult result = RunSeed(options.seeds[i], options);
    ++totals[result.verdict == Verdict::kGood ? "passed" : "failed"];
    worst = std::max(worst, static_cast<int>(result.verdict));
    for (const auto& [what, count] : result.fired) {
      totals["fired " + what] += count;
      if (count > 0) ++totals["seeds " + what];
    }
    if (job == 0 && (i / jobs) % kTellEvery == kTellEvery - 1) {
      std::cerr << "sim: about " << i + 1 << " of " << options.seeds.size() << " seeds"
                << std::endl;
    }
  }
  std::string text;
  for (const auto& [name, count] : totals) text += name + "=" + std::to_string(count) + "\n";
  std::fflush(stdout);
  const bool told = write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(told ? worst : 127);
}

void Add(const std::string& text, Totals& totals) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    totals[line.substr(0, equals)] += std::strtoull(line.c_str() + equals + 1, nullptr, 10);
  }
}

std::string ReadAll(int in) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t size = 0; (size = read(in, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(in);
  return text;
}

// A table of what took effect: how often, and in how many seeds. The kinds that never did.
std::vector<std::string> PrintFired(Totals& totals) {
  std::vector<std::string> never;
  std::ostringstream out;
  std::size_t column = 0;
  for (const std::string& kind : AllKinds()) {
    const std::uint64_t times = totals["fired " + kind];
    if (times == 0) never.push_back(kind);
    out << std::left << std::setw(17) << kind << std::right << std::setw(9) << times << " in"
        << std::setw(6) << totals["seeds " + kind];
    out << (++column % kColumns == 0 ? "\n" : "   ");
  }
  std::cout << out.str() << (column % kColumns == 0 ? "" : "\n");
  return never;
}

}  // namespace

std::string_view NameOf(Verdict verdict) {
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

int RunBatch(const BatchOptions& options) {
  std::cout << "sim: " << options.seeds.size() << " seeds, first " << options.seeds.front()
            << ", last " << options.seeds.back() << std::endl;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t jobs =
      std::min<std::size_t>(options.jobs == 0 ? cores : options.jobs, options.seeds.size());
  std::vector<std::pair<pid_t, int>> running;
  for (std::size_t job = 0; job < jobs; ++job) {
    std::array<int, 2> ends{};
    TB_CHECK(pipe(ends.data()) == 0);
    const pid_t pid = fork();
    TB_CHECK(pid >= 0);
    if (pid == 0) RunJob(options, job, jobs, ends[1]);
    close(ends[1]);
    running.emplace_back(pid, ends[0]);
  }
  Totals totals;
  int worst = 0;
  for (const auto& [pid, in] : running) {
    Add(ReadAll(in), totals);
    int status = 0;
    TB_CHECK(waitpid(pid, &status, 0) == pid);
    worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : 127);
  }
  for (const std::string& kind : PrintFired(totals)) {
    if (options.profile != Profile::kSwarm || options.seeds.size() < kSeedsForAll) break;
    std::cout << "never in so many seeds: " << kind << "\n";
    worst = std::max(worst, 1);
  }
  // A job that crashed took its counts along.
  const std::uint64_t failed = options.seeds.size() - totals["passed"];
  std::cout << "sim: " << totals["passed"] << " passed, " << failed << " failed\n";
  return worst;
}

PlanOrError ReadPlan(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return ParsePlan(text.str());
}

int RunStories(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::size_t failed = 0;
  int worst = 0;
  for (const std::filesystem::path& file : files) {
    const PlanOrError parsed = ReadPlan(file);
    RunResult result;
    if (!parsed.plan) {
      result.verdict = Verdict::kCorrectness;
      result.story = "no story: " + parsed.error;
    } else {
      running_seed = parsed.plan->seed;
      result = RunPlan(parsed.plan->seed, *parsed.plan);
    }
    std::cout << NameOf(result.verdict) << "  " << file.stem().string() << "\n";
    if (result.verdict == Verdict::kGood) continue;
    ++failed;
    worst = std::max(worst, static_cast<int>(result.verdict));
    std::cout << result.story << "\n";
  }
  std::cout << files.size() - failed << " passed, " << failed << " failed\n";
  return files.empty() ? 2 : worst;
}

void PrintRun(std::uint64_t seed, const Plan& plan, const RunResult& result) {
  std::ostringstream out;
  out << "seed " << seed << ": " << NameOf(result.verdict) << ", height " << result.height << ", "
      << result.transactions << " transactions, " << result.receipts << " receipts, "
      << result.virtual_ms << " ms, trace " << std::hex << result.trace << "\n";
  if (result.verdict != Verdict::kGood) out << PlanText(plan);
  out << result.story << "\n";
  std::cout << out.str() << std::flush;
}

}  // namespace timebank::sim
