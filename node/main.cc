// The program timebank-node: one validator of a time bank.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/client/tls.h"
#include "ledger/editions.h"
#include "node/backup_command.h"
#include "node/config.h"
#include "node/log_setup.h"
#include "node/node.h"
#include "node/recovery_command.h"
#include "node/snapshot_command.h"
#include "platform/limits.h"

namespace timebank::node {
namespace {

// A build for tests knows one edition more (tests/e2e/CMakeLists.txt).
#ifndef TIMEBANK_EDITION_KNOWN
#define TIMEBANK_EDITION_KNOWN ledger::kEditionKnown
#endif

constexpr char kFooter[] =
    "Example:\n"
    "  timebank-node --config /etc/timebank/config.toml --log-format json\n"
    "  timebank-node check-config --config /etc/timebank/config.toml\n"
    "  timebank-node --config /etc/timebank/config.toml --data-dir /var/lib/timebank\n"
    "  timebank-node --config /etc/timebank/config.toml snapshot save /mnt/ledger.snapshot\n"
    "  timebank-node --config /etc/timebank/config.toml backup make /mnt/backup/2026-11-26\n"
    "\n"
    "SIGTERM and SIGINT drain: nothing new is accepted, calls under way end, all is synced.\n"
    "\n"
    "Exit codes: 0 stopped as asked; 1 command line or configuration; 2 keys, certificate and\n"
    "genesis do not fit together; 3 the node's data is damaged, too new or in use; 4 self-test of\n"
    "the cryptography failed; 5 an address cannot be listened on; 6 halted because this node and\n"
    "a quorum disagree: data_dir/divergence.txt, while which is there it does not start; 7 the "
    "next\n"
    "block needs an edition of the rules that this release does not know: start a newer one.";

struct Options {
  std::string config;
  std::string data_dir;         // empty: as configured
  std::string passphrase_file;  // empty: as configured
  std::string log_format = "text";
  bool debug = false;
  bool check_only = false;
};

int Report(const StartFailure& failure) {
  std::cerr << "timebank-node refuses to start: " << failure.text << "\n";
  return static_cast<int>(failure.exit);
}

// Until a signal to stop, or the node cannot go on.
Exit RunUntilStopped(Node& node, const sigset_t& signals) {
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  for (;;) {
    node.Housekeep();
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (const auto ended = node.ended()) return *ended;
    if (signal == SIGTERM || signal == SIGINT) return Exit::kOk;
  }
}

// The configuration with what the command line says instead.
platform::Result<Config> ConfigOf(const Options& options) {
  auto config = LoadConfig(options.config);
  if (!config) return config;
  if (!options.data_dir.empty()) config->data_dir = options.data_dir;
  if (!options.passphrase_file.empty()) config->passphrase_file = options.passphrase_file;
  return config;
}

int RunSnapshot(const Options& options, const SnapshotCommand& command) {
  if (!command.needs_config()) return command.Run(std::nullopt);
  auto config = ConfigOf(options);
  if (!config) return Report({Exit::kUsage, config.error()});
  return command.Run(std::move(*config));
}

int RunBackup(const Options& options, const BackupCommand& command) {
  const auto config = ConfigOf(options);
  if (!config) return Report({Exit::kUsage, config.error()});
  return command.Run(*config, TIMEBANK_VERSION);
}

int RunRecovery(const Options& options, const RecoveryCommand& command) {
  const auto config = ConfigOf(options);
  if (!config) return Report({Exit::kUsage, config.error()});
  return command.Run(*config);
}

int Run(const Options& options) {
  // Blocked before any thread starts, so that only sigtimedwait takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  if (!client::RequireTls13()) {
    return Report({Exit::kSelfTest, "OpenSSL does not accept 'TLS 1.3 only'"});
  }
  auto config = ConfigOf(options);
  if (!config) return Report({Exit::kUsage, config.error()});
  SetUpLog(options.log_format == "json" ? LogFormat::kJson : LogFormat::kText, config->name,
           options.debug);
  // A connection takes a descriptor, and gRPC stops listening for good once there is none left.
  if (const auto raised = platform::RaiseDescriptorLimit(); !raised) {
    spdlog::warn("{}", raised.error());
  }
  auto node = Node::Prepare(std::move(*config), {TIMEBANK_VERSION, TIMEBANK_EDITION_KNOWN});
  if (!node) return Report(node.error());
  if (options.check_only) {
    std::cout << options.config << ": configuration, keys, certificate and genesis are in order\n";
    return static_cast<int>(Exit::kOk);
  }
  const auto started = (*node)->Start();
  if (!started) {
    (*node)->Drain();
    return Report(started.error());  // the last line: it says what to do
  }
  const Exit exit = RunUntilStopped(**node, signals);
  (*node)->Drain();
  return static_cast<int>(exit);
}

}  // namespace
}  // namespace timebank::node

int main(int argc, char** argv) {
  timebank::node::Options options;
  CLI::App app("One validator of a time bank.", "timebank-node");
  app.footer(timebank::node::kFooter);
  app.set_version_flag("--version", std::string("timebank-node ") + TIMEBANK_VERSION);
  app.add_option("--config", options.config, "configuration file (TOML)");
  app.add_option("--data-dir", options.data_dir,
                 "where the node keeps its data, instead of the configured data_dir");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "opens the consensus key, instead of the configured keys.passphrase_file");
  app.add_option("--log-format", options.log_format, "log lines as text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--debug", options.debug, "log more");
  auto* check =
      app.add_subcommand("check-config", "load and check everything but the data, then end");
  timebank::node::SnapshotCommand snapshot;
  snapshot.AddTo(app);
  timebank::node::BackupCommand backup;
  backup.AddTo(app);
  timebank::node::RecoveryCommand recovery;
  recovery.AddTo(app);
  app.fallthrough();
  check->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  const bool needs_config = !snapshot.parsed() || snapshot.needs_config();
  if (options.config.empty() && needs_config) {
    std::cerr << "timebank-node: --config is required; see --help\n";
    return 1;
  }
  if (snapshot.parsed()) return timebank::node::RunSnapshot(options, snapshot);
  if (backup.parsed()) return timebank::node::RunBackup(options, backup);
  if (recovery.parsed()) return timebank::node::RunRecovery(options, recovery);
  options.check_only = check->parsed();
  return timebank::node::Run(options);
}
