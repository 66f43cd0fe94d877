// `timebank testnet init`: the folders that the operators of a new ledger would receive.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/civil.h"
#include "platform/clock.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/testnet.h"

namespace timebank::cli {
namespace {

struct InitOptions {
  std::string validators = "4";
  std::string out;
  std::string port_base = "7400";
  std::string genesis_date;
  std::string name = "District";
  bool development = false;
};

// cluster.json beside the folders: the network as this program can reach it on one machine.
Result<Done> WriteClusterOf(const Testnet& testnet, const std::string& out, bool development,
                            std::int64_t offset_ms) {
  std::error_code error;
  Cluster cluster;
  cluster.chain_id = ToHex(testnet.chain_id.view());
  cluster.genesis = std::filesystem::absolute(testnet.genesis_path, error).lexically_normal();
  cluster.identities_dir =
      std::filesystem::absolute(testnet.identities_directory, error).lexically_normal();
  cluster.development = development;
  cluster.offset_ms = offset_ms;
  for (const TestnetNode& node : testnet.nodes) {
    cluster.nodes.push_back({node.name, node.address,
                             std::filesystem::absolute(node.directory, error).lexically_normal(),
                             0});
  }
  const auto written = WriteCluster(out + "/cluster.json", cluster);
  if (!written) return Unexpected{LocalFailure(written.error())};
  return Done{};
}

void TellTestnet(Context& context, const Testnet& testnet, const InitOptions& options) {
  if (context.json()) {
    nlohmann::json nodes = nlohmann::json::array();
    for (const TestnetNode& node : testnet.nodes) {
      nodes.push_back({{"name", node.name}, {"grpc", node.address}, {"dir", node.directory}});
    }
    return PrintJson({{"chain_id", ToHex(testnet.chain_id.view())},
                      {"genesis", testnet.genesis_path},
                      {"district", ToHex(testnet.district.view())},
                      {"development", options.development},
                      {"cluster", options.out + "/cluster.json"},
                      {"identities_dir", testnet.identities_directory},
                      {"nodes", nodes}});
  }
  Table table({"validator", "clients", "folder"});
  for (const TestnetNode& node : testnet.nodes) {
    table.Add({node.name, node.address, node.directory});
  }
  PrintText(table.Text());
  PrintText("chain id " + ToHex(testnet.chain_id.view()));
  PrintText("next: " + options.out + "/RUNBOOK.md; one node runs with");
  PrintText("  cd " + testnet.nodes.front().directory + " && timebank-node --config config.toml");
  PrintText("founding officers' keys: " + testnet.identities_directory +
            (options.development ? " (plain)" : " (encrypted; passphrase beside them: move it)"));
  if (options.development) PrintText(context.Say(Text::kDevelopment));
}

Result<Exit> Init(Context& context, const InitOptions& options) {
  const auto validators = ParseNumber(options.validators, "--validators", {4, 20});
  if (!validators) return Unexpected{validators.error()};
  const auto port = ParseNumber(options.port_base, "--port-base", {1024, 65535});
  if (!port) return Unexpected{port.error()};
  TestnetOptions testnet_options;
  const Millis wall = platform::WallTime();
  testnet_options.genesis = wall;
  if (!options.genesis_date.empty()) {
    const auto at = ParseTime(options.genesis_date, "--genesis-date", context.CivilOffset());
    if (!at) return Unexpected{at.error()};
    if (*at != wall && !options.development && *at > wall) {
      return Unexpected{UsageFailure("--genesis-date lies in the future")};
    }
    testnet_options.genesis = *at;
  }
  if (options.development) {
    testnet_options.clock_offset_ms = static_cast<std::int64_t>(testnet_options.genesis.value()) -
                                      static_cast<std::int64_t>(wall.value());
  }
  testnet_options.validators = static_cast<std::uint32_t>(*validators);
  testnet_options.out = options.out;
  testnet_options.port_base = static_cast<std::uint16_t>(*port);
  testnet_options.development = options.development;
  testnet_options.district_name = options.name;
  const auto testnet = InitTestnet(testnet_options);
  if (!testnet) return Unexpected{LocalFailure(testnet.error())};
  const auto written =
      WriteClusterOf(*testnet, options.out, options.development, testnet_options.clock_offset_ms);
  if (!written) return Unexpected{written.error()};
  TellTestnet(context, *testnet, options);
  return Exit::kOk;
}

}  // namespace

void AddTestnetCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"testnet", "Setting up a ledger", ""});
  auto options = std::make_shared<InitOptions>();
  CLI::App* init = program.Add(
      *family,
      {"init", "Write one folder per validator, with keys, configuration and the common genesis",
       "timebank testnet init --validators 4 --out ledger"},
      [options](Context& context) { return Init(context, *options); });
  init->add_option("--validators", options->validators, "how many, 4 to 20 (default 4)");
  init->add_option("--out", options->out, "folder to write; new or empty")->required();
  init->add_option("--port-base", options->port_base, "first of three ports a node (default 7400)");
  init->add_option("--genesis-date", options->genesis_date,
                   "when the ledger begins (default: now)");
  init->add_option("--name", options->name, "public name of the district");
  init->add_flag("--development", options->development,
                 "settable clock and plain keys; marked everywhere");
}

}  // namespace timebank::cli
