// Whether three honest validators, from where they stand and with a network that works again, reach
// a final block of their own: nothing that happened before may have stalled them for good. The
// Byzantine one is silent, so that all three are needed.
#pragma once

#include <array>
#include <string>

#include "tests/model_check/local.h"
#include "tests/model_check/world.h"

namespace timebank::model_check {

using Trio = std::array<const Local*, kHonest>;

// Empty when all three committed a block that none had before, within ten minutes of their clocks.
// `restarted`: all three crash first, and go on from their logs.
[[nodiscard]] std::string Stall(const World& world, const std::array<Validator, kHonest>& who,
                                const Trio& from, bool restarted);

}  // namespace timebank::model_check
