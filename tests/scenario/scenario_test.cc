// Every tests/scenario/*.txt is one test, named after the file.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/scenario/player.h"

namespace timebank::scenario {
namespace {

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(TIMEBANK_SCENARIO_DIR)) {
    const std::string stem = file.path().stem().string();
    if (file.path().extension() == ".txt" && stem != "CMakeLists") names.push_back(stem);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, BothLedgersAgreeWithTheFile) {
  std::string error;
  std::string path = TIMEBANK_SCENARIO_DIR;
  path += "/" + GetParam() + ".txt";
  const auto lines = ReadScript(path, error);
  ASSERT_EQ(error, "");
  Player player;
  for (const std::string& failure : player.Play(lines)) ADD_FAILURE() << failure;
}

INSTANTIATE_TEST_SUITE_P(File, Scenario, testing::ValuesIn(Names()),
                         [](const auto& test) { return test.param; });

TEST(ScenarioFiles, AreThere) { EXPECT_GE(Names().size(), 60U); }

TEST(Script, ReadsDurations) {
  EXPECT_EQ(ParseDuration("72h"), 72 * 3'600'000);
  EXPECT_EQ(ParseDuration("1d2h3m4s5ms"), 93'784'005);
  EXPECT_EQ(ParseDuration("-1s"), -1'000);
  EXPECT_EQ(ParseDuration("7"), std::nullopt);
  EXPECT_EQ(ParseDuration(""), std::nullopt);
}

}  // namespace
}  // namespace timebank::scenario
