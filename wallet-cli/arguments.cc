#include "wallet-cli/arguments.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

#include "base/civil.h"
#include "base/minutes.h"
#include "wallet-cli/csv.h"

namespace timebank::cli {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
// The largest offset from UTC that RFC 3339 can write.
constexpr std::int64_t kOffsetMinutesMax = 23 * 60 + 59;
// Categories that policy may add.
constexpr std::int64_t kAddedCategoryMin = 100;
constexpr std::int64_t kAddedCategoryMax = 65'535;

std::string Quoted(std::string_view option, std::string_view text) {
  return std::string(option) + " '" + std::string(text) + "'";
}

struct Integer {
  std::errc error{};
  std::int64_t value = 0;
};

Integer ReadInteger(std::string_view text) {
  Integer out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  const bool whole = end == text.data() + text.size();
  out.error = whole ? error : std::errc::invalid_argument;
  return out;
}

// Splits "+08:00", "-03:30" or "Z" off the end of an RFC 3339 time.
std::optional<std::int64_t> TakeOffset(std::string& text) {
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.pop_back();
    return 0;
  }
  constexpr std::size_t kLength = 6;
  if (text.size() < kLength) return std::nullopt;
  const std::string tail = text.substr(text.size() - kLength);
  if ((tail[0] != '+' && tail[0] != '-') || tail[3] != ':') return std::nullopt;
  const Integer hours = ReadInteger(std::string_view(tail).substr(1, 2));
  const Integer minutes = ReadInteger(std::string_view(tail).substr(4, 2));
  if (hours.error != std::errc() || minutes.error != std::errc() || hours.value < 0 ||
      minutes.value < 0 || minutes.value > 59) {
    return std::nullopt;
  }
  const std::int64_t total = hours.value * 60 + minutes.value;
  if (total > kOffsetMinutesMax) return std::nullopt;
  text.resize(text.size() - kLength);
  return tail[0] == '-' ? -total : total;
}

// "ROLE_" of ROLE_UNSPECIFIED.
std::string PrefixOf(const google::protobuf::EnumDescriptor& words) {
  constexpr std::string_view kNone = "UNSPECIFIED";
  std::string name = words.value(0)->name();
  if (name.ends_with(kNone)) name.resize(name.size() - kNone.size());
  return name;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

Failure UsageFailure(std::string what, v1::Reason reason) {
  Failure failure;
  failure.exit = Exit::kUsage;
  failure.reason = v1::Reason_Name(reason);
  failure.what = std::move(what);
  return failure;
}

Result<std::int64_t> ParseMinutes(std::string_view text, std::string_view option) {
  const std::string ascii = NormaliseWidth(text);
  const Integer minutes = ReadInteger(ascii);
  if (minutes.error == std::errc::result_out_of_range) {
    return Unexpected{UsageFailure(Quoted(option, text) + " is more than an amount can be",
                                   v1::REASON_AMOUNT_OVERFLOW)};
  }
  if (minutes.error != std::errc()) {
    return Unexpected{UsageFailure(Quoted(option, text) + " is not a whole number of minutes")};
  }
  if (minutes.value <= 0) {
    return Unexpected{
        UsageFailure(Quoted(option, text) + " is not above zero", v1::REASON_AMOUNT_NOT_POSITIVE)};
  }
  return minutes.value;
}

Result<std::int64_t> ParseNumber(std::string_view text, std::string_view option, Range range) {
  const std::string ascii = NormaliseWidth(text);
  const Integer number = ReadInteger(ascii);
  if (number.error == std::errc() && number.value >= range.low && number.value <= range.high) {
    return number.value;
  }
  return Unexpected{UsageFailure(Quoted(option, text) + " is not a whole number from " +
                                 std::to_string(range.low) + " to " + std::to_string(range.high))};
}

Result<Millis> ParseTime(std::string_view text, std::string_view option,
                         std::int64_t offset_minutes) {
  std::string civil_text = NormaliseWidth(text);
  // A date alone ends like an offset might ("-09-01"), but has no 'T' or blank.
  const bool has_time = civil_text.find_first_of("T ") != std::string::npos;
  const auto offset = has_time ? TakeOffset(civil_text) : std::nullopt;
  const auto civil = ParseCivil(civil_text);
  const auto at = civil ? FromCivil(*civil, offset.value_or(offset_minutes)) : std::nullopt;
  if (at) return *at;
  return Unexpected{UsageFailure(Quoted(option, text) +
                                 " is no time; write '2020-09-01 08:10' (local time of the "
                                 "ledger) or 2020-09-01T08:10:00+08:00")};
}

Result<std::uint64_t> ParseDuration(std::string_view text, std::string_view option) {
  const Unexpected<Failure> bad{
      UsageFailure(Quoted(option, text) + " is no duration; write 90m, 72h, 3d, 45s or 1d12h")};
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0 || digits == rest.size()) return bad;
    const Integer count = ReadInteger(rest.substr(0, digits));
    const char unit = rest[digits];
    const std::int64_t unit_ms = unit == 's'   ? 1000
                                 : unit == 'm' ? kMinuteMs
                                 : unit == 'h' ? 60 * kMinuteMs
                                 : unit == 'd' ? 24 * 60 * kMinuteMs
                                               : 0;
    const auto part = CheckedMul(count.value, unit_ms);
    const auto sum = part ? CheckedAdd(total, *part) : std::nullopt;
    if (count.error != std::errc() || unit_ms == 0 || !sum) return bad;
    total = *sum;
    rest.remove_prefix(digits + 1);
  }
  if (total <= 0) return bad;
  return static_cast<std::uint64_t>(total);
}

Result<std::string> ParseHex(std::string_view text, std::string_view option, std::size_t size) {
  const auto bytes = FromHex(text);
  if (bytes && bytes->size() == size) return ToString(*bytes);
  return Unexpected{UsageFailure(Quoted(option, text) + " is not " + std::to_string(2 * size) +
                                 " hexadecimal digits")};
}

Result<int> ParseWord(const google::protobuf::EnumDescriptor& words, std::string_view text,
                      std::string_view option) {
  std::string name = PrefixOf(words);
  for (const char c : text) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const google::protobuf::EnumValueDescriptor* value = words.FindValueByName(name);
  if (value != nullptr && value->number() != 0) return value->number();
  // Policy of a ledger adds categories; they have a number only.
  const bool category = &words == v1::Category_descriptor();
  const Integer number = ReadInteger(text);
  const bool added = number.value >= kAddedCategoryMin && number.value <= kAddedCategoryMax;
  if (category && number.error == std::errc{} && added) return static_cast<int>(number.value);
  std::string known;
  for (int i = 0; i < words.value_count(); ++i) {
    if (words.value(i)->number() == 0) continue;
    known += (known.empty() ? "" : ", ") + WordOf(words, words.value(i)->number());
  }
  return Unexpected{UsageFailure(Quoted(option, text) + " is not one of: " + known,
                                 category ? v1::REASON_UNKNOWN_CATEGORY : v1::REASON_BAD_FIELD)};
}

std::string WordOf(const google::protobuf::EnumDescriptor& words, int value) {
  const google::protobuf::EnumValueDescriptor* found = words.FindValueByNumber(value);
  if (found == nullptr) return std::to_string(value);
  const std::string prefix = PrefixOf(words);
  const std::string& name = found->name();
  return Lower(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

std::string FlagWords(std::uint32_t flags) {
  std::string out;
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    const std::uint32_t flag = 1U << bit;
    if ((flags & flag) == 0) continue;
    if (!out.empty()) out += ' ';
    out += flag == v1::FLAG_NEW_VOLUNTEER ? "new_volunteer" : "R" + std::to_string(bit + 1);
  }
  return out;
}

std::string LocalTime(std::uint64_t at_ms, std::int64_t offset_minutes) {
  return FormatCivil(ToCivil(Millis(at_ms), offset_minutes));
}

std::string Rfc3339(std::uint64_t at_ms, std::int64_t offset_minutes) {
  std::string text = LocalTime(at_ms, offset_minutes);
  text[text.find(' ')] = 'T';
  const std::int64_t offset = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  text += offset_minutes < 0 ? '-' : '+';
  return text + two(offset / 60) + ":" + two(offset % 60);
}

}  // namespace timebank::cli
