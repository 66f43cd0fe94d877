#include "wallet-cli/arguments.h"

#include <gtest/gtest.h>

#include "base/civil.h"

namespace timebank::cli {
namespace {

constexpr std::int64_t kChina = 480;

TEST(Arguments, MinutesAreWholeAndAboveZero) {
  struct Case {
    const char* text;
    std::int64_t value;  // 0: refused with `reason`
    v1::Reason reason;
  };
  constexpr Case kCases[] = {
      {"1", 1, v1::REASON_UNSPECIFIED},
      {"35", 35, v1::REASON_UNSPECIFIED},
      {"３５", 35, v1::REASON_UNSPECIFIED},
      {"9223372036854775807", INT64_MAX, v1::REASON_UNSPECIFIED},
      {"0", 0, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"-5", 0, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"-9223372036854775808", 0, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"9223372036854775808", 0, v1::REASON_AMOUNT_OVERFLOW},
      {"-9223372036854775809", 0, v1::REASON_AMOUNT_OVERFLOW},
      {"99999999999999999999999999", 0, v1::REASON_AMOUNT_OVERFLOW},
      {"", 0, v1::REASON_BAD_FIELD},
      {"+5", 0, v1::REASON_BAD_FIELD},
      {"5.5", 0, v1::REASON_BAD_FIELD},
      {"1e3", 0, v1::REASON_BAD_FIELD},
      {"0x10", 0, v1::REASON_BAD_FIELD},
      {"thirty", 0, v1::REASON_BAD_FIELD},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto minutes = ParseMinutes(c.text, "--minutes");
    ASSERT_EQ(minutes.has_value(), c.value != 0);
    if (minutes) {
      EXPECT_EQ(*minutes, c.value);
    } else {
      EXPECT_EQ(minutes.error().exit, Exit::kUsage);
      EXPECT_EQ(minutes.error().reason, v1::Reason_Name(c.reason));
      EXPECT_NE(minutes.error().what.find("--minutes"), std::string::npos);
    }
  }
}

TEST(Arguments, NumbersStayInTheirRange) {
  EXPECT_EQ(*ParseNumber("4", "--validators", {4, 20}), 4);
  EXPECT_EQ(*ParseNumber("20", "--validators", {4, 20}), 20);
  EXPECT_FALSE(ParseNumber("3", "--validators", {4, 20}));
  EXPECT_FALSE(ParseNumber("21", "--validators", {4, 20}));
  EXPECT_FALSE(ParseNumber("99999999999999999999", "--validators", {4, INT64_MAX}));
}

TEST(Arguments, TimesAreLocalUnlessTheySayOtherwise) {
  const Millis at = *FromCivil({2020, 9, 1, 8, 10, 0}, kChina);
  for (const char* text :
       {"2020-09-01 08:10", "2020-09-01T08:10", "2020-09-01 08:10:00", "2020-09-01T08:10:00+08:00",
        "2020-09-01T00:10:00Z", "2020-08-31T19:10:00-05:00", "2020-09-01T05:40:00+05:30",
        "２０２０-09-01　08：10"}) {
    SCOPED_TRACE(text);
    const auto time = ParseTime(text, "--start", kChina);
    ASSERT_TRUE(time);
    EXPECT_EQ(*time, at);
  }
  EXPECT_EQ(*ParseTime("2020-09-01", "--from", kChina), *FromCivil({2020, 9, 1, 0, 0, 0}, kChina));
}

TEST(Arguments, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "yesterday", "2020-13-01 08:10", "2020-02-30 08:10", "2020-09-01 24:10",
        "2020-09-01 08:60", "1969-12-31 08:00", "2020-09-01T08:10:00+25:00",
        "2020-09-01T08:10:00+08:61", "08:10", "2020-09-01T08:10:00+0800"}) {
    SCOPED_TRACE(text);
    const auto time = ParseTime(text, "--start", kChina);
    ASSERT_FALSE(time);
    EXPECT_EQ(time.error().exit, Exit::kUsage);
  }
}

TEST(Arguments, DurationsAddUpAndNeverWrap) {
  EXPECT_EQ(*ParseDuration("45s", "D"), 45'000U);
  EXPECT_EQ(*ParseDuration("90m", "D"), 5'400'000U);
  EXPECT_EQ(*ParseDuration("72h", "D"), 259'200'000U);
  EXPECT_EQ(*ParseDuration("1d12h30m", "D"), 131'400'000U);
  for (const char* text : {"", "0s", "72", "h", "-3d", "3w", "1d-2h", "99999999999999999999d",
                           "9223372036854775807d", "1.5h"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseDuration(text, "D"));
  }
}

TEST(Arguments, IdsAreHexOfTheirLength) {
  EXPECT_EQ(*ParseHex("00ff", "ID", 2), std::string("\x00\xFF", 2));
  EXPECT_FALSE(ParseHex("00f", "ID", 2));
  EXPECT_FALSE(ParseHex("00ff00", "ID", 2));
  EXPECT_FALSE(ParseHex("zzff", "ID", 2));
}

TEST(Arguments, WordsAreTheSchemas) {
  const auto& categories = *v1::Category_descriptor();
  EXPECT_EQ(*ParseWord(categories, "meal_delivery", "--category"), v1::CATEGORY_MEAL_DELIVERY);
  EXPECT_EQ(*ParseWord(categories, "Meal-Delivery", "--category"), v1::CATEGORY_MEAL_DELIVERY);
  const auto unknown = ParseWord(categories, "banking", "--category");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "REASON_UNKNOWN_CATEGORY");
  EXPECT_NE(unknown.error().what.find("haircut"), std::string::npos);
  EXPECT_FALSE(ParseWord(categories, "unspecified", "--category"));
  EXPECT_EQ(*ParseWord(categories, "100", "--category"), 100);
  EXPECT_EQ(*ParseWord(categories, "65535", "--category"), 65'535);
  for (const char* number : {"1", "99", "65536", "-100", "100x"}) {
    EXPECT_FALSE(ParseWord(categories, number, "--category")) << number;
  }
  EXPECT_FALSE(ParseWord(*v1::EntryKind_descriptor(), "100", "--kind"));
  EXPECT_EQ(WordOf(v1::ENTRY_STATE_CREDITED), "credited");
  EXPECT_EQ(WordOf(*v1::EntryState_descriptor(), 99), "99");
}

TEST(Arguments, FlagsReadAsTheRuleBookSays) {
  EXPECT_EQ(FlagWords(0), "");
  EXPECT_EQ(FlagWords(v1::FLAG_R1_NOT_OWN_KEY | v1::FLAG_R3_SUBMITTED_LATE), "R1 R3");
  EXPECT_EQ(FlagWords(v1::FLAG_R11_AFTER_RECOVERY | v1::FLAG_NEW_VOLUNTEER), "R11 new_volunteer");
}

TEST(Arguments, TimesArePrintedForPeopleAndPrograms) {
  const Millis at = *FromCivil({2020, 9, 1, 8, 10, 0}, kChina);
  EXPECT_EQ(LocalTime(at.value(), kChina), "2020-09-01 08:10:00");
  EXPECT_EQ(Rfc3339(at.value(), kChina), "2020-09-01T08:10:00+08:00");
  EXPECT_EQ(Rfc3339(at.value(), -210), "2020-08-31T20:40:00-03:30");
}

}  // namespace
}  // namespace timebank::cli
