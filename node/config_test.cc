#include "node/config.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "platform/file.h"

namespace timebank::node {
namespace {

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("config_test_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    ASSERT_TRUE(platform::CreateDirectories(folder_.string()));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  platform::Result<Config> Load(const std::string& text) {
    const std::string path = (folder_ / "config.toml").string();
    EXPECT_TRUE(platform::WriteFileAtomically(path, AsBytes(text)));
    return LoadConfig(path);
  }

  static Config Example() {
    Config config;
    config.name = "node-1";
    config.data_dir = "data";
    config.genesis_file = "genesis.bin";
    config.key_file = "/keys/consensus.key";
    config.passphrase_file = "passphrase";
    config.tls_certificate_file = "tls.crt";
    config.tls_key_file = "tls.key";
    config.client_listen = "127.0.0.1:7400";
    config.peer_listen = "127.0.0.1:7401";
    config.metrics_listen = "127.0.0.1:7402";
    config.peers = {{"node-2", "127.0.0.1:7411"}, {"node-3", "127.0.0.1:7421"}};
    config.delay_ms = 50;
    config.clock_offset_ms = -1'000'000'000'000;
    config.limits.inbox = 99;
    return config;
  }

  std::filesystem::path folder_;
};

TEST_F(ConfigTest, WhatIsWrittenIsReadBack) {
  const auto config = Load(ConfigText(Example()));
  ASSERT_TRUE(config.has_value()) << config.error();
  EXPECT_EQ(config->name, "node-1");
  EXPECT_EQ(config->client_listen, "127.0.0.1:7400");
  EXPECT_EQ(config->metrics_listen, "127.0.0.1:7402");
  EXPECT_EQ(config->delay_ms, 50U);
  EXPECT_EQ(config->clock_offset_ms, -1'000'000'000'000);
  EXPECT_EQ(config->limits.inbox, 99U);
  ASSERT_EQ(config->peers.size(), 2U);
  EXPECT_EQ(config->peers[1].name, "node-3");
  EXPECT_EQ(config->peers[1].address, "127.0.0.1:7421");
}

TEST_F(ConfigTest, RelativePathsStartFromTheFolderOfTheFile) {
  const auto config = Load(ConfigText(Example()));
  ASSERT_TRUE(config.has_value()) << config.error();
  EXPECT_EQ(config->data_dir, (folder_ / "data").string());
  EXPECT_EQ(config->key_file, "/keys/consensus.key");
}

TEST_F(ConfigTest, ARefusalNamesTheFileAndTheSetting) {
  struct Case {
    const char* name;
    std::string from;
    std::string to;
    const char* expected;
  };
  const Case cases[] = {
      {"misspelt", "delay_ms = 50", "delay = 50", "'delay' is no known setting"},
      {"misspelt inside", "inbox = 99", "in_box = 99", "'limits.in_box' is no known setting"},
      {"too small", "inbox = 99", "inbox = 15", "'limits.inbox' must be a number from 16"},
      {"text for number", "delay_ms = 50", "delay_ms = 'x'", "'delay_ms' must be a number"},
      {"number for text", "name = 'node-1'", "name = 1", "'name' must be a text"},
      {"missing", "name = 'node-1'", "", "'name' is missing"},
      {"no TOML", "delay_ms = 50", "delay_ms = ", "line "},
      {"no text", "[keys]", std::string("[\0keys]", 7), "line "},
      {"no name", "[keys]", "[[# keys]]", "line "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string text = ConfigText(Example());
    const std::size_t at = text.find(c.from);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, c.from.size(), c.to);
    const auto config = Load(text);
    ASSERT_FALSE(config.has_value());
    EXPECT_NE(config.error().find(c.expected), std::string::npos) << config.error();
    EXPECT_NE(config.error().find("config.toml"), std::string::npos) << config.error();
  }
}

TEST_F(ConfigTest, TheSmallestInboxIsAccepted) {
  Config example = Example();
  example.limits.inbox = 16;
  EXPECT_TRUE(Load(ConfigText(example)).has_value());
}

TEST_F(ConfigTest, AnAbsentFileIsNamed) {
  const auto config = LoadConfig((folder_ / "absent.toml").string());
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().find("absent.toml"), std::string::npos);
}

}  // namespace
}  // namespace timebank::node
