// `timebank workload`: load on a development network, measured.
#include <CLI/CLI.hpp>
#include <memory>

#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/workload/workload.h"

namespace timebank::cli {

void AddWorkloadCommands(CLI::App& app, Program& program) {
  CLI::App* workload =
      Program::AddFamily(app, {"workload", "Load on a development network, measured", ""});
  auto options = std::make_shared<WorkloadOptions>();
  CLI::App* run = program.Add(
      *workload,
      {"run",
       "Make a community of its own, move the clock two months ahead, then measure the usual mix",
       "timebank workload run --seconds 60"},
      [options](Context& context) -> Result<Exit> {
        WorkloadOptions chosen = *options;
        chosen.cluster_path = context.ClusterPath();
        chosen.json = context.json();
        chosen.language = context.language();
        return static_cast<Exit>(RunWorkload(chosen));
      });
  run->add_option("--seconds", options->seconds, "how long to measure (default 60)")
      ->check(CLI::Range(1, 3600));
  run->add_option("--workers", options->workers, "streams (default: one per node)")
      ->check(CLI::Range(0, 64));
  run->add_option("--window", options->window, "transactions in flight per stream (default 800)")
      ->check(CLI::Range(1, 100'000));
  run->add_option("--rate", options->rate,
                  "transactions a second, all streams together (default: as many as go)")
      ->check(CLI::Range(1, 1'000'000));
  run->add_option("--members", options->members, "members to register (default 10000)")
      ->check(CLI::Range(2'000, 1'000'000));
  run->add_option("--lone", options->lone, "single transactions measured first (default 200)")
      ->check(CLI::Range(0, 10'000));
  run->add_option("--record", options->record,
                  "append the id and height of each final transaction to FILE");
  run->add_option("--seed", options->seed, "of the choices that are random (default 1)");

  auto record = std::make_shared<std::string>();
  CLI::App* check = program.Add(
      *workload,
      {"check", "Ask every validator for the receipt of each transaction that a run recorded",
       "timebank workload check run.record"},
      [record](Context& context) {
        return Result<Exit>(
            static_cast<Exit>(CheckRecord(context.ClusterPath(), *record, context.json())));
      });
  check->add_option("FILE", *record, "what `workload run --record FILE` wrote")->required();
}

}  // namespace timebank::cli
