// `timebank dev`: a development network with its demo, and its settable clock.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "api/client/dev_clock.h"
#include "base/minutes.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/demo/demo.h"

namespace timebank::cli {
namespace {

struct UpOptions {
  DemoOptions demo;
  std::string port_base = "7400";
  bool no_load = false;
};

// timebank-node beside this program, wherever it was started from.
Result<std::string> NodeProgram() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string node = (self.parent_path() / "timebank-node").string();
  if (!error && std::filesystem::exists(node, error)) return node;
  return Unexpected{LocalFailure("there is no " + node, "./dev build builds both programs")};
}

Result<Exit> Up(Context& context, const UpOptions& options) {
  const auto port = ParseNumber(options.port_base, "--port-base", {1024, 65000});
  if (!port) return Unexpected{port.error()};
  const auto node = NodeProgram();
  if (!node) return Unexpected{node.error()};
  DemoOptions demo = options.demo;
  demo.port_base = static_cast<std::uint16_t>(*port);
  demo.load = !options.no_load;
  demo.json = context.json();
  demo.language = context.language();
  demo.node_program = *node;
  demo.program = platform::DirectoryOf(*node) + "/timebank";
  return static_cast<Exit>(DemoUp(demo));
}

// The clock of a development network, opened with the dev key beside its genesis.
Result<std::unique_ptr<client::DevClock>> OpenClock(Context& context) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const auto path = context.GenesisPath();
  if (!path) return Unexpected{path.error()};
  const chain::Genesis& genesis = (*client)->genesis();
  if (!genesis.message.development()) {
    return Unexpected{FailureOf(client::MakeError(v1::REASON_NOT_DEVELOPMENT), context.language())};
  }
  auto key = platform::OpenKeyFile(platform::DirectoryOf(*path) + "/dev.key",
                                   platform::PassphraseIs(""), {.allow_plain = true});
  if (!key) return Unexpected{LocalFailure(key.error().text)};
  return std::make_unique<client::DevClock>((*client)->nodes(), genesis, std::move(*key));
}

// So that who reads cluster.json knows the clock; a network named by --node alone has none.
void KeepOffset(Context& context, std::int64_t offset_ms) {
  auto cluster = ReadCluster(context.ClusterPath());
  if (!cluster) return;
  const auto genesis = context.Genesis();
  if (!genesis || cluster->chain_id != ToHex((*genesis)->chain_id.view())) return;
  cluster->offset_ms = offset_ms;
  const auto written = WriteCluster(context.ClusterPath(), *cluster);
  if (!written) PrintFailure(LocalFailure(written.error()), /*json=*/false);
}

Result<Exit> TellClock(Context& context) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  (*client)->ForgetLedgerTime();
  const auto now = context.Now();
  if (!now) return Unexpected{now.error()};
  const auto status = (*client)->Status(0);
  const std::int64_t offset_ms = status ? status->clock_offset_ms() : 0;
  if (context.json()) {
    PrintJson({{"ledger_time", Rfc3339(now->value(), context.CivilOffset())},
               {"ledger_time_ms", now->value()},
               {"offset_ms", offset_ms}});
  } else {
    PrintText(LocalTime(now->value(), context.CivilOffset()) + " (" +
              std::to_string(offset_ms / 1000) + " s from the wall clock)");
  }
  return Exit::kOk;
}

Result<Exit> MoveTo(Context& context, Millis at) {
  auto clock = OpenClock(context);
  if (!clock) return Unexpected{clock.error()};
  const auto offset = (*clock)->SetLedgerTime(at);
  if (!offset) return Unexpected{FailureOf(offset.error(), context.language())};
  KeepOffset(context, *offset);
  return TellClock(context);
}

Result<Exit> SetClock(Context& context, const std::string& text) {
  const auto at = ParseTime(text, "TIME", context.CivilOffset());
  if (!at) return Unexpected{at.error()};
  return MoveTo(context, *at);
}

Result<Exit> AdvanceClock(Context& context, const std::string& text) {
  const auto by = ParseDuration(text, "DURATION");
  if (!by) return Unexpected{by.error()};
  const auto now = context.Now();
  if (!now) return Unexpected{now.error()};
  const auto at =
      CheckedAdd(static_cast<std::int64_t>(now->value()), static_cast<std::int64_t>(*by));
  if (!at) return Unexpected{UsageFailure("DURATION '" + text + "' is beyond any clock")};
  return MoveTo(context, Millis(static_cast<std::uint64_t>(*at)));
}

void AddClock(CLI::App& dev, Program& program) {
  CLI::App* clock = Program::AddFamily(
      dev, {"clock", "The settable clock of a development network; it goes forward only", ""});
  program.Add(*clock, {"show", "Ledger time now", "timebank dev clock show"}, TellClock);
  auto time = std::make_shared<std::string>();
  CLI::App* set = program.Add(
      *clock, {"set", "Move ledger time to TIME", "timebank dev clock set '2021-01-25 09:00'"},
      [time](Context& context) { return SetClock(context, *time); });
  set->add_option("TIME", *time, "local time of the ledger, or RFC 3339")->required();
  auto duration = std::make_shared<std::string>();
  CLI::App* advance = program.Add(
      *clock, {"advance", "Move ledger time on by DURATION", "timebank dev clock advance 72h"},
      [duration](Context& context) { return AdvanceClock(context, *duration); });
  advance->add_option("DURATION", *duration, "90m, 72h, 3d, 1d12h")->required();
}

}  // namespace

void AddDevCommands(CLI::App& app, Program& program) {
  CLI::App* dev = Program::AddFamily(app, {"dev", "A development network on this machine", ""});
  auto up = std::make_shared<UpOptions>();
  CLI::App* start = program.Add(
      *dev,
      {"up", "Start four validators and live a pilot's months through signed transactions",
       "timebank dev up --detach --dir /tmp/bank --until 2021-01-25"},
      [up](Context& context) { return Up(context, *up); });
  start->add_option("--dir", up->demo.dir, "folder of the network (default .demo)");
  start->add_option("--port-base", up->port_base, "first port (default 7400)");
  start->add_option("--data", up->demo.data, "pilot data: members.csv, orders.csv, entries.csv");
  start->add_option("--until", up->demo.until, "stop at 09:00 local time of this day");
  start->add_flag("--detach", up->demo.detach, "leave the validators running and return");
  start->add_flag("--no-load", up->no_load, "an empty ledger");

  auto dir = std::make_shared<std::string>(".demo");
  CLI::App* down = program.Add(
      *dev, {"down", "Stop what `dev up --detach` left running", "timebank dev down --dir .demo"},
      [dir](Context& context) -> Result<Exit> {
        return static_cast<Exit>(DemoDown(*dir, context.json()));
      });
  down->add_option("--dir", *dir, "folder of the network (default .demo)");
  AddClock(*dev, program);
}

}  // namespace timebank::cli
