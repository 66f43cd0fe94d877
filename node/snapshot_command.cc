#include "node/snapshot_command.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "node/snapshot.h"

namespace timebank::node {
namespace {

constexpr char kFooter[] =
    "A snapshot is the state of the ledger at one block with what proves it: it is checked with\n"
    "the genesis file alone, wherever it comes from. It holds all transactions and no secret.\n"
    "\n"
    "Example, for a new validator that need not fetch every block:\n"
    "  timebank-node --config /etc/timebank/config.toml snapshot save /mnt/ledger.snapshot\n"
    "  timebank-node snapshot verify /mnt/ledger.snapshot --genesis genesis.bin\n"
    "  timebank-node --config validator-5/config.toml snapshot restore /mnt/ledger.snapshot\n"
    "\n"
    "save needs the node stopped; restore an empty data directory and a key that never voted.\n"
    "\n"
    "Exit codes: 0 done; 1 command line or configuration; 2 genesis or key does not fit;\n"
    "3 the snapshot or the node's data is not sound, or in use.";

std::int64_t Number(std::uint64_t number) { return static_cast<std::int64_t>(number); }

void PrintJson(const toml::table& table) { std::cout << toml::json_formatter(table) << "\n"; }

toml::table TableOf(const std::string& file, const SnapshotReport& report) {
  return toml::table{{"file", file},
                     {"height", Number(report.height.value())},
                     {"epoch", Number(report.epoch.value())},
                     {"digest", ToHex(report.digest.view())},
                     {"state_root", ToHex(report.state_root.view())},
                     {"records", Number(report.records)},
                     {"transactions", Number(report.transactions)},
                     {"bytes", Number(report.bytes)}};
}

}  // namespace

void SnapshotCommand::AddTo(CLI::App& app) {
  auto* snapshot = app.add_subcommand("snapshot", "save, verify or restore the ledger's state");
  snapshot->footer(kFooter);
  snapshot->require_subcommand(1);
  save_ = snapshot->add_subcommand("save", "write the state of this stopped node to a new file");
  verify_ = snapshot->add_subcommand("verify", "check every byte of a snapshot");
  restore_ = snapshot->add_subcommand("restore", "fill this node's empty data directory from one");
  verify_->add_option("--genesis", genesis_, "genesis file, in place of the configured one");
  for (CLI::App* command : {save_, verify_, restore_}) {
    command->add_option("FILE", file_, "the snapshot")->required();
    command->add_flag("--json", json_, "answer in JSON");
    command->footer(kFooter);
    command->fallthrough();
  }
  snapshot->fallthrough();
}

bool SnapshotCommand::parsed() const {
  return save_->parsed() || verify_->parsed() || restore_->parsed();
}

bool SnapshotCommand::needs_config() const { return !verify_->parsed() || genesis_.empty(); }

int SnapshotCommand::Run(const std::optional<Config>& config) const {
  const SnapshotProgress progress = [](const std::string& text) {
    std::cerr << "timebank-node: " << text << "\n";
  };
  const SnapshotResult done =
      save_->parsed() ? SaveSnapshot(*config, file_, progress)
      : restore_->parsed()
          ? RestoreSnapshot(*config, file_, progress)
          : VerifySnapshot(genesis_.empty() ? config->genesis_file : genesis_, file_, progress);
  if (!done) {
    const auto exit = static_cast<int>(done.error().exit);
    std::cerr << "timebank-node: " << done.error().text << "\n";
    if (json_) PrintJson(toml::table{{"error", done.error().text}, {"exit", exit}});
    return exit;
  }
  if (json_) {
    PrintJson(TableOf(file_, *done));
  } else {
    const char* what = save_->parsed()      ? "saved"
                       : restore_->parsed() ? "restored; the node starts from there"
                                            : "whole, and what the validators attest";
    std::cout << file_ << " is " << what << ": height " << done->height.value() << ", epoch "
              << done->epoch.value() << ", " << done->records << " records, " << done->transactions
              << " transactions, " << done->bytes << " bytes\n  digest     "
              << ToHex(done->digest.view()) << "\n  state root " << ToHex(done->state_root.view())
              << "\n";
  }
  return static_cast<int>(Exit::kOk);
}

}  // namespace timebank::node
