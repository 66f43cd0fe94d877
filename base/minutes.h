// Checked arithmetic on amounts: whole minutes of time, fen of vouchers. Amounts are int64 and
// never wrap: an overflow is an empty optional, which the ledger turns into a refusal.
#pragma once

#include <cstdint>
#include <optional>

#include "base/strong.h"

namespace timebank {

using Minutes = Strong<struct MinutesTag, std::int64_t>;

[[nodiscard]] constexpr std::optional<std::int64_t> CheckedAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

[[nodiscard]] constexpr std::optional<std::int64_t> CheckedSub(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return std::nullopt;
  return difference;
}

[[nodiscard]] constexpr std::optional<std::int64_t> CheckedMul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

[[nodiscard]] constexpr std::optional<Minutes> Add(Minutes a, Minutes b) {
  const auto sum = CheckedAdd(a.value(), b.value());
  return sum ? std::optional(Minutes(*sum)) : std::nullopt;
}

[[nodiscard]] constexpr std::optional<Minutes> Sub(Minutes a, Minutes b) {
  const auto difference = CheckedSub(a.value(), b.value());
  return difference ? std::optional(Minutes(*difference)) : std::nullopt;
}

// floor(minutes * weight_per_mille / 1000), DOMAIN 3. Empty on overflow or a negative argument.
[[nodiscard]] constexpr std::optional<Minutes> Weighted(Minutes minutes,
                                                        std::int64_t weight_per_mille) {
  if (minutes.value() < 0 || weight_per_mille < 0) return std::nullopt;
  const auto product = CheckedMul(minutes.value(), weight_per_mille);
  return product ? std::optional(Minutes(*product / 1000)) : std::nullopt;
}

}  // namespace timebank
