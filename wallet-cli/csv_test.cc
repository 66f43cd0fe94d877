#include "wallet-cli/csv.h"

#include <gtest/gtest.h>

namespace timebank::cli {
namespace {

TEST(Csv, ReadsByteOrderMarkAndCrlf) {
  const auto table = ParseCsv("\xEF\xBB\xBFslip_no,minutes\r\nP1,60\r\nP2,\"a,\"\"b\"\"\"\r\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->columns, (std::vector<std::string>{"slip_no", "minutes"}));
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0].Get("minutes"), "60");
  EXPECT_EQ(table->rows[1].Get("minutes"), "a,\"b\"");
  EXPECT_EQ(table->rows[1].line, 3u);
  EXPECT_EQ(table->rows[1].Get("absent"), "");
}

TEST(Csv, ReadsGb18030) {
  // "name" then the two characters of "one hour" in GB18030.
  const auto table = ParseCsv("name\n\xD2\xBB\xD0\xA1\xCA\xB1\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->rows[0].Get("name"), "\xE4\xB8\x80\xE5\xB0\x8F\xE6\x97\xB6");
}

TEST(Csv, AnEmptyFileIsAnError) { EXPECT_FALSE(ParseCsv("").has_value()); }

TEST(Csv, AFaultIsOneRowsAlone) {
  struct Case {
    const char* name;
    const char* line;
    const char* fault;
  };
  const Case cases[] = {
      {"sound", "1,2", ""},
      {"short", "1", ""},
      {"empty cells behind the last column", "1,2,,,", ""},
      {"too many cells", "1,2,3", "too_many_cells"},
      {"a quote that is not closed", "\"1,2", "open_quote"},
      {"a quote that is not closed, in the last cell", "1,\"2", "open_quote"},
      {"bytes of no encoding", "1,\xFF\xFF", "bad_encoding"},
      {"an overlong form", "1,\xE0\x80\x80", "bad_encoding"},
  };
  for (const Case& c : cases) {
    const auto table = ParseCsv("a,b\n\xE4\xB8\x80,2\n" + std::string(c.line) + "\n7,8\n");
    ASSERT_TRUE(table.has_value()) << c.name;
    ASSERT_EQ(table->rows.size(), 3u) << c.name;
    EXPECT_EQ(table->rows[0].fault, "") << c.name;
    EXPECT_EQ(table->rows[1].fault, c.fault) << c.name;
    EXPECT_EQ(table->rows[1].line, 3u) << c.name;
    EXPECT_EQ(table->rows[2].fault, "") << c.name;
    EXPECT_EQ(table->rows[2].Get("b"), "8") << c.name;
  }
}

TEST(Csv, OneBadByteDoesNotChangeTheEncodingOfAFile) {
  const std::string utf8 = "\xE4\xB8\x80\xE5\xB0\x8F\xE6\x97\xB6";
  const std::string gb18030 = "\xD2\xBB\xD0\xA1\xCA\xB1";
  const auto one = ParseCsv("name\n" + utf8 + "\n" + utf8 + "\n\xE4\xB8\n");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->rows[1].Get("name"), utf8);
  EXPECT_EQ(one->rows[2].fault, "bad_encoding");
  const auto two = ParseCsv("name\n" + gb18030 + "\n" + gb18030 + "\nx\xFF\n");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->rows[0].Get("name"), utf8);
  EXPECT_EQ(two->rows[2].fault, "bad_encoding");
}

TEST(Csv, FullWidthDigitsBecomeAscii) {
  EXPECT_EQ(NormaliseWidth("\xEF\xBC\x91\xEF\xBC\x96\xEF\xBC\x9A\xEF\xBC\x94\xEF\xBC\x90"),
            "16:40");
  EXPECT_EQ(NormaliseWidth("\xE3\x80\x80 60 "), "60");
  EXPECT_EQ(NormaliseWidth("\xE4\xB8\x80"), "\xE4\xB8\x80");
}

}  // namespace
}  // namespace timebank::cli
