#include "node/recovery_command.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "node/recovery.h"

namespace timebank::node {
namespace {

constexpr char kFooter[] =
    "When more validators lost their disks or keys than the ledger bears (2 of 4), nothing is\n"
    "decided any more. The council then signs a document that names the last certified block and\n"
    "new validators, and all of these begin a new era with it. The whole ceremony is in "
    "RUNBOOK.md,\n"
    "'More validators lost than may be'.\n"
    "\n"
    "  timebank-node --config config.toml recovery save last.block\n"
    "  timebank-node --config config.toml recovery begin ledger.recovery\n"
    "\n"
    "Both need the node stopped. Of all remaining nodes the one with the highest block saves;\n"
    "a node with a higher one than the document names refuses to begin.\n"
    "\n"
    "Exit codes: 0 done; 1 command line or configuration; 2 the document or genesis does not "
    "hold;\n"
    "3 the node's data does not fit the document, is not sound, or in use.";

std::int64_t Number(std::uint64_t number) { return static_cast<std::int64_t>(number); }

}  // namespace

void RecoveryCommand::AddTo(CLI::App& app) {
  auto* recovery =
      app.add_subcommand("recovery", "begin a new era after the loss of too many validators");
  recovery->footer(kFooter);
  recovery->require_subcommand(1);
  save_ = recovery->add_subcommand("save", "write the last certified block to a new file");
  begin_ = recovery->add_subcommand("begin", "go on from the block that the document names");
  for (CLI::App* command : {save_, begin_}) {
    command->add_option("FILE", file_, command == save_ ? "the file to write" : "the document")
        ->required();
    command->add_flag("--json", json_, "answer in JSON");
    command->footer(kFooter);
    command->fallthrough();
  }
  recovery->fallthrough();
}

bool RecoveryCommand::parsed() const { return save_->parsed() || begin_->parsed(); }

int RecoveryCommand::Run(const Config& config) const {
  const RecoveryResult done =
      save_->parsed() ? SaveLastBlock(config, file_) : BeginEra(config, file_);
  if (!done) {
    const auto exit = static_cast<int>(done.error().exit);
    std::cerr << "timebank-node: " << done.error().text << "\n";
    if (json_) {
      std::cout << toml::json_formatter(toml::table{{"error", done.error().text}, {"exit", exit}})
                << "\n";
    }
    return exit;
  }
  if (json_) {
    const toml::table table{{"file", file_},
                            {"height", Number(done->height.value())},
                            {"epoch", Number(done->epoch.value())},
                            {"era", Number(done->era.value())},
                            {"chain_id", ToHex(done->chain_id.view())},
                            {"digest", ToHex(done->digest.view())},
                            {"state_root", ToHex(done->state_root.view())}};
    std::cout << toml::json_formatter(table) << "\n";
    return static_cast<int>(Exit::kOk);
  }
  const char* what = save_->parsed() ? ": the last certified block here, at height "
                                     : ": the node goes on with it, after height ";
  std::cout << file_ << what << done->height.value() << ", epoch " << done->epoch.value()
            << ", era " << done->era.value() << "\n  chain      " << ToHex(done->chain_id.view())
            << "\n  state root " << ToHex(done->state_root.view()) << "\n";
  return static_cast<int>(Exit::kOk);
}

}  // namespace timebank::node
