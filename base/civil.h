// Civil calendar in integers: days, months and hours of a fixed offset without daylight saving
// (DOMAIN 5, "Time"). Proleptic Gregorian; no time zone database, no locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace timebank {

struct CivilTime {
  int year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
  friend auto operator<=>(const CivilTime&, const CivilTime&) = default;
};

// Days since 1970-01-01 of a civil date; empty when there is no such date.
[[nodiscard]] std::optional<std::int64_t> DaysFromCivil(int year, int month, int day);
// The civil time of `at` at `offset_minutes` east of UTC.
[[nodiscard]] CivilTime ToCivil(Millis at, std::int64_t offset_minutes);
// Inverse of ToCivil; empty for a date or time of day that does not exist or lies before 1970 UTC.
[[nodiscard]] std::optional<Millis> FromCivil(const CivilTime& civil, std::int64_t offset_minutes);

// yyyymmdd, yyyymm and yyyy of the local day: the keys of day, month and year counters.
[[nodiscard]] std::uint32_t LocalDay(Millis at, std::int64_t offset_minutes);
[[nodiscard]] std::uint32_t LocalMonth(Millis at, std::int64_t offset_minutes);
[[nodiscard]] std::uint32_t LocalYear(Millis at, std::int64_t offset_minutes);
// Minutes since local midnight, 0..1439.
[[nodiscard]] std::uint32_t LocalMinuteOfDay(Millis at, std::int64_t offset_minutes);
// First millisecond of the local month after the month yyyymm; empty when yyyymm is no month.
[[nodiscard]] std::optional<Millis> EndOfMonth(std::uint32_t yyyymm, std::int64_t offset_minutes);

// "2020-09-01 08:10" or "2020-09-01" or "2020-09-01 08:10:30" or with 'T'; empty otherwise.
[[nodiscard]] std::optional<CivilTime> ParseCivil(std::string_view text);
// "2020-09-01 08:10:00".
[[nodiscard]] std::string FormatCivil(const CivilTime& civil);

}  // namespace timebank
