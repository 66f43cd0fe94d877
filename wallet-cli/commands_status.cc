// `timebank status`: what every validator says of itself, side by side.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>

#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;
using Answer = client::Answer<v1::GetStatusResponse>;

constexpr std::size_t kRootDigits = 16;

std::vector<Answer> AskAll(client::Client& client) {
  std::vector<std::future<Answer>> calls;
  for (std::size_t i = 0; i < client.nodes().size(); ++i) {
    calls.push_back(std::async(std::launch::async, [&client, i] { return client.Status(i); }));
  }
  std::vector<Answer> answers;
  for (auto& call : calls) answers.push_back(call.get());
  return answers;
}

// "validator-3 +60.0 s, validator-4 -7.1 s": peers whose clocks are too far from this node's for
// them to vote for each other's blocks.
std::string ClocksApart(const v1::GetStatusResponse& status) {
  const auto most = static_cast<std::int64_t>(status.clock_skew_max_ms());
  std::string out;
  for (const v1::PeerStatus& peer : status.peers()) {
    const std::int64_t ahead_ms = peer.clock_ahead_ms();
    const std::int64_t size = std::abs(ahead_ms);
    if (!peer.reachable() || size <= most) continue;
    out.append(out.empty() ? "" : ", ").append(peer.name()).append(ahead_ms > 0 ? " +" : " -");
    out.append(std::to_string(size / 1000)).append(".");
    out.append(std::to_string(size % 1000 / 100)).append(" s");
  }
  return out;
}

// For programs and, as it is short, for people too.
std::string NameOf(v1::Voting voting) {
  if (voting == v1::VOTING_VOTES) return "yes";
  if (voting == v1::VOTING_NO_VALIDATOR) return "no_validator";
  if (voting == v1::VOTING_RESTORED) return "restored";
  if (voting == v1::VOTING_LOST_VOTES) return "lost_votes";
  return "unknown";  // a node of another version
}

Json JsonOfPeers(const v1::GetStatusResponse& status) {
  Json peers = Json::array();
  for (const v1::PeerStatus& peer : status.peers()) {
    peers.push_back({{"name", peer.name()},
                     {"reachable", peer.reachable()},
                     {"clock_ahead_ms", peer.clock_ahead_ms()}});
  }
  return peers;
}

Json JsonOfNode(const client::NodeAddress& node, const Answer& answer, std::int64_t offset) {
  if (!answer) {
    return {{"name", node.name},
            {"address", node.address},
            {"answers", false},
            {"error", answer.error().message}};
  }
  const v1::GetStatusResponse& status = *answer;
  return {{"name", node.name},
          {"address", node.address},
          {"answers", true},
          {"height", status.height()},
          {"state_root", ToHex(AsBytes(status.state_root()))},
          {"digest", ToHex(AsBytes(status.digest()))},
          {"log_size", status.log_size()},
          {"epoch", status.epoch()},
          {"view", status.view()},
          {"validators", status.validators()},
          {"needed", status.quorum()},
          {"reachable", status.reachable()},
          {"pool", status.pool_transactions()},
          {"accepting", status.accepting()},
          {"voting", NameOf(status.voting())},
          {"ledger_time", Rfc3339(status.ledger_time_ms(), offset)},
          {"ledger_time_ms", status.ledger_time_ms()},
          {"clock_offset_ms", status.clock_offset_ms()},
          {"clock_skew_max_ms", status.clock_skew_max_ms()},
          {"clocks_apart", ClocksApart(status)},
          {"peers", JsonOfPeers(status)},
          {"next_due_ms", status.next_due_ms()},
          {"members", status.members()},
          {"credited_minutes", status.credited_minutes()},
          {"version", status.version()},
          {"edition", status.edition()},
          {"edition_known", status.edition_known()},
          {"edition_to_come", status.edition_to_come()},
          {"edition_from_height", status.edition_from_height()},
          {"development", status.development()},
          {"chain_id", ToHex(AsBytes(status.chain_id()))}};
}

// The cause at the end of what gRPC says of a connection that failed.
std::string Short(const std::string& message) {
  constexpr std::string_view kCause = "UNKNOWN: ";
  const std::size_t at = message.rfind(kCause);
  return at == std::string::npos ? message : message.substr(at + kCause.size());
}

void PrintNodes(Context& context, const client::Client& client,
                const std::vector<Answer>& answers) {
  const std::int64_t offset = context.CivilOffset();
  Table table({"validator", "height", "state root", "view", "votes", "reachable", "pool",
               "ledger time", "version"});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string& name = client.nodes()[i].name;
    if (!answers[i]) {
      table.Add({name, "-", "-", "-", "-", "-", "-", "-", Short(answers[i].error().message)});
      continue;
    }
    const v1::GetStatusResponse& status = *answers[i];
    table.Add({name, std::to_string(status.height()),
               ToHex(AsBytes(status.state_root())).substr(0, kRootDigits),
               std::to_string(status.view()), NameOf(status.voting()),
               std::to_string(status.reachable()) + " of " + std::to_string(status.validators()) +
                   " (" + std::to_string(status.quorum()) + " needed)",
               std::to_string(status.pool_transactions()) + (status.accepting() ? "" : ", closed"),
               LocalTime(status.ledger_time_ms(), offset), status.version()});
  }
  PrintText(table.Text());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string apart = answers[i] ? ClocksApart(*answers[i]) : "";
    if (apart.empty()) continue;
    PrintText(client.nodes()[i].name + ": " + std::string(context.Say(Text::kClocksApart)) + " " +
              apart);
  }
  if (client.genesis().message.development()) PrintText(context.Say(Text::kDevelopment));
}

Result<Exit> ShowStatus(Context& context) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const std::vector<Answer> answers = AskAll(**client);
  std::size_t answering = 0;
  Json nodes = Json::array();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) ++answering;
    nodes.push_back(JsonOfNode((*client)->nodes()[i], answers[i], context.CivilOffset()));
  }
  if (context.json()) {
    PrintJson(nodes);
  } else {
    PrintNodes(context, **client, answers);
  }
  return answering == 0 ? Exit::kNotRecorded : Exit::kOk;
}

}  // namespace

void AddStatusCommands(CLI::App& app, Program& program) {
  program.Add(
      app, {"status", "Height, state root and reach of every validator", "timebank status --json"},
      ShowStatus);
}

}  // namespace timebank::cli
