#include "node/backup_command.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "node/backup.h"
#include "node/node.h"

namespace timebank::node {
namespace {

constexpr char kFooter[] =
    "A backup is a folder with the data of one node: all blocks and no secret. What is restored\n"
    "from it follows the others and never votes with the key that it had: nobody there knows what\n"
    "that key voted since.\n"
    "\n"
    "Example:\n"
    "  timebank-node --config /etc/timebank/config.toml backup make /mnt/backup/2026-11-26\n"
    "  timebank-node --config /etc/timebank/config.toml backup verify /mnt/backup/2026-11-26\n"
    "  timebank-node --config /etc/timebank/config.toml backup restore /mnt/backup/2026-11-26\n"
    "\n"
    "make works beside a running node; restore needs an empty data directory.\n"
    "\n"
    "Exit codes: 0 done; 1 command line or configuration; 3 the backup or the node's data is not\n"
    "sound, or in the way.";

}  // namespace

void BackupCommand::AddTo(CLI::App& app) {
  auto* backup = app.add_subcommand("backup", "make, verify or restore a copy of a node's data");
  backup->footer(kFooter);
  backup->require_subcommand(1);
  make_ = backup->add_subcommand("make", "copy data, of a node at work or stopped, and verify");
  verify_ = backup->add_subcommand("verify", "check every byte of a backup, and that it opens");
  restore_ = backup->add_subcommand("restore", "fill the empty data directory; it will not vote");
  restore_->add_flag("--new-key", new_key_,
                     "the configured key has never voted: it may, once the council admitted it");
  for (CLI::App* command : {make_, verify_, restore_}) {
    command->add_option("FOLDER", folder_, "of the backup")->required();
    command->footer(kFooter);
    command->fallthrough();
  }
  backup->fallthrough();
}

bool BackupCommand::parsed() const {
  return make_->parsed() || verify_->parsed() || restore_->parsed();
}

int BackupCommand::Run(const Config& config, const std::string& version) const {
  const BackupAction action = make_->parsed()     ? BackupAction::kMake
                              : verify_->parsed() ? BackupAction::kVerify
                              : new_key_          ? BackupAction::kRestoreForNewKey
                                                  : BackupAction::kRestore;
  const auto done = RunBackupAction(config, action, folder_, version);
  if (!done) {
    std::cerr << "timebank-node: " << done.error() << "\n";
    return static_cast<int>(Exit::kStorage);
  }
  std::cout << *done << "\n";
  return static_cast<int>(Exit::kOk);
}

}  // namespace timebank::node
