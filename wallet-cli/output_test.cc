#include "wallet-cli/output.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace timebank::cli {
namespace {

TEST(Output, MinutesReadAsHoursAndMinutesInBothLanguages) {
  EXPECT_EQ(FormatMinutes(95, Language::kEnglish), "1 h 35 min");
  EXPECT_EQ(FormatMinutes(95, Language::kChinese), "1小时35分钟");
  EXPECT_EQ(FormatMinutes(60, Language::kEnglish), "1 h");
  EXPECT_EQ(FormatMinutes(0, Language::kChinese), "0分钟");
  EXPECT_EQ(FormatMinutes(-61, Language::kEnglish), "-1 h 1 min");
  EXPECT_FALSE(FormatMinutes(INT64_MIN, Language::kEnglish).empty());
}

TEST(Output, CountsAreGrouped) {
  EXPECT_EQ(FormatCount(83340), "83,340");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(FormatCount(-123), "-123");
}

TEST(Output, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(DisplayWidth("ab"), 2u);
  EXPECT_EQ(DisplayWidth("居民区"), 6u);
  Table table({"name", "n"});
  table.Add({"居民", "1"});
  EXPECT_EQ(table.Text(), "name  n\n----  -\n居民  1\n");
}

TEST(Output, LanguageFollowsTheOptionFirst) {
  EXPECT_EQ(ChooseLanguage("zh-CN"), Language::kChinese);
  EXPECT_EQ(ChooseLanguage("en"), Language::kEnglish);
}

}  // namespace
}  // namespace timebank::cli
