#include "wallet-cli/paper_slips.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace timebank::cli {
namespace {

MemberId Member(char name) {
  MemberId id;
  id.data.fill(static_cast<std::byte>(name));
  return id;
}

// Members are named by one letter; "b" is a further key of B.
std::optional<SlipParty> Find(const std::string& number) {
  if (number.size() != 1 || number == "X") return std::nullopt;
  return SlipParty{Member(number == "b" ? 'B' : number[0]), OrgId{}};
}

SlipRow Read(const std::string& line) {
  std::string path = std::filesystem::temp_directory_path() / "timebank-slips-XXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path) << "slip_no,volunteer_no,elder_no,category,date,start,minutes,witness\n"
                      << line << "\n";
  auto file = ReadSlips(path, OrgId{}, 480, Find);
  std::filesystem::remove(path);
  EXPECT_TRUE(file.has_value() && file->rows.size() == 1) << line;
  return file ? file->rows.front() : SlipRow{};
}

TEST(PaperSlips, EachFaultIsAFindingOfItsRow) {
  struct Case {
    const char* line;
    const char* finding;
    const char* column;
  };
  const Case cases[] = {
      {"P1,A,B,errand,2021-01-05,09:00,60,C", "", ""},
      {"P1,A,B,errand,2021-01-05,09:00,60,C,,", "", ""},
      {"P1,A,B,errand,2021-01-05,09:00,60,C,x", "too_many_cells", ""},
      {"\"P1,A,B,errand,2021-01-05,09:00,60,C", "open_quote", ""},
      {"P1,A,B,errand,2021-01-05,09:00,60,C\xFF\xFF", "bad_encoding", ""},
      {"P1,A,B,errand,1970-01-01,03:00,60,C", "bad_date", "date"},
      {"P1,A,B,errand,1969-01-01,03:00,60,C", "bad_date", "date"},
      {"P1,A,B,errand,1970-01-01,08:01,60,C", "", ""},
      {"P1,A,B,errand,2021-02-30,09:00,60,C", "bad_date", "date"},
      {"P1,A,B,errand,2021-01-05,25:00,60,C", "bad_time", "start"},
      {"P1,A,B,errand,2021-01-05,09:00,0,C", "bad_minutes", "minutes"},
      {"P1,A,B,dancing,2021-01-05,09:00,60,C", "bad_category", "category"},
      {"P1,A,X,errand,2021-01-05,09:00,60,C", "unknown_member", "elder_no"},
      {",A,B,errand,2021-01-05,09:00,60,C", "missing_field", "slip_no"},
      {"P0123456789012345678901234567890,A,B,errand,2021-01-05,09:00,60,C", "", ""},
      {"P01234567890123456789012345678901,A,B,errand,2021-01-05,09:00,60,C", "bad_serial",
       "slip_no"},
  };
  for (const Case& c : cases) {
    const SlipRow row = Read(c.line);
    EXPECT_EQ(row.finding, c.finding) << c.line;
    EXPECT_EQ(row.column, c.column) << c.line;
  }
}

TEST(PaperSlips, SaysWhoIsAParty) {
  const auto finding = [](const char* line) {
    return SlipFinding(v1::REASON_F3_SEPARATION_OF_DUTIES, Read(line));
  };
  EXPECT_EQ(finding("P1,A,A,errand,2021-01-05,09:00,60,C"), "self_service");
  EXPECT_EQ(finding("P1,B,b,errand,2021-01-05,09:00,60,C"), "self_service");
  EXPECT_EQ(finding("P1,A,B,errand,2021-01-05,09:00,60,A"), "witness_is_party");
  EXPECT_EQ(finding("P1,A,B,errand,2021-01-05,09:00,60,b"), "witness_is_party");
  EXPECT_EQ(finding("P1,A,B,errand,2021-01-05,09:00,60,C"), "clerk_is_party");
}

}  // namespace
}  // namespace timebank::cli
