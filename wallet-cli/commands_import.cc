// `timebank import paper`: a clerk's file of paper slips as batches, row by row what became of it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/paper_import.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

// The clerk who signs when nobody is named: the district's, above all elders of the demo.
constexpr char kDefaultClerk[] = "clerk-1";

struct Clerk {
  std::string name;
  OrgId org;
};

// In whose name the file is typed: --org, or the office of the clerk.
Result<Clerk> ClerkOf(Context& context) {
  const GlobalOptions& options = context.options();
  Clerk clerk{options.identity.empty() ? kDefaultClerk : options.identity, {}};
  const auto identity = context.Person(clerk.name);
  if (!identity) return Unexpected{identity.error()};
  if (!options.org.empty()) {
    const auto org = context.FindOrg(options.org, "--org");
    if (!org) return Unexpected{org.error()};
    clerk.org = *org;
    return clerk;
  }
  for (const Office& office : (*identity)->offices) {
    if (office.role != v1::ROLE_CLERK) continue;
    clerk.org = office.org;
    return clerk;
  }
  return Unexpected{UsageFailure("'" + clerk.name + "' is no clerk", v1::REASON_F15_WRONG_SCOPE)};
}

struct Import {
  SlipFile file;
  std::vector<SlipOutcome> outcomes;
  std::vector<std::string> transactions;
  std::size_t Count(const std::string& outcome) const {
    return static_cast<std::size_t>(std::ranges::count(outcomes, outcome, &SlipOutcome::outcome));
  }
};

Result<Import> Run(Context& context, const std::string& path, const Clerk& clerk) {
  const IdentityStore store = context.Identities();
  const FindParty find = [&store](const std::string& number) -> std::optional<SlipParty> {
    const auto identity = store.OpenPublic(number);
    if (!identity) return std::nullopt;
    return SlipParty{identity->member, identity->home};
  };
  auto file = ReadSlips(path, clerk.org, context.CivilOffset(), find);
  if (!file) return Unexpected{LocalFailure(file.error())};
  Import import{std::move(*file), {}, {}};
  const SendBatch send =
      [&](std::span<const std::size_t> rows) -> Result<std::vector<v1::EffectsLine>> {
    Deed deed{.body = {}, .roles = {v1::ROLE_CLERK}, .at = clerk.org, .signer = clerk.name};
    v1::PaperBatch& batch = *deed.body.mutable_paper_batch();
    batch.set_org(clerk.org.str());
    batch.set_file_hash(import.file.file_hash.str());
    for (const std::size_t row : rows) *batch.add_lines() = import.file.rows[row].batch_line;
    auto recording = Submit(context, deed);
    if (!recording) return Unexpected{recording.error()};
    import.transactions.push_back(ToHex(recording->transaction.id.view()));
    return std::move(recording->recorded.verified.lines);
  };
  auto outcomes = ImportSlips(import.file, send);
  if (!outcomes) return Unexpected{outcomes.error()};
  import.outcomes = std::move(*outcomes);
  return import;
}

void TellAsJson(const std::string& path, const Import& import) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < import.outcomes.size(); ++i) {
    const SlipRow& row = import.file.rows[i];
    const SlipOutcome& outcome = import.outcomes[i];
    rows.push_back({{"line", row.line},
                    {"serial", row.serial},
                    {"outcome", outcome.outcome},
                    {"finding", outcome.finding},
                    {"column", row.column},
                    {"reason", outcome.reason},
                    {"flags", FlagWords(outcome.flags)},
                    {"entry", outcome.entry}});
  }
  PrintJson({{"file", path},
             {"file_hash", ToHex(import.file.file_hash.view())},
             {"transactions", import.transactions},
             {"recorded", import.Count("recorded")},
             {"already_recorded", import.Count("already_recorded")},
             {"refused", import.Count("refused")},
             {"rows", rows}});
}

void Tell(Context& context, const Import& import) {
  Table table({context.Say(Text::kSerial), context.Say(Text::kOutcome), context.Say(Text::kFinding),
               context.Say(Text::kReason), context.Say(Text::kFlags)});
  for (std::size_t i = 0; i < import.outcomes.size(); ++i) {
    const SlipRow& row = import.file.rows[i];
    const SlipOutcome& outcome = import.outcomes[i];
    const std::string where = row.column.empty() ? "" : " (" + row.column + ")";
    table.Add({row.serial, outcome.outcome, outcome.finding + where, outcome.reason,
               FlagWords(outcome.flags)});
  }
  PrintText(table.Text());
  for (const char* outcome : {"recorded", "already_recorded", "refused"}) {
    PrintText(std::string(outcome) + " " + std::to_string(import.Count(outcome)));
  }
}

Result<Exit> ImportPaper(Context& context, const std::string& path) {
  const auto clerk = ClerkOf(context);
  if (!clerk) return Unexpected{clerk.error()};
  const auto import = Run(context, path, *clerk);
  if (!import) return Unexpected{import.error()};
  if (context.json()) {
    TellAsJson(path, *import);
  } else {
    Tell(context, *import);
  }
  const bool nothing = import->Count("refused") == import->outcomes.size();
  return nothing && !import->outcomes.empty() ? Exit::kRefused : Exit::kOk;
}

}  // namespace

void AddImportCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"import", "Files that offices keep", ""});
  auto path = std::make_shared<std::string>();
  CLI::App* paper =
      program.Add(*family,
                  {"paper", "Record a CSV file of paper slips in file order; UTF-8 or GB18030",
                   "timebank --as clerk-1 import paper slips.csv"},
                  [path](Context& context) { return ImportPaper(context, *path); });
  paper->add_option("FILE", *path, "slip_no, volunteer_no, elder_no, category, date, start, ...")
      ->required();
}

}  // namespace timebank::cli
