// `timebank import paper`: a clerk's file of paper slips as batches, row by row what became of it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/file.h"
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
  std::vector<std::string> envelopes;  // files, with --sign-only
  std::size_t Count(const std::string& outcome) const {
    return static_cast<std::size_t>(std::ranges::count(outcomes, outcome, &SlipOutcome::outcome));
  }
};

Deed BatchOf(const Clerk& clerk, const SlipFile& file, std::span<const std::size_t> rows) {
  Deed deed{.body = {}, .roles = {v1::ROLE_CLERK}, .at = clerk.org, .signer = clerk.name};
  v1::PaperBatch& batch = *deed.body.mutable_paper_batch();
  batch.set_org(clerk.org.str());
  batch.set_file_hash(file.file_hash.str());
  for (const std::size_t row : rows) *batch.add_lines() = file.rows[row].batch_line;
  return deed;
}

// --sign-only FILE: the envelope of the first batch in FILE, of further ones in FILE.2, FILE.3.
// Nothing is sent, so of rows that can be sent nothing is known but that they are signed for.
Result<Done> SignOnly(Context& context, const Clerk& clerk, Import& import) {
  for (const SlipRow& row : import.file.rows) {
    const bool good = row.finding.empty();
    import.outcomes.push_back({good ? "signed" : "refused", row.finding, "", 0, ""});
  }
  for (const std::vector<std::size_t>& rows : PlanBatches(import.file.rows)) {
    const auto transaction = Sign(context, BatchOf(clerk, import.file, rows));
    if (!transaction) return Unexpected{transaction.error()};
    std::string path = context.options().sign_only;
    if (!import.envelopes.empty()) path += "." + std::to_string(import.envelopes.size() + 1);
    const auto written = platform::WriteFileAtomically(path, AsBytes(transaction->envelope));
    if (!written) return Unexpected{LocalFailure(written.error())};
    import.envelopes.push_back(path);
    import.transactions.push_back(ToHex(transaction->id.view()));
  }
  return Done{};
}

Result<Import> Run(Context& context, const std::string& path, const Clerk& clerk) {
  const IdentityStore store = context.Identities();
  const FindParty find = [&store](const std::string& number) -> std::optional<SlipParty> {
    const auto identity = store.OpenPublic(number);
    if (!identity) return std::nullopt;
    return SlipParty{identity->member, identity->home};
  };
  auto file = ReadSlips(path, clerk.org, context.CivilOffset(), find);
  if (!file) return Unexpected{LocalFailure(file.error())};
  Import import{std::move(*file), {}, {}, {}};
  if (!context.options().sign_only.empty()) {
    const auto kept = SignOnly(context, clerk, import);
    if (!kept) return Unexpected{kept.error()};
    return import;
  }
  const SendBatch send =
      [&](std::span<const std::size_t> rows) -> Result<std::vector<v1::EffectsLine>> {
    auto recording = Submit(context, BatchOf(clerk, import.file, rows));
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
             {"envelopes", import.envelopes},
             {"signed", import.Count("signed")},
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
  for (const std::string& path : import.envelopes) PrintText("envelope " + path);
  for (const char* outcome : {"signed", "recorded", "already_recorded", "refused"}) {
    const bool shown = import.envelopes.empty() != (outcome == std::string("signed"));
    if (shown) PrintText(std::string(outcome) + " " + std::to_string(import.Count(outcome)));
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
