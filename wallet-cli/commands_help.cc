// `timebank help`: what is no option of one command.
#include <CLI/CLI.hpp>
#include <memory>

#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"

namespace timebank::cli {
namespace {

constexpr char kExitCodes[] =
    "0  done\n"
    "1  refused by the ledger: nothing changed; the reason has a stable name. To try again while\n"
    "   it is open, submit the same bytes: a new transaction could count twice\n"
    "2  the command line is wrong; nothing was sent\n"
    "3  not recorded yet: too few validators, a deadline, nobody answers; ask again with the id\n"
    "4  a proof does not hold: a receipt, or what a node answered\n"
    "5  a file, key or setting of this machine";

constexpr char kTopics[] =
    "timebank help exit-codes   what the exit code of every command means\n"
    "timebank --help            all commands and global options\n"
    "timebank COMMAND --help    one command, with an example";

}  // namespace

void AddHelpCommands(CLI::App& app, Program& program) {
  auto topic = std::make_shared<std::string>();
  CLI::App* help = program.Add(
      app, {"help", "Topics beyond one command: exit-codes", "timebank help exit-codes"},
      [topic](Context&) -> Result<Exit> {
        if (topic->empty()) {
          PrintText(kTopics);
        } else if (*topic == "exit-codes") {
          PrintText(kExitCodes);
        } else {
          return Unexpected{UsageFailure("there is no topic '" + *topic + "', only: exit-codes")};
        }
        return Exit::kOk;
      });
  help->add_option("TOPIC", *topic, "exit-codes");
}

}  // namespace timebank::cli
