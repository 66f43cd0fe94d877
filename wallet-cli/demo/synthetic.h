// A pilot of our own making, for whoever has no data: the same layout and size as a real
// three-street pilot, invented people, a fixed seed. It breaks no rule, so every row is credited.
#pragma once

#include <cstdint>
#include <string>

#include "base/expected.h"

namespace timebank::cli {

struct SyntheticOptions {
  std::uint64_t seed = 20200901;
  std::uint32_t members = 2263;
  std::uint32_t visits = 1144;
};

// Writes members.csv, orders.csv and entries.csv into `directory` (created). The error says what
// could not be written.
[[nodiscard]] Expected<bool, std::string> WriteSyntheticPilot(const std::string& directory,
                                                              const SyntheticOptions& options);

}  // namespace timebank::cli
