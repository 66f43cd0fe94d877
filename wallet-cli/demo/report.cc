#include "wallet-cli/demo/report.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/bytes.h"
#include "platform/clock.h"
#include "wallet-cli/output.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kAgreePatienceMs = 15'000;

bool Agree(const std::vector<v1::GetStatusResponse>& nodes) {
  for (const v1::GetStatusResponse& node : nodes) {
    if (node.height() != nodes.front().height() ||
        node.state_root() != nodes.front().state_root()) {
      return false;
    }
  }
  return !nodes.empty();
}

Expected<std::vector<v1::GetStatusResponse>, std::string> AskAll(client::Client& client,
                                                                 const Cluster& cluster) {
  const std::uint64_t end = platform::MonotonicMs() + kAgreePatienceMs;
  for (;;) {
    std::vector<v1::GetStatusResponse> nodes;
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
      const auto status = client.Status(i);
      if (!status) return Unexpected{cluster.nodes[i].name + ": " + status.error().message};
      nodes.push_back(*status);
    }
    if (Agree(nodes)) return nodes;
    if (platform::MonotonicMs() > end) {
      return Unexpected{std::string("the validators do not stand at one height and state root")};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string Count(std::uint64_t count) { return FormatCount(static_cast<std::int64_t>(count)); }

// Approved, and waiting for the end of cooling-off or for a review.
std::int64_t Cooling(const v1::GetStatusResponse& node, const DemoReport& report) {
  return report.approved_minutes - static_cast<std::int64_t>(node.credited_minutes());
}

void PrintRows(const DemoReport& report) {
  Table refused({"refused row", "line", "at step", "reason"});
  for (const RefusedRow& row : report.refused) {
    refused.Add({row.file + " " + row.id, std::to_string(row.line), row.step, row.reason});
  }
  if (!report.refused.empty()) PrintText("\n" + refused.Text());
  Table in_part({"row credited in part", "line", "minutes", "credited"});
  for (const CreditedInPart& row : report.in_part) {
    in_part.Add({"entries.csv " + row.entry_number, std::to_string(row.line),
                 std::to_string(row.minutes), std::to_string(row.credited)});
  }
  if (!report.in_part.empty()) {
    PrintText("\n" + in_part.Text());
    PrintText("  a visit is credited up to what was ordered and the tolerance of 15 minutes");
  }
  Table meals({"refused redemption of", "at step", "reason"});
  for (const RefusedRedemption& one : report.redemptions.refused) {
    meals.Add({one.elder, one.step, one.reason});
  }
  if (!report.redemptions.refused.empty()) PrintText("\n" + meals.Text());
}

void PrintTotals(const v1::GetStatusResponse& node, const DemoReport& report) {
  std::map<std::string, std::size_t> reasons;
  for (const RefusedRow& row : report.refused) ++reasons[row.reason];
  Table totals({"the pilot on the ledger", ""});
  totals.Add({"members", Count(report.members)});
  totals.Add({"staff beyond the data", Count(report.staff)});
  totals.Add({"visits credited or cooling", Count(report.visits)});
  totals.Add({"minutes credited", Count(node.credited_minutes())});
  totals.Add({"  of rows not refused", FormatCount(report.row_minutes)});
  if (report.row_minutes != report.approved_minutes) {
    const std::int64_t cut = report.row_minutes - report.approved_minutes;
    totals.Add({"  beyond what was ordered, not credited", FormatCount(cut)});
  }
  if (Cooling(node, report) != 0) {
    totals.Add({"  cooling or under review", FormatCount(Cooling(node, report))});
  }
  totals.Add({"redemptions captured", Count(report.redemptions.captured)});
  if (!report.redemptions.refused.empty()) {
    totals.Add({"redemptions refused", Count(report.redemptions.refused.size())});
  }
  totals.Add({"rows refused", Count(report.refused.size())});
  for (const auto& [reason, count] : reasons) {
    totals.Add({"  " + reason, std::to_string(count)});
  }
  totals.Add({"signed transactions", Count(report.transactions)});
  totals.Add({"seconds", std::to_string(report.seconds)});
  PrintText("\n" + totals.Text());
  if (!report.data_note.empty()) PrintText("  " + report.data_note);
}

void PrintTables(const std::vector<v1::GetStatusResponse>& nodes, const DemoReport& report) {
  PrintRows(report);
  Table policy({"policy of this demo", "value", "why"});
  for (const PolicyLine& line : report.policy) {
    policy.Add({line.name, std::to_string(line.value), line.why});
  }
  PrintText("\n" + policy.Text());
  Table validators({"validator", "height", "state root"});
  for (const v1::GetStatusResponse& node : nodes) {
    validators.Add({node.name(), std::to_string(node.height()), ToHex(AsBytes(node.state_root()))});
  }
  PrintText("\n" + validators.Text());
  PrintTotals(nodes.front(), report);
  PrintText(
      "\nDEVELOPMENT network: its clock can be set and its keys are not encrypted. Next:\n"
      "  export TIMEBANK_CLUSTER=" +
      report.dir + "/cluster.json\n  " + report.program + " status\n  " + report.program +
      " --as " + report.identity + " balance\n  " + report.program + " dev down --dir " +
      report.dir);
}

nlohmann::json RowsAsJson(const DemoReport& report) {
  nlohmann::json refused = nlohmann::json::array();
  for (const RefusedRow& row : report.refused) {
    refused.push_back({{"file", row.file},
                       {"line", row.line},
                       {"id", row.id},
                       {"step", row.step},
                       {"reason", row.reason}});
  }
  nlohmann::json in_part = nlohmann::json::array();
  for (const CreditedInPart& row : report.in_part) {
    in_part.push_back({{"line", row.line},
                       {"id", row.entry_number},
                       {"minutes", row.minutes},
                       {"credited", row.credited}});
  }
  nlohmann::json meals = nlohmann::json::array();
  for (const RefusedRedemption& one : report.redemptions.refused) {
    meals.push_back({{"elder", one.elder}, {"step", one.step}, {"reason", one.reason}});
  }
  return {{"refused", refused}, {"credited_in_part", in_part}, {"redemptions_refused", meals}};
}

void PrintAsJson(const std::vector<v1::GetStatusResponse>& nodes, const DemoReport& report) {
  nlohmann::json validators = nlohmann::json::array();
  for (const v1::GetStatusResponse& node : nodes) {
    validators.push_back({{"name", node.name()},
                          {"height", node.height()},
                          {"state_root", ToHex(AsBytes(node.state_root()))}});
  }
  nlohmann::json policy = nlohmann::json::object();
  for (const PolicyLine& line : report.policy) policy[line.name] = line.value;
  nlohmann::json out = RowsAsJson(report);
  out.update({{"members", report.members},
              {"staff", report.staff},
              {"visits", report.visits},
              {"minutes_credited", nodes.front().credited_minutes()},
              {"minutes_of_rows", report.row_minutes},
              {"minutes_beyond_order", report.row_minutes - report.approved_minutes},
              {"minutes_cooling", Cooling(nodes.front(), report)},
              {"redemptions", report.redemptions.captured},
              {"transactions", report.transactions},
              {"seconds", report.seconds},
              {"policy", policy},
              {"nodes", validators},
              {"data", report.data},
              {"data_note", report.data_note},
              {"cluster", report.dir + "/cluster.json"}});
  PrintJson(out);
}

}  // namespace

Expected<bool, std::string> PrintReport(client::Client& client, const Cluster& cluster,
                                        const DemoReport& report, bool json) {
  const auto nodes = AskAll(client, cluster);
  if (!nodes) return Unexpected{nodes.error()};
  if (json) {
    PrintAsJson(*nodes, report);
  } else {
    PrintTables(*nodes, report);
  }
  return true;
}

}  // namespace timebank::cli
