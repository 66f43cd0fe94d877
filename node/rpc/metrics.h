// Counters that every part of a node adds to, read by the metrics endpoint. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "timebank/v1/vocabulary.pb.h"

namespace timebank::rpc {

// Where a node's processor time goes. What is in none of these (gRPC, TLS, peers, parsing,
// receipts) is the process's total minus their sum and is reported as "rpc".
enum class Stage : std::uint8_t {
  kVerify,   // signatures
  kReplica,  // consensus and Apply, without storage
  kStorage,  // log and database
};
inline constexpr std::size_t kStages = 3;

struct Metrics {
  std::array<std::atomic<std::uint64_t>, kStages> cpu_us{};
  std::atomic<std::uint64_t> final_transactions{0};
  std::atomic<std::uint64_t> final_blocks{0};
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> peer_messages{0};
  std::atomic<std::uint64_t> peer_drops{0};   // queue of a link full
  std::atomic<std::uint64_t> peer_faults{0};  // disconnected for misbehaviour
  std::atomic<std::uint64_t> log_syncs{0};
  std::atomic<std::uint64_t> log_sync_us{0};  // sum of their wall time
  std::atomic<std::uint64_t> log_sync_us_max{0};

  void CountRefusal(v1::Reason reason);
  [[nodiscard]] std::map<v1::Reason, std::uint64_t> refusals() const;
  void CountSync(std::uint64_t microseconds);

 private:
  mutable std::mutex mutex_;
  std::map<v1::Reason, std::uint64_t> refused_;
};

// Processor time of the calling thread so far.
[[nodiscard]] std::uint64_t ThreadCpuUs();

// Adds the calling thread's processor time between construction and destruction to a stage.
class StageTimer {
 public:
  StageTimer(Metrics* metrics, Stage stage)
      : metrics_(metrics), stage_(stage), began_us_(ThreadCpuUs()) {}
  ~StageTimer() { metrics_->cpu_us[static_cast<std::size_t>(stage_)] += ThreadCpuUs() - began_us_; }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  Metrics* const metrics_;
  const Stage stage_;
  const std::uint64_t began_us_;
};

// What changes too often to be counted: sampled when the endpoint is asked.
struct Gauges {
  std::string name;
  std::uint64_t height = 0;
  std::uint64_t view = 0;
  std::uint64_t epoch = 0;
  std::uint64_t log_size = 0;
  std::uint64_t pool_transactions = 0;
  std::uint64_t pool_bytes = 0;
  std::uint64_t inbox = 0;
  std::uint64_t evidence_pending = 0;
  std::uint64_t evidence_recorded = 0;
  std::uint64_t validators = 0;
  std::uint64_t reachable = 0;
  bool accepting = false;
};

// The text format that Prometheus reads.
[[nodiscard]] std::string MetricsText(const Metrics& metrics, const Gauges& gauges);

}  // namespace timebank::rpc
