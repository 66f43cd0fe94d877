#include "node/rpc/metrics.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

TEST(Metrics, TheTextHasEveryCounterWithItsValue) {
  Metrics metrics;
  metrics.final_transactions = 42;
  metrics.CountRefusal(v1::REASON_F13_INSUFFICIENT);
  metrics.CountRefusal(v1::REASON_F13_INSUFFICIENT);
  metrics.CountSync(1'500);
  metrics.CountSync(500);
  metrics.cpu_us[static_cast<std::size_t>(Stage::kVerify)] = 2'000'001;
  Gauges gauges;
  gauges.name = "node-1";
  gauges.height = 7;
  gauges.accepting = true;
  const std::string text = MetricsText(metrics, gauges);
  for (const char* line :
       {"timebank_info{name=\"node-1\"} 1\n", "timebank_height 7\n", "timebank_accepting 1\n",
        "timebank_final_transactions_total 42\n",
        "timebank_refused_total{reason=\"REASON_F13_INSUFFICIENT\"} 2\n",
        "timebank_log_sync_seconds_sum 0.002000\n", "timebank_log_sync_seconds_count 2\n",
        "timebank_log_sync_seconds_max 0.001500\n",
        "timebank_cpu_seconds_total{stage=\"verify\"} 2.000001\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

TEST(Metrics, AStageTimerCountsProcessorTime) {
  Metrics metrics;
  {
    const StageTimer timer(&metrics, Stage::kStorage);
    const std::uint64_t began = ThreadCpuUs();
    while (ThreadCpuUs() < began + 3'000) {
    }
  }
  EXPECT_GE(metrics.cpu_us[static_cast<std::size_t>(Stage::kStorage)], 3'000U);
  EXPECT_EQ(metrics.cpu_us[static_cast<std::size_t>(Stage::kVerify)], 0U);
}

}  // namespace
}  // namespace timebank::rpc
