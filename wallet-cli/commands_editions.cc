// Editions of the rules: what is in force, what every validator knows, and the council's word about
// the next one.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

// Blocks between the decision and the block that follows the new rules, where none are named.
constexpr std::uint64_t kNoticeBlocks = 1'000;

struct NodeStatus {
  std::string name;
  std::optional<v1::GetStatusResponse> status;  // empty: it does not answer
};

struct ScheduleOptions {
  std::string from_height;
  bool force = false;
};

Result<std::vector<NodeStatus>> AskNodes(Context& context) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  std::vector<NodeStatus> all;
  for (std::size_t i = 0; i < (*client)->nodes().size(); ++i) {
    const auto status = (*client)->Status(i);
    all.push_back({(*client)->nodes()[i].name,
                   status ? std::optional(*status) : std::optional<v1::GetStatusResponse>()});
  }
  return all;
}

// What the node that is furthest says.
Result<v1::GetStatusResponse> Newest(const std::vector<NodeStatus>& nodes) {
  std::optional<v1::GetStatusResponse> newest;
  for (const NodeStatus& node : nodes) {
    if (!node.status) continue;
    if (!newest || newest->height() < node.status->height()) newest = node.status;
  }
  if (!newest) return Unexpected{LocalFailure("no validator answers")};
  return *newest;
}

Result<Exit> Show(Context& context) {
  const auto nodes = AskNodes(context);
  if (!nodes) return Unexpected{nodes.error()};
  const auto newest = Newest(*nodes);
  if (!newest) return Unexpected{newest.error()};
  if (context.json()) {
    Json known = Json::object();
    for (const NodeStatus& node : *nodes) {
      known[node.name] = node.status ? Json(node.status->edition_known()) : Json();
    }
    PrintJson({{"height", newest->height()},
               {"edition", newest->edition()},
               {"to_come", newest->edition_to_come()},
               {"from_height", newest->edition_from_height()},
               {"known", known}});
    return Exit::kOk;
  }
  PrintText("edition " + std::to_string(newest->edition()) +
            " of the rules is in force after height " + std::to_string(newest->height()));
  if (newest->edition_to_come() > 0) {
    PrintText("edition " + std::to_string(newest->edition_to_come()) + " from block " +
              std::to_string(newest->edition_from_height()) + " on");
  }
  Table table({"validator", "knows up to", "version"});
  for (const NodeStatus& node : *nodes) {
    if (node.status) {
      table.Add({node.name, std::to_string(node.status->edition_known()), node.status->version()});
    } else {
      table.Add({node.name, "-", "does not answer"});
    }
  }
  PrintText(table.Text());
  return Exit::kOk;
}

// Who does not know the edition stops at its first block; without a quorum the ledger stands still.
Result<Done> RequireKnown(const std::vector<NodeStatus>& nodes, std::uint32_t edition) {
  std::string behind;
  for (const NodeStatus& node : nodes) {
    const bool knows = node.status && node.status->edition_known() >= edition;
    if (!knows) behind += " " + node.name;
  }
  if (behind.empty()) return Done{};
  return Unexpected{LocalFailure(
      "edition " + std::to_string(edition) + " is not known to, or no answer came from:" + behind,
      "install the newer release there first, one validator at a time; or say --force: these "
      "validators then stop at the first block of the new edition until they have it")};
}

Result<Exit> Schedule(Context& context, const ScheduleOptions& options) {
  const auto nodes = AskNodes(context);
  if (!nodes) return Unexpected{nodes.error()};
  const auto newest = Newest(*nodes);
  if (!newest) return Unexpected{newest.error()};
  const std::uint32_t edition = newest->edition() + 1;
  std::uint64_t height = newest->height() + kNoticeBlocks;
  if (!options.from_height.empty()) {
    const auto named = ParseNumber(options.from_height, "--from-height", {2, INT64_MAX});
    if (!named) return Unexpected{named.error()};
    height = static_cast<std::uint64_t>(*named);
  }
  if (!options.force) {
    const auto known = RequireKnown(*nodes, edition);
    if (!known) return Unexpected{known.error()};
  }
  Deed deed{.body = {}, .roles = {v1::ROLE_COUNCIL}};
  v1::ScheduleEdition& schedule = *deed.body.mutable_schedule_edition();
  schedule.set_edition(edition);
  schedule.set_height(height);
  return Record(context, deed);
}

Result<Exit> Withdraw(Context& context) {
  const auto nodes = AskNodes(context);
  if (!nodes) return Unexpected{nodes.error()};
  const auto newest = Newest(*nodes);
  if (!newest) return Unexpected{newest.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_COUNCIL}};
  deed.body.mutable_schedule_edition()->set_edition(newest->edition() + 1);
  deed.body.mutable_schedule_edition()->set_withdraw(true);
  return Record(context, deed);
}

}  // namespace

void AddEditionCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"editions", "Editions of the rules", ""});
  program.Add(*family,
              {"show", "The edition in force, the next one, and what every validator knows",
               "timebank editions show"},
              Show);
  auto options = std::make_shared<ScheduleOptions>();
  CLI::App* schedule = program.Add(
      *family,
      {"schedule", "Put the next edition in force from a height on",
       "timebank --as council-1 --with council-2 editions schedule --from-height 500000"},
      [options](Context& context) { return Schedule(context, *options); });
  schedule->add_option("--from-height", options->from_height,
                       "first block of the new edition (default: 1,000 from now)");
  schedule->add_flag("--force", options->force, "even if not every validator knows it yet");
  program.Add(*family,
              {"withdraw", "Take back the edition that is not in force yet",
               "timebank --as council-1 --with council-2 editions withdraw"},
              Withdraw);
}

}  // namespace timebank::cli
