// timebank_sim: runs seeds of the simulator, or one plan. First and last line tell seeds and
// verdict. Exit: 0 good, 127 a crash of the code under test, 128 not everything became final, 129
// something incorrect, 2 a command line that is none.
#include <fstream>
#include <iostream>

#include "base/prng.h"
#include "tests/sim/batch.h"

namespace timebank::sim {
namespace {

constexpr char kUsage[] =
    "usage: timebank_sim [--seed N] [--seeds A..B] [--seeds N --seed-base S] [--commit HEX --count "
    "K]\n"
    "                    [--profile swarm|lite|byzantine] [--jobs J] [--twice] [--verbose]\n"
    "       timebank_sim --seed N | --replay PLAN [--shrink] [--to FILE] [--mermaid] [--plan]\n"
    "       timebank_sim --stories FOLDER\n"
    "  --seeds N --seed-base S   N seeds drawn from S; so does --commit from a commit's hash\n"
    "  --twice                   each seed twice: the traces must be equal\n"
    "  --plan                    print the seed's plan as text and end\n"
    "  --replay PLAN             run the plan in this file, with its own seed or the one given\n"
    "  --shrink                  if it fails, print the smallest plan found that fails as it does\n"
    "  --to FILE                 write it there as well\n"
    "  --mermaid                 print what is said as a Mermaid sequence diagram\n"
    "  --stories FOLDER          run every plan *.txt in it\n";

struct Arguments {
  BatchOptions batch;
  std::uint64_t count = 50;
  std::optional<std::string> base;  // seeds are drawn from it
  std::string replay;
  std::string to;  // where the shrunk plan goes
  std::string stories;
  bool shrink = false;
  bool mermaid = false;
  bool plan = false;
};

std::optional<std::uint64_t> Number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return {};
  return std::strtoull(text.c_str(), nullptr, 10);
}

bool ReadSeeds(const std::string& text, Arguments& out) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    const auto count = Number(text);
    if (count) out.count = *count;
    return count.has_value();
  }
  const auto first = Number(text.substr(0, dots));
  const auto last = Number(text.substr(dots + 2));
  if (!first || !last) return false;
  for (std::uint64_t seed = *first; seed <= *last; ++seed) out.batch.seeds.push_back(seed);
  return true;
}

bool ReadValue(const std::string& name, const std::string& value, Arguments& out) {
  if (name == "--seeds") return ReadSeeds(value, out);
  if (name == "--replay") {
    out.replay = value;
  } else if (name == "--to") {
    out.to = value;
  } else if (name == "--stories") {
    out.stories = value;
  } else if (name == "--seed-base" || name == "--commit") {
    out.base = value;
  } else if (name == "--profile") {
    if (value != "swarm" && value != "lite" && value != "byzantine") return false;
    out.batch.profile = value == "swarm"  ? Profile::kSwarm
                        : value == "lite" ? Profile::kLite
                                          : Profile::kByzantine;
  } else {
    const auto number = Number(value);
    if (!number) return false;
    if (name == "--seed") {
      out.batch.seeds.push_back(*number);
    } else if (name == "--count") {
      out.count = *number;
    } else if (name == "--jobs") {
      out.batch.jobs = *number;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verbose") {
      out.batch.verbose = true;
    } else if (name == "--twice") {
      out.batch.twice = true;
    } else if (name == "--shrink") {
      out.shrink = true;
    } else if (name == "--mermaid") {
      out.mermaid = true;
    } else if (name == "--plan") {
      out.plan = true;
    } else if (i + 1 >= argc || !ReadValue(name, argv[++i], out)) {
      return std::nullopt;
    }
  }
  if (out.base) {
    Prng draws = Prng(0).Fork(*out.base);
    for (std::uint64_t i = 0; i < out.count; ++i) {
      out.batch.seeds.push_back(draws.Next() % 1'000'000'000);
    }
  }
  const bool something = !out.batch.seeds.empty() || !out.stories.empty() || !out.replay.empty();
  if (!something) return std::nullopt;
  return out;
}

// The plan of the seed, or of the file; a sentence for what is wrong with that.
PlanOrError PlanToRun(const Arguments& arguments) {
  const std::vector<std::uint64_t>& seeds = arguments.batch.seeds;
  if (arguments.replay.empty()) return {PlanOf(seeds.front(), arguments.batch.profile), ""};
  PlanOrError read = ReadPlan(arguments.replay);
  if (read.plan && !seeds.empty()) read.plan->seed = seeds.front();
  return read;
}

bool ShrinkTo(const std::string& file, const Plan& plan, const RunResult& result) {
  const std::string small = PlanText(Shrink(plan.seed, plan));
  std::cout << "the smallest plan found:\n" << small;
  if (file.empty()) return true;
  std::ofstream out(file);
  out << "# " << NameOf(result.verdict) << ": " << result.story.substr(0, result.story.find('\n'))
      << "\n"
      << small << std::flush;
  return out.good();
}

int RunOne(const Arguments& arguments) {
  const PlanOrError read = PlanToRun(arguments);
  if (!read.plan) {
    std::cerr << arguments.replay << ": no plan: " << read.error << "\n";
    return 2;
  }
  const Plan& plan = *read.plan;
  if (arguments.plan) {
    std::cout << PlanText(plan);
    return 0;
  }
  std::vector<std::string> diagram;
  const RunResult result =
      RunPlan(plan.seed, plan, {.diagram = arguments.mermaid ? &diagram : nullptr});
  if (arguments.mermaid) std::cout << "sequenceDiagram\n";
  for (const std::string& line : diagram) std::cout << line << "\n";
  if (!arguments.mermaid) PrintRun(plan.seed, plan, result);
  if (arguments.shrink && result.verdict != Verdict::kGood &&
      !ShrinkTo(arguments.to, plan, result)) {
    std::cerr << arguments.to << ": cannot be written\n";
  }
  return static_cast<int>(result.verdict);
}

}  // namespace
}  // namespace timebank::sim

int main(int argc, char** argv) {
  namespace sim = timebank::sim;
  const auto arguments = sim::Parse(argc, argv);
  if (!arguments) {
    std::cerr << sim::kUsage;
    return 2;
  }
  if (!arguments->stories.empty()) return sim::RunStories(arguments->stories);
  const bool one =
      arguments->shrink || arguments->mermaid || arguments->plan || !arguments->replay.empty();
  return one ? sim::RunOne(*arguments) : sim::RunBatch(arguments->batch);
}
