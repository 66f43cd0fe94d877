// The sentences in which plans are told: a pattern of words and slots, filled in to write one, and
// matched to read one. Reading takes what writing gives, with any spaces and with or without
// commas.
//   {at} {for}       5.25 s
//   {nodes} {others} validator 2, or validators 0, 1 and 4
//   {n} {m}          a number
//   {off}            12.16 s ahead, or 3 s behind
//   crashes/crash    the first for one of {nodes}, or where there are none of {n}, the second for
//                    several; either is read
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/network.h"

namespace timebank::sim {

// What stands in the slots.
struct Slots {
  std::uint64_t at_ms = 0;
  std::uint64_t for_ms = 0;
  std::vector<NodeIndex> nodes;
  std::vector<NodeIndex> others;
  std::uint64_t n = 0;
  std::uint64_t m = 0;
  std::int64_t off_ms = 0;
  friend bool operator==(const Slots&, const Slots&) = default;
};

// One line, without its end.
[[nodiscard]] std::string Say(std::string_view pattern, const Slots& slots);
// Empty when `sentence` is not of this pattern.
[[nodiscard]] std::optional<Slots> Match(std::string_view pattern, std::string_view sentence);

}  // namespace timebank::sim
