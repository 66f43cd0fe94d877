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

TEST(Csv, RefusesBytesOfNoEncodingAndOverlongRows) {
  EXPECT_FALSE(ParseCsv("name\n\xFF\xFF\n").has_value());
  EXPECT_FALSE(ParseCsv("a,b\n1,2,3\n").has_value());
  EXPECT_FALSE(ParseCsv("").has_value());
}

TEST(Csv, FullWidthDigitsBecomeAscii) {
  EXPECT_EQ(NormaliseWidth("\xEF\xBC\x91\xEF\xBC\x96\xEF\xBC\x9A\xEF\xBC\x94\xEF\xBC\x90"),
            "16:40");
  EXPECT_EQ(NormaliseWidth("\xE3\x80\x80 60 "), "60");
  EXPECT_EQ(NormaliseWidth("\xE4\xB8\x80"), "\xE4\xB8\x80");
}

}  // namespace
}  // namespace timebank::cli
