#include "base/prng.h"

#include <bit>

namespace timebank {
namespace {

// splitmix64, the seeding function its authors recommend for xoshiro.
std::uint64_t SplitMix(std::uint64_t& x) {
  x += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = x;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

Prng::Prng(std::uint64_t seed) {
  for (auto& word : state_) word = SplitMix(seed);
}

std::uint64_t Prng::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Prng::Below(std::uint64_t bound) {
  TB_CHECK(bound > 0);
  // Values at or above the largest multiple of bound are drawn again, so that none is favoured.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t draw = Next();
  while (draw >= limit) draw = Next();
  return draw % bound;
}

std::int64_t Prng::Between(std::int64_t low, std::int64_t high) {
  TB_CHECK(low <= high);
  const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t draw = width == 0 ? Next() : Below(width);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + draw);
}

Prng Prng::Fork(std::string_view name) const {
  std::uint64_t seed = state_[0] ^ std::rotl(state_[3], 17);
  for (char c : name) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 0x100000001B3ULL;
  }
  return Prng(seed);
}

void Prng::Fill(std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size(); i += 8) {
    std::uint64_t word = Next();
    for (std::size_t j = i; j < out.size() && j < i + 8; ++j) {
      out[j] = static_cast<std::byte>(word & 0xFF);
      word >>= 8;
    }
  }
}

}  // namespace timebank
