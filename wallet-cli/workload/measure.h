// What a workload's numbers are compared with: this machine's fdatasync, its signature rate, and
// where the validators' processor time went.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wallet-cli/cluster.h"

namespace timebank::cli {

// Median of `samples` appends of 4 KiB with fdatasync in `directory`, in microseconds; 0 when the
// directory cannot be written.
[[nodiscard]] std::uint64_t FdatasyncMedianUs(const std::string& directory, int samples);
// Ed25519 verifications a second on one core, measured for about half a second.
[[nodiscard]] std::uint64_t VerifiesPerSecond();

// The value at `per_mille` of the sorted sample; 0 for an empty one.
[[nodiscard]] std::uint32_t Percentile(std::vector<std::uint32_t>& sample, std::uint32_t per_mille);

// Processor seconds per stage, summed over the nodes' metrics (timebank_cpu_seconds_total{stage=}).
// Nodes that do not answer are left out.
[[nodiscard]] std::map<std::string, double> CpuByStage(const Cluster& cluster);

}  // namespace timebank::cli
