#include "wallet-cli/workload/workload.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "api/client/client.h"
#include "api/client/reasons.h"
#include "chain/genesis.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/failure.h"
#include "wallet-cli/identity.h"
#include "wallet-cli/output.h"
#include "wallet-cli/workload/measure.h"
#include "wallet-cli/workload/mix.h"
#include "wallet-cli/workload/record_file.h"

namespace timebank::cli {
namespace {

struct Numbers {
  MixResult mix;
  double seconds = 0;
  std::uint32_t p50_us = 0;
  std::uint32_t p95_us = 0;
  std::uint32_t p99_us = 0;
  std::uint32_t lone_p50_us = 0;
  std::uint64_t pause_us = 0;  // the longest time without a final transaction
  std::uint64_t fdatasync_us = 0;
  std::uint64_t verifies_per_second = 0;
  std::size_t replicas = 0;
  std::map<std::string, double> cpu;

  [[nodiscard]] double Rate() const {
    return seconds > 0 ? static_cast<double>(mix.final) / seconds : 0;
  }
  // cores x verify rate / replicas: every replica verifies every signature.
  [[nodiscard]] double Ceiling() const {
    return static_cast<double>(verifies_per_second * std::thread::hardware_concurrency()) /
           static_cast<double>(replicas);
  }
};

void Merge(MixResult& total, MixResult part) {
  total.final += part.final;
  total.invalid_refused += part.invalid_refused;
  total.invalid_accepted += part.invalid_accepted;
  total.valid_refused += part.valid_refused;
  for (const auto& [reason, count] : part.refusals) total.refusals[reason] += count;
  for (const auto& [op, count] : part.by_op) total.by_op[op] += count;
  total.latencies_us.insert(total.latencies_us.end(), part.latencies_us.begin(),
                            part.latencies_us.end());
  total.final_at_us.insert(total.final_at_us.end(), part.final_at_us.begin(),
                           part.final_at_us.end());
  total.failovers += part.failovers;
  total.unanswered += part.unanswered;
  if (total.broken.empty()) total.broken = part.broken;
}

// Between two final transactions: the time that the first window takes is no pause.
std::uint64_t LongestPause(std::vector<std::uint64_t>& final_at_us) {
  std::sort(final_at_us.begin(), final_at_us.end());
  std::uint64_t longest = 0;
  for (std::size_t i = 1; i < final_at_us.size(); ++i) {
    longest = std::max(longest, final_at_us[i] - final_at_us[i - 1]);
  }
  return longest;
}

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options) : options_(options) {}

  // Of the command line and this machine, before anything is sent.
  Result<Done> Prepare() {
    if (auto opened = Open(); !opened) return opened;
    if (!options_.record.empty()) {
      auto record = RecordFile::Create(options_.record);
      if (!record) return Unexpected{LocalFailure(record.error())};
      record_ = std::move(*record);
    }
    return AskOffset();
  }

  Expected<Numbers, std::string> Run() {
    Say("building a community of its own; the network's clock moves about two months ahead");
    auto world = BuildWorld(*stage_, district_, officers_, {.members = options_.members},
                            [](const std::string& what) { Say("  " + what); });
    if (!world) return Unexpected{world.error()};
    world_ = std::move(*world);
    Numbers numbers;
    numbers.replicas = cluster_.nodes.size();
    numbers.verifies_per_second = VerifiesPerSecond();
    numbers.fdatasync_us = FdatasyncMedianUs(cluster_.nodes.front().dir, 200);
    if (auto lone = Lone(numbers); !lone) return Unexpected{lone.error()};
    Measure(numbers);
    return numbers;
  }

 private:
  static void Say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

  Result<Done> Open() {
    auto cluster = ReadCluster(options_.cluster_path);
    if (!cluster) return Unexpected{LocalFailure(cluster.error())};
    cluster_ = std::move(*cluster);
    auto bytes = platform::ReadFile(cluster_.genesis);
    if (!bytes) return Unexpected{LocalFailure(bytes.error())};
    genesis_bytes_ = ToString(*bytes);
    auto genesis = chain::ParseGenesis(ByteView(*bytes));
    if (!genesis) return Unexpected{LocalFailure(cluster_.genesis + " is no valid genesis")};
    if (!genesis->message.development()) {
      const auto error = client::MakeError(v1::REASON_NOT_DEVELOPMENT,
                                           "a workload moves the clock and makes up members");
      return Unexpected{FailureOf(error, options_.language)};
    }
    genesis_ = std::move(*genesis);
    const std::string dev_key_path = platform::DirectoryOf(cluster_.genesis) + "/dev.key";
    auto dev_key =
        platform::OpenKeyFile(dev_key_path, platform::PassphraseIs(""), {.allow_plain = true});
    if (!dev_key) return Unexpected{LocalFailure(dev_key.error().text)};
    dev_key_ = *dev_key;
    const IdentityStore store(cluster_.identities_dir, platform::PassphraseIs(""), true);
    for (const char* name : {"regulator-1", "finance-1", "clerk-1", "assessor-1"}) {
      auto officer = store.Open(name);
      if (!officer) return Unexpected{LocalFailure(officer.error())};
      district_ = officer->offices.front().org;
      officers_.push_back(std::move(*officer));
    }
    return Done{};
  }

  // The nodes know their clock; cluster.json may be of before a run that was interrupted. From here
  // on it follows each move.
  Result<Done> AskOffset() {
    client::ClientOptions client_options;
    client_options.genesis = genesis_bytes_;
    client_options.nodes = cluster_.Addresses();
    const auto client = client::Client::Open(client_options);
    if (!client) return Unexpected{LocalFailure(client.error())};
    std::optional<std::int64_t> offset_ms;
    client::Error silent;
    for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) {
      const auto status = (*client)->Status(i);
      if (!status) {
        silent = status.error();
      } else {
        offset_ms =
            std::max(offset_ms.value_or(status->clock_offset_ms()), status->clock_offset_ms());
      }
    }
    if (!offset_ms) return Unexpected{FailureOf(silent, options_.language)};
    stage_ = std::make_unique<Stage>(cluster_.Addresses(), *genesis_, *dev_key_, *offset_ms);
    const auto now = (*client)->LedgerNow();
    if (!now) return Unexpected{FailureOf(now.error(), options_.language)};
    stage_->UseChain((*client)->chain_id());
    stage_->OnMoved([this](std::int64_t moved_to) { SaveOffset(moved_to); });
    SaveOffset(*offset_ms);
    return Done{};
  }

  void SaveOffset(std::int64_t offset_ms) {
    if (cluster_.offset_ms == offset_ms) return;
    cluster_.offset_ms = offset_ms;
    const auto saved = WriteCluster(options_.cluster_path, cluster_);
    if (!saved) Say("the clock's offset could not be noted: " + saved.error());
  }

  // One transaction at a time: submit to verified proof with nothing else going on.
  Expected<bool, std::string> Lone(Numbers& numbers) {
    std::vector<std::uint32_t> times;
    for (std::uint32_t i = 0; i < options_.lone; ++i) {
      v1::TransactionBody body;
      const std::size_t who = i % world_.earners;
      body.mutable_transfer()->set_to(world_.elders[who].member.str());
      body.mutable_transfer()->set_minutes(1);
      const auto transaction = stage_->Sign({AsMember(world_.volunteers[who])}, body);
      const std::uint64_t began = platform::MonotonicUs();
      const auto result = stage_->Play(std::span(&transaction, 1));
      if (!result) return Unexpected{result.error()};
      if (!result->front().final) {
        return Unexpected{"a lone transfer: " + v1::Reason_Name(result->front().reason)};
      }
      times.push_back(static_cast<std::uint32_t>(platform::MonotonicUs() - began));
    }
    numbers.lone_p50_us = Percentile(times, 500);
    return true;
  }

  void Measure(Numbers& numbers) {
    const std::size_t workers = options_.workers == 0 ? cluster_.nodes.size() : options_.workers;
    Say("measuring for " + std::to_string(options_.seconds) + " s with " + std::to_string(workers) +
        " streams");
    const auto cpu_before = CpuByStage(cluster_);
    std::atomic<bool> stop{false};
    std::vector<MixResult> results(workers);
    std::vector<std::thread> threads;
    const OnFinal on_final =
        record_ ? OnFinal([this](const Hash& id, Height height) { record_->Add(id, height); })
                : OnFinal();
    const std::uint64_t began = platform::MonotonicUs();
    for (std::size_t i = 0; i < workers; ++i) {
      threads.emplace_back([&, i] {
        MixWorker worker(world_, *genesis_, stage_->offset_ms(),
                         {.chain_id = stage_->chain_id(),
                          .nodes = cluster_.Addresses(),
                          .on_final = on_final,
                          .worker = i,
                          .workers = workers,
                          .window = options_.window,
                          .rate = options_.rate,
                          .seed = options_.seed});
        results[i] = worker.Run(stop);
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(options_.seconds));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    numbers.seconds = static_cast<double>(platform::MonotonicUs() - began) / 1e6;
    for (MixResult& result : results) Merge(numbers.mix, std::move(result));
    numbers.pause_us = LongestPause(numbers.mix.final_at_us);
    numbers.p50_us = Percentile(numbers.mix.latencies_us, 500);
    numbers.p95_us = Percentile(numbers.mix.latencies_us, 950);
    numbers.p99_us = Percentile(numbers.mix.latencies_us, 990);
    numbers.cpu = CpuByStage(cluster_);
    for (const auto& [stage, seconds] : cpu_before) numbers.cpu[stage] -= seconds;
  }

  const WorkloadOptions options_;
  Cluster cluster_;
  std::string genesis_bytes_;
  std::optional<chain::Genesis> genesis_;
  std::optional<crypto::SecretKey> dev_key_;
  OrgId district_;
  std::vector<Identity> officers_;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<RecordFile> record_;
  World world_;
};

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

void PrintNumbers(const Numbers& n) {
  Table table({"workload", ""});
  table.Add({"final signed transactions", FormatCount(static_cast<std::int64_t>(n.mix.final))});
  table.Add({"seconds, until the last was answered", Fixed(n.seconds, 1)});
  table.Add({"final signed transactions a second", Fixed(n.Rate(), 0)});
  table.Add({"share of the signature ceiling of " + Fixed(n.Ceiling(), 0) + "/s",
             Fixed(100 * n.Rate() / n.Ceiling(), 1) + "%"});
  table.Add({"submit to verified receipt p50 / p95 / p99", Fixed(n.p50_us / 1e3, 1) + " / " +
                                                               Fixed(n.p95_us / 1e3, 1) + " / " +
                                                               Fixed(n.p99_us / 1e3, 1) + " ms"});
  table.Add({"longest pause between final transactions",
             Fixed(static_cast<double>(n.pause_us) / 1e3, 0) + " ms"});
  table.Add({"a lone transaction p50", Fixed(n.lone_p50_us / 1e3, 2) + " ms"});
  table.Add({"  4 x fdatasync p50 (" + Fixed(static_cast<double>(n.fdatasync_us) / 1e3, 2) +
                 " ms) + 10 ms",
             Fixed(4.0 * static_cast<double>(n.fdatasync_us) / 1e3 + 10, 2) + " ms"});
  table.Add(
      {"invalid refused / accepted", FormatCount(static_cast<std::int64_t>(n.mix.invalid_refused)) +
                                         " / " + std::to_string(n.mix.invalid_accepted)});
  table.Add({"valid refused", std::to_string(n.mix.valid_refused)});
  for (const auto& [reason, count] : n.mix.refusals) {
    table.Add({"  " + reason, std::to_string(count)});
  }
  for (const auto& [op, count] : n.mix.by_op) {
    table.Add({"final: " + op, FormatCount(static_cast<std::int64_t>(count))});
  }
  double cpu = 0;
  for (const auto& [stage, seconds] : n.cpu) cpu += seconds;
  for (const auto& [stage, seconds] : n.cpu) {
    table.Add({"validators' CPU: " + stage,
               Fixed(seconds, 1) + " s, " + Fixed(cpu > 0 ? 100 * seconds / cpu : 0, 0) + "%"});
  }
  if (n.mix.failovers > 0) {
    table.Add({"streams that went on at another node", std::to_string(n.mix.failovers)});
    table.Add({"  the first because of", n.mix.broken});
  }
  if (n.mix.unanswered > 0) {
    table.Add({"unanswered at the end", std::to_string(n.mix.unanswered)});
  }
  PrintText(table.Text());
}

void PrintNumbersJson(const Numbers& n) {
  PrintJson({{"final", n.mix.final},
             {"seconds", n.seconds},
             {"rate", n.Rate()},
             {"ceiling", n.Ceiling()},
             {"p50_ms", n.p50_us / 1e3},
             {"p95_ms", n.p95_us / 1e3},
             {"p99_ms", n.p99_us / 1e3},
             {"lone_p50_ms", n.lone_p50_us / 1e3},
             {"fdatasync_p50_ms", static_cast<double>(n.fdatasync_us) / 1e3},
             {"invalid_refused", n.mix.invalid_refused},
             {"invalid_accepted", n.mix.invalid_accepted},
             {"valid_refused", n.mix.valid_refused},
             {"refusals", n.mix.refusals},
             {"by_operation", n.mix.by_op},
             {"cpu_seconds", n.cpu},
             {"pause_ms", static_cast<double>(n.pause_us) / 1e3},
             {"failovers", n.mix.failovers},
             {"unanswered", n.mix.unanswered},
             {"broken", n.mix.broken}});
}

}  // namespace

int RunWorkload(const WorkloadOptions& options) {
  Workload workload(options);
  if (const auto ready = workload.Prepare(); !ready) {
    return PrintFailure(ready.error(), options.json, options.language);
  }
  auto numbers = workload.Run();
  if (!numbers) {
    return PrintFailure({Exit::kNotRecorded,
                         "",
                         numbers.error(),
                         "`timebank status` shows the nodes; their logs are in <node>/node.log",
                         {}},
                        options.json, options.language);
  }
  if (options.json) {
    PrintNumbersJson(*numbers);
  } else {
    PrintNumbers(*numbers);
  }
  return static_cast<int>(numbers->mix.invalid_accepted == 0 ? Exit::kOk : Exit::kNotVerified);
}

}  // namespace timebank::cli
