// Who validates: the set in force, the change that waits, and what ends an epoch (CONSENSUS 6).
#pragma once

#include <cstdint>
#include <optional>

#include "base/strong.h"
#include "chain/validator_set.h"
#include "ledger/records.h"
#include "ledger/state.h"

namespace timebank::ledger {

inline constexpr int kSetSizeMin = 4;
inline constexpr int kSetSizeMax = static_cast<int>(chain::kValidatorsMax);
// READY names a block at most so far below its own.
inline constexpr std::uint64_t kReadyBlocksMax = 1'000;
static_assert(kReadyBlocksMax < kDigestRing);

// The record of `epoch`, which every epoch up to the state's has.
[[nodiscard]] v1::ValidatorSetRecord SetOf(const State& state, Epoch epoch);
// The set that votes on the state's next block.
[[nodiscard]] chain::ValidatorSet CurrentSet(const State& state);
// The change that waits for READY of those it adds. Empty: none.
[[nodiscard]] std::optional<v1::ValidatorSetRecord> WaitingSet(const State& state);

// The change that the block made so far has decided: nobody is awaited any more. The block that
// holds it is the last of its epoch.
[[nodiscard]] bool EndsEpoch(Records& records, Epoch epoch);

}  // namespace timebank::ledger
