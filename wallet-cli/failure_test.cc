#include "wallet-cli/failure.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace timebank::cli {
namespace {

TEST(Failure, TheExitCodeSaysWhetherAskingAgainMayHelp) {
  struct Case {
    v1::Reason reason;
    Exit exit;
  };
  constexpr Case kCases[] = {
      {v1::REASON_F13_INSUFFICIENT, Exit::kRefused},
      {v1::REASON_F5_CAP, Exit::kRefused},
      {v1::REASON_F9_APPROVER_LIMIT, Exit::kRefused},
      {v1::REASON_BAD_SIGNATURE, Exit::kRefused},
      {v1::REASON_NOT_ENTITLED, Exit::kRefused},
      {v1::REASON_NOT_FOUND, Exit::kRefused},
      {v1::REASON_NOT_DEVELOPMENT, Exit::kRefused},
      {v1::REASON_TOO_FEW_VALIDATORS, Exit::kNotRecorded},
      {v1::REASON_NOT_YET, Exit::kNotRecorded},
      {v1::REASON_INBOX_FULL, Exit::kNotRecorded},
      {v1::REASON_DISK_LOW, Exit::kNotRecorded},
      {v1::REASON_RATE_LIMITED, Exit::kNotRecorded},
      {v1::REASON_SHUTTING_DOWN, Exit::kNotRecorded},
      {v1::REASON_BLOCK_DAMAGED, Exit::kNotVerified},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(v1::Reason_Name(c.reason));
    const Failure failure = FailureOf(client::MakeError(c.reason), Language::kEnglish);
    EXPECT_EQ(failure.exit, c.exit);
    EXPECT_EQ(failure.reason, v1::Reason_Name(c.reason));
    EXPECT_FALSE(failure.what.empty());
  }
}

TEST(Failure, SpeaksTheReadersLanguageAndKeepsTheDetail) {
  const client::Error error = client::MakeError(v1::REASON_NOT_FOUND, "organisation 0a");
  const Failure english = FailureOf(error, Language::kEnglish);
  EXPECT_EQ(english.what, std::string(client::InfoOf(error.reason).english) + ": organisation 0a");
  EXPECT_EQ(english.next, client::TextOf(client::InfoOf(error.reason).advice).english);
  const Failure chinese = FailureOf(error, Language::kChinese);
  EXPECT_EQ(chinese.what, std::string(client::InfoOf(error.reason).chinese) + "：organisation 0a");
}

TEST(Failure, SilenceIsNotARefusal) {
  client::Error error;
  error.code = client::RpcCode::kUnavailable;
  error.message = "connection refused";
  const Failure failure = FailureOf(error, Language::kEnglish);
  EXPECT_EQ(failure.exit, Exit::kNotRecorded);
  EXPECT_NE(failure.what.find("connection refused"), std::string::npos);
}

TEST(Failure, ProgramsGetFactsAsNumbersAndIdsAsText) {
  Failure failure;
  failure.exit = Exit::kNotRecorded;
  failure.what = "not recorded yet";
  failure.facts = {{"validators_reachable", "2"},
                   {"transaction_id", std::string(64, '1')},
                   {"code", "UNAVAILABLE"}};
  testing::internal::CaptureStdout();
  EXPECT_EQ(PrintFailure(failure, /*json=*/true), 3);
  const auto json = nlohmann::json::parse(testing::internal::GetCapturedStdout());
  EXPECT_EQ(json["error"]["validators_reachable"], 2);
  EXPECT_EQ(json["error"]["transaction_id"], std::string(64, '1'));
  EXPECT_EQ(json["error"]["code"], "UNAVAILABLE");
}

}  // namespace
}  // namespace timebank::cli
