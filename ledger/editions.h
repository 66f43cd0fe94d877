// Which edition of the rules is in force: a rule that changes in a later release asks for it, so
// that old blocks give the same roots for ever, and all validators change over in the same block.
#pragma once

#include <cstdint>
#include <optional>

#include "base/strong.h"
#include "ledger/state.h"

namespace timebank::ledger {

// The latest edition that this release knows. 0 is that of genesis.
inline constexpr std::uint32_t kEditionKnown = 0;

struct ScheduledEdition {
  std::uint32_t edition = 0;
  Height from;
};

// The edition by which the state's next block is executed.
[[nodiscard]] std::uint32_t NextBlockEdition(const State& state);
// What is to come into force after the state's next block.
[[nodiscard]] std::optional<ScheduledEdition> EditionToCome(const State& state);

}  // namespace timebank::ledger
