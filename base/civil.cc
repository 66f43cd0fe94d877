#include "base/civil.h"

#include <array>

namespace timebank {
namespace {

constexpr std::int64_t kMillisPerMinute = 60'000;
constexpr std::int64_t kMillisPerDay = 86'400'000;

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// Reads exactly `digits` decimal digits of `text` at `at`; -1 when one is not a digit.
int Digits(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void AppendDigits(std::string& out, int value, int digits) {
  std::string text = std::to_string(value);
  out.append(text.size() < static_cast<std::size_t>(digits)
                 ? static_cast<std::size_t>(digits) - text.size()
                 : 0,
             '0');
  out += text;
}

}  // namespace

// After Howard Hinnant's public "days_from_civil": years begin in March, 400-year eras.
std::optional<std::int64_t> DaysFromCivil(int year, int month, int day) {
  if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > DaysInMonth(year, month)) return std::nullopt;
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = FloorDiv(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilTime ToCivil(Millis at, std::int64_t offset_minutes) {
  // 9999-12-31: later instants (a hostile claim) are shown as that day, never computed with.
  constexpr std::uint64_t kLatest = 253'370'764'800'000ULL;
  const std::uint64_t bounded = at.value() < kLatest ? at.value() : kLatest;
  const std::int64_t local = static_cast<std::int64_t>(bounded) + offset_minutes * kMillisPerMinute;
  const std::int64_t days = FloorDiv(local, kMillisPerDay);
  const std::int64_t in_day = local - days * kMillisPerDay;
  const std::int64_t z = days + 719468;
  const std::int64_t era = FloorDiv(z, 146097);
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  CivilTime out;
  out.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  out.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  out.year = static_cast<int>(yoe + era * 400 + (out.month <= 2 ? 1 : 0));
  out.hour = static_cast<int>(in_day / 3'600'000);
  out.minute = static_cast<int>(in_day / kMillisPerMinute % 60);
  out.second = static_cast<int>(in_day / 1000 % 60);
  return out;
}

std::optional<Millis> FromCivil(const CivilTime& civil, std::int64_t offset_minutes) {
  const auto days = DaysFromCivil(civil.year, civil.month, civil.day);
  if (!days || civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59 ||
      civil.second < 0 || civil.second > 59) {
    return std::nullopt;
  }
  const std::int64_t ms = *days * kMillisPerDay + civil.hour * 3'600'000 +
                          civil.minute * kMillisPerMinute + civil.second * 1000 -
                          offset_minutes * kMillisPerMinute;
  if (ms < 0) return std::nullopt;
  return Millis(static_cast<std::uint64_t>(ms));
}

std::uint32_t LocalDay(Millis at, std::int64_t offset_minutes) {
  const CivilTime c = ToCivil(at, offset_minutes);
  return static_cast<std::uint32_t>(c.year * 10000 + c.month * 100 + c.day);
}

std::uint32_t LocalMonth(Millis at, std::int64_t offset_minutes) {
  return LocalDay(at, offset_minutes) / 100;
}

std::uint32_t LocalYear(Millis at, std::int64_t offset_minutes) {
  return LocalDay(at, offset_minutes) / 10000;
}

std::uint32_t LocalMinuteOfDay(Millis at, std::int64_t offset_minutes) {
  const CivilTime c = ToCivil(at, offset_minutes);
  return static_cast<std::uint32_t>(c.hour * 60 + c.minute);
}

std::optional<Millis> EndOfMonth(std::uint32_t yyyymm, std::int64_t offset_minutes) {
  CivilTime next;
  next.year = static_cast<int>(yyyymm / 100);
  next.month = static_cast<int>(yyyymm % 100);
  if (next.month < 1 || next.month > 12) return std::nullopt;
  if (++next.month == 13) {
    next.month = 1;
    ++next.year;
  }
  return FromCivil(next, offset_minutes);
}

std::optional<CivilTime> ParseCivil(std::string_view text) {
  if (text.size() != 10 && text.size() != 16 && text.size() != 19) return std::nullopt;
  CivilTime c;
  c.year = Digits(text, 0, 4);
  c.month = Digits(text, 5, 2);
  c.day = Digits(text, 8, 2);
  if (text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text.size() >= 16) {
    c.hour = Digits(text, 11, 2);
    c.minute = Digits(text, 14, 2);
    if ((text[10] != ' ' && text[10] != 'T') || text[13] != ':') return std::nullopt;
  }
  if (text.size() == 19) {
    c.second = Digits(text, 17, 2);
    if (text[16] != ':') return std::nullopt;
  }
  if (!FromCivil(c, 0)) return std::nullopt;
  return c;
}

std::string FormatCivil(const CivilTime& c) {
  std::string out;
  AppendDigits(out, c.year, 4);
  out += '-';
  AppendDigits(out, c.month, 2);
  out += '-';
  AppendDigits(out, c.day, 2);
  out += ' ';
  AppendDigits(out, c.hour, 2);
  out += ':';
  AppendDigits(out, c.minute, 2);
  out += ':';
  AppendDigits(out, c.second, 2);
  return out;
}

}  // namespace timebank
