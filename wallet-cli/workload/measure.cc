#include "wallet-cli/workload/measure.h"

#include <fcntl.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/prng.h"
#include "crypto/ed25519.h"
#include "node/config.h"
#include "platform/clock.h"

namespace timebank::cli {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::uint64_t kVerifyMeasureUs = 500'000;

// "name{stage="x"} 1.25" lines of one page.
void AddStages(const std::string& page, std::map<std::string, double>& out) {
  const std::string prefix = "timebank_cpu_seconds_total{stage=\"";
  for (std::size_t at = page.find(prefix); at != std::string::npos; at = page.find(prefix, at)) {
    at += prefix.size();
    const std::size_t end = page.find('"', at);
    if (end == std::string::npos || end + 2 >= page.size()) return;
    out[page.substr(at, end - at)] += std::strtod(page.c_str() + end + 2, nullptr);
  }
}

}  // namespace

std::uint64_t FdatasyncMedianUs(const std::string& directory, int samples) {
  const std::string path = directory + "/fdatasync.probe";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return 0;
  const std::array<char, kPageBytes> page{};
  std::vector<std::uint32_t> times;
  for (int i = 0; i < samples; ++i) {
    const std::uint64_t began = platform::MonotonicUs();
    const bool written = write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size());
    if (!written || fdatasync(file) != 0) break;
    times.push_back(static_cast<std::uint32_t>(platform::MonotonicUs() - began));
  }
  close(file);
  unlink(path.c_str());
  return Percentile(times, 500);
}

std::uint64_t VerifiesPerSecond() {
  Prng prng(1);
  crypto::SecretKey::Seed seed;
  prng.Fill(seed.data);
  const crypto::SecretKey key(seed);
  std::array<std::byte, 200> message{};
  prng.Fill(message);
  const crypto::Signature signature = key.Sign(message);
  const std::uint64_t began = platform::MonotonicUs();
  std::uint64_t count = 0;
  std::uint64_t elapsed = 0;
  while (elapsed < kVerifyMeasureUs) {
    for (int i = 0; i < 50; ++i) count += crypto::Verify(key.public_key(), message, signature);
    elapsed = platform::MonotonicUs() - began;
  }
  return count * 1'000'000 / elapsed;
}

std::uint32_t Percentile(std::vector<std::uint32_t>& sample, std::uint32_t per_mille) {
  if (sample.empty()) return 0;
  const std::size_t at = std::min(sample.size() - 1, sample.size() * per_mille / 1000);
  std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(at), sample.end());
  return sample[at];
}

std::map<std::string, double> CpuByStage(const Cluster& cluster) {
  std::map<std::string, double> stages;
  for (const ClusterNode& node : cluster.nodes) {
    const auto config = node::LoadConfig(node.dir + "/config.toml");
    if (!config || config->metrics_listen.empty()) continue;
    httplib::Client client("http://" + config->metrics_listen);
    client.set_connection_timeout(2);
    const auto page = client.Get("/metrics");
    if (page && page->status == 200) AddStages(page->body, stages);
  }
  return stages;
}

}  // namespace timebank::cli
