// The loader's reading, planning and own data: what happens before the first transaction.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/civil.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/synthetic.h"
#include "wallet-cli/demo/timeline.h"

namespace timebank::cli {
namespace {

std::string TemporaryDirectory() {
  std::string path = std::filesystem::temp_directory_path() / "timebank-pilot-XXXXXX";
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  return path;
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

constexpr const char* kMembers =
    "member_no,name,birth_year,street,community,hats,phone,smartphone\n"
    "M1,A,1950,S,C,volunteer,1,yes\nM2,B,1940,S,C,elder,2,no\nM2,B,1940,S,C,elder,2,no\n";
constexpr const char* kOrders =
    "order_no,requested_at,elder_no,category,planned_start,planned_minutes\n"
    "O1,2020-09-01 08:00,M2,errand,2020-09-02 08:00,60\n"
    "O2,2020-09-01 08:00,M2,errand,2020-09-03 08:00,60\n"
    "O3,2020-09-01 08:00,M2,errand,2020-13-03 08:00,60\n";
constexpr const char* kEntries =
    "entry_no,order_no,volunteer_no,elder_no,category,check_in,check_out,minutes,channel,"
    "confirmed_at,approved_at\n"
    "E1,O1,M1,M2,errand,2020-09-02 08:00,2020-09-02 09:00,60,callback,2020-09-02 10:00,"
    "2020-09-03 10:00\n"
    "E2,O2,M1,M2,errand,2020-09-03 08:00,2020-09-03 09:00,61,card,2020-09-03 10:00,"
    "2020-09-04 10:00\n"
    "E3,O9,M1,M2,errand,2020-09-03 08:00,2020-09-03 09:00,60,card,2020-09-03 10:00,"
    "2020-09-04 10:00\n";

TEST(PilotData, FaultyRowsAreListedAndTheRestIsKept) {
  const std::string directory = TemporaryDirectory();
  Write(directory + "/members.csv", kMembers);
  Write(directory + "/orders.csv", kOrders);
  Write(directory + "/entries.csv", kEntries);
  const auto data = LoadPilot(directory);
  ASSERT_TRUE(data.has_value()) << data.error();
  EXPECT_EQ(data->members.size(), 2u);
  ASSERT_EQ(data->visits.size(), 2u);
  EXPECT_EQ(data->visits[0].entry_number, "E1");
  EXPECT_EQ(data->visits[1].entry_number, "") << "the order of a refused entry stays an order";
  std::vector<std::string> reasons;
  for (const RefusedRow& row : data->refused) reasons.push_back(row.reason);
  EXPECT_EQ(reasons, (std::vector<std::string>{"duplicate", "bad_time",
                                               "minutes_differ_from_check_out", "unknown_order"}));
}

TEST(PilotData, AMissingColumnIsAnErrorOfTheDirectory) {
  const std::string directory = TemporaryDirectory();
  Write(directory + "/members.csv", "member_no\nM1\n");
  EXPECT_FALSE(LoadPilot(directory).has_value());
  EXPECT_FALSE(LoadPilot(directory + "/absent").has_value());
}

TEST(Timeline, StepsRiseAndGrantRunsComeFirst) {
  const std::string directory = TemporaryDirectory();
  Write(directory + "/members.csv", kMembers);
  Write(directory + "/orders.csv", kOrders);
  Write(directory + "/entries.csv", kEntries);
  const auto data = LoadPilot(directory);
  ASSERT_TRUE(data.has_value());
  const auto genesis = FromCivil({2020, 7, 28, 0, 0, 0}, kPilotOffsetMinutes);
  const std::vector<Step> steps = PlanTimeline(*data, *genesis);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    names.emplace_back(StepName(steps[i].kind));
    if (i > 0) {
      EXPECT_LE(steps[i - 1].at, steps[i].at);
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"grant run", "grant run", "grant run", "order",
                                             "claim", "check-in", "check-out and log", "confirm",
                                             "approve", "review"}));
  const StaffPlan staff = PlanStaff(*data);
  EXPECT_EQ(staff.approvers.at("C"), 1u);
  EXPECT_EQ(staff.dispatchers.at("S"), 1u);
}

TEST(Synthetic, TheSameSeedGivesTheSameSoundPilot) {
  const std::string one = TemporaryDirectory();
  const std::string two = TemporaryDirectory();
  const SyntheticOptions options{.seed = 7, .members = 200, .visits = 100};
  ASSERT_TRUE(WriteSyntheticPilot(one, options).has_value());
  ASSERT_TRUE(WriteSyntheticPilot(two, options).has_value());
  const auto first = LoadPilot(one);
  const auto second = LoadPilot(two);
  ASSERT_TRUE(first.has_value()) << first.error();
  EXPECT_EQ(first->visits.size(), 100u);
  EXPECT_TRUE(first->refused.empty());
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(first->visits[42].check_in, second->visits[42].check_in);
}

}  // namespace
}  // namespace timebank::cli
