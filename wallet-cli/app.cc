#include "wallet-cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "api/client/tls.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"

namespace timebank::cli {
namespace {

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  app.add_option("--cluster", options.cluster,
                 "cluster.json of the network (default: $TIMEBANK_CLUSTER, ./.demo/cluster.json)");
  AddList(app, "--node", options.nodes,
          "a validator to ask, NAME=HOST:PORT or HOST:PORT; repeat for failover");
  app.add_option("--genesis", options.genesis, "genesis.bin of the ledger: where trust begins");
  app.add_option("--as", options.identity, "the identity that signs or reads");
  AddList(app, "--with", options.with, "a further identity that signs; repeat");
  app.add_option("--home", options.home,
                 "folder of identities (default: the network's, else ~/.timebank)");
  app.add_option("--role", options.role, "role in which is signed or read");
  app.add_option("--org", options.org, "organisation of that role: id, code or name");
  app.add_option("--receipt", options.receipt, "keep the receipt of what is recorded in FILE");
  app.add_option("--sign-only", options.sign_only,
                 "write the signed envelope to FILE and submit nothing; see `submit`");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "file with the keys' passphrase (default: $TIMEBANK_PASSPHRASE, or asked for)");
  app.add_option("--timeout", options.timeout, "seconds that a call may take (default 10)");
  app.add_option("--lang", options.lang, "en or zh (default: the environment's)");
  app.add_flag("--json", options.json, "answer in JSON");
}

void AddAllCommands(CLI::App& app, Program& program) {
  AddStatusCommands(app, program);
  AddReceiptCommands(app, program);
  AddKeyCommands(app, program);
  AddMemberCommands(app, program);
  AddOrgCommands(app, program);
  AddOrderCommands(app, program);
  AddEntryCommands(app, program);
  AddMoneyCommands(app, program);
  AddOfferCommands(app, program);
  AddRedeemCommands(app, program);
  AddImportCommands(app, program);
  AddValidatorCommands(app, program);
  AddEvidenceCommands(app, program);
  AddEditionCommands(app, program);
  AddRecoveryCommands(app, program);
  AddTestnetCommands(app, program);
  AddDevCommands(app, program);
  AddWorkloadCommands(app, program);
  AddHelpCommands(app, program);
}

// A parse error does not know that --json was given behind it.
bool WantsJson(int argc, char** argv) {
  return std::any_of(argv, argv + argc,
                     [](const char* word) { return std::strcmp(word, "--json") == 0; });
}

int UsageError(const CLI::App& app, const std::string& what, bool json) {
  std::string name = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    name += " " + at->get_name();
  }
  Failure failure = UsageFailure(what, v1::REASON_UNSPECIFIED);
  failure.reason.clear();
  failure.next = name + " --help";
  return PrintFailure(failure, json);
}

}  // namespace

int RunProgram(int argc, char** argv) {
  // gRPC's own words about connections that a call has failed over from are for nobody.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (!client::RequireTls13()) {
    return PrintFailure(LocalFailure("this machine's OpenSSL cannot be held to TLS 1.3"), false);
  }
  GlobalOptions options;
  Program program;
  CLI::App app("A time bank whose records nobody can forge alone: wallet, offices, operator.",
               "timebank");
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", TIMEBANK_VERSION);
  app.footer("Exit codes: timebank help exit-codes. Every command has its own --help.");
  AddGlobalOptions(app, options);
  AddAllCommands(app, program);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error.what(), WantsJson(argc, argv));
  }
  Context context(options);
  const Result<Exit> exit = program.chosen()(context);
  if (!exit) return PrintFailure(exit.error(), options.json, context.language());
  return static_cast<int>(*exit);
}

CLI::App* Program::Add(CLI::App& parent, const CommandText& text, Command run) {
  CLI::App* command = parent.add_subcommand(text.name, text.description);
  if (!text.example.empty()) command->footer("Example:\n  " + text.example);
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return command;
}

CLI::App* Program::AddFamily(CLI::App& parent, const CommandText& text) {
  CLI::App* family = parent.add_subcommand(text.name, text.description);
  if (!text.example.empty()) family->footer("Example:\n  " + text.example);
  family->require_subcommand(1);
  return family;
}

CLI::Option* AddList(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                     const std::string& description) {
  return command.add_option(name, values, description)->allow_extra_args(false);
}

}  // namespace timebank::cli
