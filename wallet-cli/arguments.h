// What people type on a command line, read strictly: amounts, counts, times, durations, ids and the
// words of the schema. A fault names the option and says what it wants; it never becomes a zero.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"
#include "timebank/v1/vocabulary.pb.h"
#include "wallet-cli/output.h"

namespace timebank::cli {

// A mistake on the command line: exit code 2, with a reason where the ledger has one for it.
[[nodiscard]] Failure UsageFailure(std::string what, v1::Reason reason = v1::REASON_BAD_FIELD);

// Whole minutes above zero, else AMOUNT_NOT_POSITIVE; more than an int64 holds: AMOUNT_OVERFLOW.
[[nodiscard]] Result<std::int64_t> ParseMinutes(std::string_view text, std::string_view option);
// A whole number within [low, high].
struct Range {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
[[nodiscard]] Result<std::int64_t> ParseNumber(std::string_view text, std::string_view option,
                                               Range range);

// "2020-09-01 08:10", local civil time at `offset_minutes` (seconds may follow, or the date stand
// alone), or RFC 3339 with its own offset: "2020-09-01T08:10:00+08:00", "2020-09-01T00:10:00Z".
[[nodiscard]] Result<Millis> ParseTime(std::string_view text, std::string_view option,
                                       std::int64_t offset_minutes);
// "90m", "72h", "3d", "1d12h30m", "45s": milliseconds, above zero.
[[nodiscard]] Result<std::uint64_t> ParseDuration(std::string_view text, std::string_view option);

// `size` bytes as hexadecimal digits.
[[nodiscard]] Result<std::string> ParseHex(std::string_view text, std::string_view option,
                                           std::size_t size);

// A value of an enum by the part of its name behind the enum's prefix, in any case, '-' or '_':
// "meal_delivery" is CATEGORY_MEAL_DELIVERY. The error lists the words there are.
[[nodiscard]] Result<int> ParseWord(const google::protobuf::EnumDescriptor& words,
                                    std::string_view text, std::string_view option);
// The inverse, lower case; the number for a value without a name.
[[nodiscard]] std::string WordOf(const google::protobuf::EnumDescriptor& words, int value);
template <typename Enum>
[[nodiscard]] std::string WordOf(Enum value) {
  return WordOf(*google::protobuf::GetEnumDescriptor<Enum>(), value);
}
// "R1 R3 new_volunteer"; empty for no flag.
[[nodiscard]] std::string FlagWords(std::uint32_t flags);

// Text of ledger times: "2020-09-01 08:10:00" and, for programs, "2020-09-01T08:10:00+08:00".
[[nodiscard]] std::string LocalTime(std::uint64_t at_ms, std::int64_t offset_minutes);
[[nodiscard]] std::string Rfc3339(std::uint64_t at_ms, std::int64_t offset_minutes);

}  // namespace timebank::cli
