#include "wallet-cli/paper_import.h"

#include <gtest/gtest.h>

namespace timebank::cli {
namespace {

SlipRow GoodRow(std::size_t number, std::size_t content_bytes = 100) {
  SlipRow row;
  row.serial = "P" + std::to_string(number);
  row.volunteer = "M1";
  row.elder = "M2";
  row.batch_line.set_content(std::string(content_bytes, 'x'));
  return row;
}

SlipRow BadRow(const char* finding) {
  SlipRow row;
  row.finding = finding;
  return row;
}

v1::EffectsLine Line(v1::Outcome outcome, v1::Reason reason = v1::REASON_UNSPECIFIED) {
  v1::EffectsLine line;
  line.set_outcome(outcome);
  line.set_reason(reason);
  return line;
}

Failure RefusedBecause(v1::Reason reason) {
  Failure failure;
  failure.exit = Exit::kRefused;
  failure.reason = v1::Reason_Name(reason);
  return failure;
}

TEST(PaperImport, BatchesKeepFileOrderAndLeaveOutWhatCannotBeSent) {
  const std::vector<SlipRow> rows = {GoodRow(1), BadRow("bad_date"), GoodRow(2)};
  const auto batches = PlanBatches(rows);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0], (std::vector<std::size_t>{0, 2}));
  EXPECT_TRUE(PlanBatches({}).empty());
}

TEST(PaperImport, BatchesHaveAtMostFiveHundredRows) {
  std::vector<SlipRow> rows;
  for (std::size_t i = 0; i < 501; ++i) rows.push_back(GoodRow(i, 20));
  const auto batches = PlanBatches(rows);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].size(), 500U);
  EXPECT_EQ(batches[1], std::vector<std::size_t>{500});
}

TEST(PaperImport, BatchesFitOneTransaction) {
  std::vector<SlipRow> rows;
  for (std::size_t i = 0; i < 400; ++i) rows.push_back(GoodRow(i, 400));
  std::size_t sent = 0;
  for (const auto& batch : PlanBatches(rows)) {
    std::size_t bytes = 0;
    for (const std::size_t row : batch) bytes += rows[row].batch_line.ByteSizeLong() + 4;
    EXPECT_LE(bytes, 65536U - 1024U);
    sent += batch.size();
  }
  EXPECT_EQ(sent, rows.size());
}

TEST(PaperImport, EachRowGetsItsOwnOutcome) {
  SlipFile file;
  file.rows = {GoodRow(1), BadRow("bad_time"), GoodRow(2), GoodRow(3)};
  const SendBatch send = [](std::span<const std::size_t>) -> Result<std::vector<v1::EffectsLine>> {
    return std::vector{Line(v1::OUTCOME_DONE), Line(v1::OUTCOME_REFUSED, v1::REASON_F1_OVERLAP),
                       Line(v1::OUTCOME_ALREADY_RECORDED)};
  };
  const auto outcomes = ImportSlips(file, send);
  ASSERT_TRUE(outcomes);
  ASSERT_EQ(outcomes->size(), 4U);
  EXPECT_EQ((*outcomes)[0].outcome, "recorded");
  EXPECT_EQ((*outcomes)[1].outcome, "refused");
  EXPECT_EQ((*outcomes)[1].finding, "bad_time");
  EXPECT_EQ((*outcomes)[2].finding, "overlap");
  EXPECT_EQ((*outcomes)[2].reason, "REASON_F1_OVERLAP");
  EXPECT_EQ((*outcomes)[3].outcome, "already_recorded");
}

TEST(PaperImport, ABatchRefusedAsAWholeTellsEachRowsReason) {
  SlipFile file;
  file.rows = {GoodRow(1), GoodRow(2)};
  const SendBatch send =
      [](std::span<const std::size_t> rows) -> Result<std::vector<v1::EffectsLine>> {
    if (rows.size() > 1) return Unexpected{RefusedBecause(v1::REASON_NO_LINE_SUCCEEDED)};
    return Unexpected{
        RefusedBecause(rows[0] == 0 ? v1::REASON_FUTURE : v1::REASON_F6_OUTSIDE_HOURS)};
  };
  const auto outcomes = ImportSlips(file, send);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ((*outcomes)[0].finding, "future");
  EXPECT_EQ((*outcomes)[1].finding, "night_without_order");
}

TEST(PaperImport, SilenceIsNoRefusal) {
  SlipFile file;
  file.rows = {GoodRow(1)};
  const SendBatch send = [](std::span<const std::size_t>) -> Result<std::vector<v1::EffectsLine>> {
    Failure failure;
    failure.exit = Exit::kNotRecorded;
    return Unexpected{failure};
  };
  const auto outcomes = ImportSlips(file, send);
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().exit, Exit::kNotRecorded);
}

}  // namespace
}  // namespace timebank::cli
