// A pseudo-random generator that is the same bit for bit everywhere (xoshiro256**), with integer
// ranges of our own: std::*_distribution and std::shuffle are not specified to that degree.
// For tests, simulation and workloads; never for keys (see platform/entropy.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace timebank {

class Prng {
 public:
  explicit Prng(std::uint64_t seed);
  [[nodiscard]] std::uint64_t Next();
  // Uniform in [0, bound). Requires: bound > 0.
  [[nodiscard]] std::uint64_t Below(std::uint64_t bound);
  // Uniform in [low, high]. Requires: low <= high.
  [[nodiscard]] std::int64_t Between(std::int64_t low, std::int64_t high);
  // True in `numerator` of `denominator` draws.
  [[nodiscard]] bool Chance(std::uint64_t numerator, std::uint64_t denominator) {
    return Below(denominator) < numerator;
  }
  // A child stream named `name`: a new draw in one stream does not shift another. Does not advance
  // this generator.
  [[nodiscard]] Prng Fork(std::string_view name) const;
  void Fill(std::span<std::byte> out);
  template <typename Range>
  void Shuffle(Range& range) {
    for (std::size_t i = range.size(); i > 1; --i) {
      std::swap(range[i - 1], range[static_cast<std::size_t>(Below(i))]);
    }
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace timebank
