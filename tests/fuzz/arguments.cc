// What people type on a command line: a value within its bounds, or a fault; and what is printed of
// a value reads back as it.
//   input: 0 time, 1 duration, 2 minutes, 3 number, 4 hexadecimal, 5 word u8 | text
#include "wallet-cli/arguments.h"

#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

constexpr std::int64_t kOffsetMinutes = 480;
constexpr cli::Range kRange{-1'000, 1'000'000};
constexpr std::size_t kIdBytes = 16;

void CheckTime(std::string_view text) {
  const auto time = cli::ParseTime(text, "at", kOffsetMinutes);
  if (!time) return;
  const std::uint64_t seconds = time->value() / 1'000 * 1'000;
  for (const std::string& back : {cli::LocalTime(time->value(), kOffsetMinutes),
                                  cli::Rfc3339(time->value(), kOffsetMinutes)}) {
    const auto again = cli::ParseTime(back, "at", kOffsetMinutes);
    TB_CHECK(again.has_value());
    TB_CHECK(again->value() == seconds);
  }
}

}  // namespace

void RunArguments(Input input) {
  const std::uint8_t what = input.U8() % 6;
  const std::string_view text = AsText(input.Rest());
  if (what == 0) CheckTime(text);
  if (what == 1) {
    const auto duration = cli::ParseDuration(text, "for");
    TB_CHECK(!duration || *duration > 0);
  } else if (what == 2) {
    const auto minutes = cli::ParseMinutes(text, "minutes");
    TB_CHECK(!minutes || *minutes > 0);
  } else if (what == 3) {
    const auto number = cli::ParseNumber(text, "count", kRange);
    TB_CHECK(!number || (*number >= kRange.low && *number <= kRange.high));
  } else if (what == 4) {
    const auto id = cli::ParseHex(text, "entry", kIdBytes);
    TB_CHECK(!id || id->size() == kIdBytes);
  } else if (what == 5) {
    const auto word = cli::ParseWord(*v1::Category_descriptor(), text, "category");
    if (!word) return;
    const std::string back = cli::WordOf(*v1::Category_descriptor(), *word);
    const auto again = cli::ParseWord(*v1::Category_descriptor(), back, "category");
    TB_CHECK(again.has_value());
    TB_CHECK(*again == *word);
  }
}

}  // namespace timebank::fuzz
