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

void PrintTables(const std::vector<v1::GetStatusResponse>& nodes, const DemoReport& report) {
  Table refused({"refused row", "line", "at step", "reason"});
  for (const RefusedRow& row : report.refused) {
    refused.Add({row.file + " " + row.id, std::to_string(row.line), row.step, row.reason});
  }
  if (!report.refused.empty()) PrintText("\n" + refused.Text());
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
  std::map<std::string, std::size_t> reasons;
  for (const RefusedRow& row : report.refused) ++reasons[row.reason];
  Table totals({"the pilot on the ledger", ""});
  totals.Add({"members", FormatCount(static_cast<std::int64_t>(report.members))});
  totals.Add({"visits credited or cooling", FormatCount(static_cast<std::int64_t>(report.visits))});
  totals.Add({"minutes credited",
              FormatCount(static_cast<std::int64_t>(nodes.front().credited_minutes()))});
  totals.Add({"redemptions captured", FormatCount(static_cast<std::int64_t>(report.redemptions))});
  totals.Add({"rows refused", FormatCount(static_cast<std::int64_t>(report.refused.size()))});
  for (const auto& [reason, count] : reasons) {
    totals.Add({"  " + reason, std::to_string(count)});
  }
  totals.Add({"signed transactions", FormatCount(static_cast<std::int64_t>(report.transactions))});
  totals.Add({"seconds", std::to_string(report.seconds)});
  PrintText("\n" + totals.Text());
  PrintText(
      "\nDEVELOPMENT network: its clock can be set and its keys are not encrypted. Next:\n"
      "  export TIMEBANK_CLUSTER=" +
      report.dir +
      "/cluster.json\n"
      "  build/dev/bin/timebank status\n"
      "  build/dev/bin/timebank --as M00001 balance\n"
      "  ./dev down --dir " +
      report.dir);
}

void PrintAsJson(const std::vector<v1::GetStatusResponse>& nodes, const DemoReport& report) {
  nlohmann::json refused = nlohmann::json::array();
  for (const RefusedRow& row : report.refused) {
    refused.push_back({{"file", row.file},
                       {"line", row.line},
                       {"id", row.id},
                       {"step", row.step},
                       {"reason", row.reason}});
  }
  nlohmann::json validators = nlohmann::json::array();
  for (const v1::GetStatusResponse& node : nodes) {
    validators.push_back({{"name", node.name()},
                          {"height", node.height()},
                          {"state_root", ToHex(AsBytes(node.state_root()))}});
  }
  nlohmann::json policy = nlohmann::json::object();
  for (const PolicyLine& line : report.policy) policy[line.name] = line.value;
  PrintJson({{"members", report.members},
             {"visits", report.visits},
             {"minutes_credited", nodes.front().credited_minutes()},
             {"redemptions", report.redemptions},
             {"transactions", report.transactions},
             {"seconds", report.seconds},
             {"refused", refused},
             {"policy", policy},
             {"nodes", validators},
             {"cluster", report.dir + "/cluster.json"}});
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
