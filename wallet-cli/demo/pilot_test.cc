// The loader's reading, planning and own data: what happens before the first transaction.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/civil.h"
#include "wallet-cli/demo/demo_folder.h"
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

// A directory with one sound visit, and whatever else a case adds.
std::string DirectoryWith(const std::string& members, const std::string& orders,
                          const std::string& entries) {
  const std::string directory = TemporaryDirectory();
  Write(directory + "/members.csv",
        "member_no,birth_year,street,community,hats,smartphone\n"
        "M1,1950,S,C,volunteer,yes\nM2,1940,S,C,elder,no\n" +
            members);
  Write(directory + "/orders.csv",
        "order_no,requested_at,elder_no,category,planned_start,planned_minutes\n"
        "O1,2020-09-01 08:00,M2,errand,2020-09-02 08:00,60\n"
        "O2,2020-09-01 08:00,M2,errand,2020-09-03 08:00,60\n" +
            orders);
  Write(directory + "/entries.csv",
        "entry_no,order_no,volunteer_no,elder_no,category,check_in,check_out,minutes,channel,"
        "confirmed_at,approved_at\n"
        "E1,O1,M1,M2,errand,2020-09-02 08:00,2020-09-02 09:00,60,card,2020-09-02 10:00,"
        "2020-09-03 10:00\n" +
            entries);
  return directory;
}

TEST(PilotData, EachFaultRefusesItsRowAndNoOther) {
  struct Case {
    const char* reason;
    std::string id;
    std::string members;
    std::string orders;
    std::string entries;
  };
  const std::string sound = ",O2,M1,M2,errand,2020-09-03 08:00,2020-09-03 09:00,60,card,";
  const std::string late = "2020-09-03 10:00,2020-09-04 10:00\n";
  const std::vector<Case> cases = {
      {"too_many_cells", "M3", "M3,1950,S,C,elder,yes,1,2\n", "", ""},
      {"open_quote", "M3", "M3,1950,S,C,\"elder,yes\n", "", ""},
      {"bad_encoding", "M3", "M3,1950,S,\xFF\xFF,elder,yes\n", "", ""},
      {"bad_year", "M3", "M3,2021,S,C,elder,yes\n", "", ""},
      {"bad_year", "M3", "M3,99999999999999999999,S,C,elder,yes\n", "", ""},
      {"bad_member_no", "M/3", "M/3,1950,S,C,elder,yes\n", "", ""},
      {"bad_member_no", "M 3", "M 3,1950,S,C,elder,yes\n", "", ""},
      {"bad_member_no", std::string(64, 'M'), std::string(65, 'M') + ",1950,S,C,elder,yes\n", "",
       ""},
      {"bad_member_no", "clerk-1", "clerk-1,1950,S,C,elder,yes\n", "", ""},
      {"bad_name", "M3", "M3,1950,S," + std::string(129, 'C') + ",elder,yes\n", "", ""},
      {"duplicate", "M2", "M2,1950,S,C,elder,yes\n", "", ""},
      {"bad_time", "O3", "", "O3,1970-01-01 03:00,M2,errand,2020-09-03 08:00,60\n", ""},
      {"future", "O3", "", "O3,2099-01-01 03:00,M2,errand,2099-09-03 08:00,60\n", ""},
      {"duplicate", "E1", "", "", "E1" + sound + late},
      {"future", "E2", "", "", "E2" + sound + "2099-09-03 10:00,2099-09-04 10:00\n"},
      {"future", "E2", "", "", "E2" + sound + "2020-09-03 10:00,2099-09-04 10:00\n"},
      {"order_used_twice", "E2", "", "",
       "E2,O1,M1,M2,errand,2020-09-02 08:00,2020-09-02 09:00,60,card,2020-09-02 10:00,"
       "2020-09-03 10:00\n"},
  };
  const auto end = FromCivil({2021, 1, 1, 0, 0, 0}, kPilotOffsetMinutes);
  for (const Case& c : cases) {
    const auto data = LoadPilot(DirectoryWith(c.members, c.orders, c.entries), end);
    ASSERT_TRUE(data.has_value()) << data.error();
    ASSERT_EQ(data->refused.size(), 1u) << c.reason;
    EXPECT_EQ(data->refused[0].reason, c.reason);
    EXPECT_EQ(data->refused[0].id, c.id) << c.reason;
    EXPECT_NE(data->refused[0].line, 0u) << c.reason;
    EXPECT_EQ(data->members.size(), 2u) << c.reason;
    ASSERT_FALSE(data->visits.empty()) << c.reason;
    EXPECT_EQ(data->visits[0].entry_number, "E1") << c.reason;
  }
}

TEST(PilotData, AChineseMemberNumberIsOne) {
  const auto data = LoadPilot(DirectoryWith("\xE4\xB8\x80-3,1950,S,C,elder,yes,,\n", "", ""));
  ASSERT_TRUE(data.has_value()) << data.error();
  EXPECT_TRUE(data->refused.empty());
  EXPECT_NE(data->Find("\xE4\xB8\x80-3"), nullptr);
}

TEST(PilotData, OrdersKnowTheirLine) {
  const auto data = LoadPilot(DirectoryWith("", "", ""));
  ASSERT_TRUE(data.has_value()) << data.error();
  ASSERT_EQ(data->visits.size(), 2u);
  EXPECT_EQ(data->visits[1].entry_number, "");
  EXPECT_EQ(data->visits[1].order_line, 3u);
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
  const auto end = FromCivil({2020, 9, 30, 0, 0, 0}, kPilotOffsetMinutes);
  const std::vector<Step> steps = PlanTimeline(*data, *genesis, *end);
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
  EXPECT_EQ(staff.approvers.at({"S", "C"}), 1u);
  EXPECT_EQ(staff.dispatchers.at("S"), 1u);
}

TEST(Timeline, NothingIsPlannedBeyondTheEnd) {
  const auto data = LoadPilot(DirectoryWith("", "", ""));
  ASSERT_TRUE(data.has_value()) << data.error();
  const auto genesis = FromCivil({2020, 7, 28, 0, 0, 0}, kPilotOffsetMinutes);
  const auto end = FromCivil({2020, 9, 2, 9, 30, 0}, kPilotOffsetMinutes);
  for (const Step& step : PlanTimeline(*data, *genesis, *end)) EXPECT_LE(step.at, *end);
  EXPECT_EQ(FirstStepAfter(data->visits[0], *end), StepKind::kConfirm);
  EXPECT_EQ(FirstStepAfter(data->visits[1], *end), std::nullopt);
  // Every month gets its grant run, also those after the last visit.
  const auto spring = FromCivil({2021, 4, 1, 9, 0, 0}, kPilotOffsetMinutes);
  std::size_t runs = 0;
  for (const Step& step : PlanTimeline(*data, *genesis, *spring)) {
    runs += step.kind == StepKind::kGrantRun ? 1 : 0;
  }
  EXPECT_EQ(runs, 10u);
}

TEST(Staff, CommunitiesOfOneNameInTwoStreetsAreTwo) {
  const auto data =
      LoadPilot(DirectoryWith("M3,1950,T,C,elder,yes\nM4,1950,T,C,elder,yes\n", "", ""));
  ASSERT_TRUE(data.has_value()) << data.error();
  const StaffPlan staff = PlanStaff(*data);
  EXPECT_EQ(staff.communities, (std::vector<CommunityKey>{{"S", "C"}, {"T", "C"}}));
  EXPECT_EQ(staff.streets, (std::vector<std::string>{"S", "T"}));
  EXPECT_EQ(staff.approvers.at({"T", "C"}), 1u);
}

TEST(Staff, ApprovalsOfABusyHourNeedMoreThanOneApprover) {
  PilotData data;
  data.members = {{"M2", "S", "C", 1940, false, true, true}};
  data.member_index["M2"] = 0;
  PilotVisit visit;
  visit.entry_number = "E";
  visit.elder = "M2";
  visit.approved_at = *FromCivil({2020, 9, 2, 9, 30, 0}, kPilotOffsetMinutes);
  data.visits.assign(501, visit);
  EXPECT_EQ(PlanStaff(data).approvers.at({"S", "C"}), 2u);
  for (PilotVisit& one : data.visits) one.channel = PilotChannel::kCard;
  EXPECT_EQ(PlanStaff(data).approvers.at({"S", "C"}), 51u);
}

TEST(DemoFolder, OnlyWhatDevUpMadeIsBegunAnew) {
  const std::string directory = TemporaryDirectory();
  EXPECT_TRUE(CheckDemoFolder(directory));
  EXPECT_TRUE(CheckDemoFolder(directory + "/absent"));
  // What `testnet init` leaves: nothing runs, and its keys are nowhere else.
  Write(directory + "/cluster.json",
        R"({"nodes":[{"name":"a","grpc":"127.0.0.1:1","dir":"/nowhere","pid":0}]})");
  EXPECT_FALSE(CheckDemoFolder(directory));
  ASSERT_TRUE(MarkDemoFolder(directory, "a demo"));
  EXPECT_TRUE(CheckDemoFolder(directory));
  EXPECT_TRUE(ClearDemoFolder(directory));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(DemoFolder, LiesWithinFollowsThePath) {
  EXPECT_TRUE(LiesWithin("/a/b", "/a/b"));
  EXPECT_TRUE(LiesWithin("/a/b/c", "/a/b"));
  EXPECT_TRUE(LiesWithin("/a/x/../b/c", "/a/b"));
  EXPECT_FALSE(LiesWithin("/a/bc", "/a/b"));
  EXPECT_FALSE(LiesWithin("/a", "/a/b"));
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
