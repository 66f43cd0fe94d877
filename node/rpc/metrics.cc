#include "node/rpc/metrics.h"

#include <sys/resource.h>

#include <ctime>
#include <string_view>
#include <utility>

#include "api/client/reasons.h"

namespace timebank::rpc {

namespace {

std::uint64_t ProcessCpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

class Text {
 public:
  void Head(std::string_view name, std::string_view kind, std::string_view help) {
    out_.append("# HELP timebank_").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE timebank_").append(name).append(" ").append(kind).append("\n");
  }
  void Value(std::string_view name, std::string_view labels, const std::string& value) {
    out_.append("timebank_").append(name);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(value).append("\n");
  }
  void One(std::string_view name, std::string_view kind, std::string_view help,
           std::uint64_t value) {
    Head(name, kind, help);
    Value(name, "", std::to_string(value));
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Microseconds as decimal seconds, in integers.
std::string Seconds(std::uint64_t microseconds) {
  std::string fraction = std::to_string(microseconds % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(microseconds / 1'000'000) + "." + fraction;
}

void AddCpu(Text& text, const Metrics& metrics) {
  constexpr std::array<std::string_view, kStages> kLabels = {
      R"(stage="verify")", R"(stage="replica")", R"(stage="storage")"};
  text.Head("cpu_seconds_total", "counter", "Processor time by stage; rpc is all the rest.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kStages; ++i) {
    const std::uint64_t stage = metrics.cpu_us[i];
    sum += stage;
    text.Value("cpu_seconds_total", kLabels[i], Seconds(stage));
  }
  const std::uint64_t total = ProcessCpuUs();
  text.Value("cpu_seconds_total", R"(stage="rpc")", Seconds(total > sum ? total - sum : 0));
}

}  // namespace

std::uint64_t ThreadCpuUs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

void Metrics::CountRefusal(v1::Reason reason) {
  const std::scoped_lock lock(mutex_);
  ++refused_[reason];
}

std::map<v1::Reason, std::uint64_t> Metrics::refusals() const {
  const std::scoped_lock lock(mutex_);
  return refused_;
}

void Metrics::CountSync(std::uint64_t microseconds) {
  ++log_syncs;
  log_sync_us += microseconds;
  std::uint64_t longest = log_sync_us_max;
  while (microseconds > longest && !log_sync_us_max.compare_exchange_weak(longest, microseconds)) {
  }
}

std::string MetricsText(const Metrics& metrics, const Gauges& gauges) {
  Text text;
  text.Head("info", "gauge", "The node.");
  text.Value("info", "name=\"" + gauges.name + "\"", "1");
  text.One("height", "gauge", "Last final block.", gauges.height);
  text.One("epoch", "gauge", "Current epoch.", gauges.epoch);
  text.One("view", "gauge", "Current view.", gauges.view);
  text.One("log_size", "gauge", "Leaves of the transaction log.", gauges.log_size);
  text.One("pool_transactions", "gauge", "Admitted, not final yet.", gauges.pool_transactions);
  text.One("pool_bytes", "gauge", "Bytes of the pool.", gauges.pool_bytes);
  text.One("inbox", "gauge", "Submissions waiting for the replica.", gauges.inbox);
  text.One("evidence_pending", "gauge", "Proofs of double voting that no final block holds yet.",
           gauges.evidence_pending);
  text.One("evidence_recorded", "gauge",
           "Proofs of double voting in final blocks, of this epoch and the one before.",
           gauges.evidence_recorded);
  text.One("validators", "gauge", "Size of the validator set.", gauges.validators);
  text.One("validators_reachable", "gauge", "Heard from lately, this one included.",
           gauges.reachable);
  text.One("accepting", "gauge", "1 while new transactions are accepted.",
           gauges.accepting ? 1 : 0);
  text.One("final_transactions_total", "counter", "Transactions that became final.",
           metrics.final_transactions);
  text.One("final_blocks_total", "counter", "Blocks that became final.", metrics.final_blocks);
  text.One("submitted_total", "counter", "Transactions that clients sent.", metrics.submitted);
  text.One("peer_messages_total", "counter", "Messages from peers.", metrics.peer_messages);
  text.One("peer_drops_total", "counter", "Messages to peers lost to full queues.",
           metrics.peer_drops);
  text.One("peer_faults_total", "counter", "Peers cut off for misbehaviour.", metrics.peer_faults);
  text.Head("refused_total", "counter", "Refusals by reason.");
  for (const auto& [reason, count] : metrics.refusals()) {
    text.Value("refused_total", "reason=\"" + client::NameOf(reason) + "\"", std::to_string(count));
  }
  text.Head("log_sync_seconds", "summary", "Synced writes of the node log.");
  text.Value("log_sync_seconds_sum", "", Seconds(metrics.log_sync_us));
  text.Value("log_sync_seconds_count", "", std::to_string(metrics.log_syncs));
  text.Head("log_sync_seconds_max", "gauge", "The slowest since the start.");
  text.Value("log_sync_seconds_max", "", Seconds(metrics.log_sync_us_max));
  AddCpu(text, metrics);
  return text.Take();
}

}  // namespace timebank::rpc
