// `timebank workload check`: whether every validator still proves what a run recorded.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "api/client/client.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/identity.h"
#include "wallet-cli/output.h"
#include "wallet-cli/workload/record_file.h"
#include "wallet-cli/workload/workload.h"

namespace timebank::cli {
namespace {

constexpr std::size_t kMissingShown = 10;
constexpr std::size_t kProgressEvery = 5'000;

struct Missing {
  std::string node;
  std::string id;
  std::string why;
};

struct Finding {
  std::mutex mutex;
  std::size_t missing = 0;
  std::vector<Missing> shown;  // the first kMissingShown
};

// All ids of one node, one after the other. Receipts of lists are for readers: `auditor`.
void AskNode(client::Client& client, const std::vector<Hash>& ids,
             const std::optional<client::Reader>& auditor, Finding& finding) {
  const std::string& node = client.nodes().front().name;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0 && i % kProgressEvery == 0) {
      std::fprintf(stderr, "%s: %zu of %zu\n", node.c_str(), i, ids.size());
    }
    auto recorded = client.GetReceipt(ids[i]);
    const bool is_list = !recorded && recorded.error().reason == v1::REASON_NO_TOKEN;
    if (is_list && auditor) recorded = client.GetReceipt(ids[i], {.reader = auditor});
    if (recorded) continue;
    const std::lock_guard lock(finding.mutex);
    ++finding.missing;
    if (finding.shown.size() >= kMissingShown) continue;
    finding.shown.push_back({node, ToHex(ids[i].view()), recorded.error().message});
  }
}

void PrintFinding(const Finding& finding, std::size_t ids, std::size_t nodes, bool json) {
  if (json) {
    nlohmann::json missing = nlohmann::json::array();
    for (const Missing& one : finding.shown) {
      missing.push_back({{"node", one.node}, {"id", one.id}, {"why", one.why}});
    }
    return PrintJson({{"transactions", ids},
                      {"nodes", nodes},
                      {"missing", finding.missing},
                      {"first_missing", missing}});
  }
  Table table({"record", ""});
  table.Add({"transactions", FormatCount(static_cast<std::int64_t>(ids))});
  table.Add({"validators asked for each", std::to_string(nodes)});
  table.Add({"receipts missing", std::to_string(finding.missing)});
  for (const Missing& one : finding.shown) table.Add({"  " + one.node + " " + one.id, one.why});
  PrintText(table.Text());
}

}  // namespace

int CheckRecord(const std::string& cluster_path, const std::string& record, bool json) {
  const auto fail = [json](const std::string& what) {
    return PrintFailure({Exit::kLocal, "", what, ""}, json);
  };
  const auto cluster = ReadCluster(cluster_path);
  if (!cluster) return fail(cluster.error());
  const auto genesis = platform::ReadFile(cluster->genesis);
  if (!genesis) return fail(genesis.error());
  const auto ids = RecordFile::Read(record);
  if (!ids) return fail(ids.error());
  std::vector<std::unique_ptr<client::Client>> clients;
  for (const client::NodeAddress& node : cluster->Addresses()) {
    client::ClientOptions options;
    options.genesis = ToString(*genesis);
    options.nodes = {node};
    auto client = client::Client::Open(std::move(options));
    if (!client) return fail(client.error());
    clients.push_back(std::move(*client));
  }
  const IdentityStore store(cluster->identities_dir, platform::PassphraseIs(""), true);
  const auto auditor = store.Open("auditor-1");
  std::optional<client::Reader> reader;
  if (auditor && auditor->key && !auditor->offices.empty()) {
    const Office& office = auditor->offices.front();
    reader = client::Reader{auditor->member, office.role, office.org, &*auditor->key};
  }
  Finding finding;
  std::vector<std::thread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&] { AskNode(*client, *ids, reader, finding); });
  }
  for (std::thread& thread : threads) thread.join();
  PrintFinding(finding, ids->size(), clients.size(), json);
  return static_cast<int>(finding.missing == 0 ? Exit::kOk : Exit::kNotVerified);
}

}  // namespace timebank::cli
