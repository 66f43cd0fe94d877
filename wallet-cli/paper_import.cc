#include "wallet-cli/paper_import.h"

#include "api/client/reasons.h"
#include "chain/transaction.h"

namespace timebank::cli {
namespace {

constexpr std::size_t kLinesMax = 500;
// Room for the signer, the file's hash and the rest of the body.
constexpr std::size_t kBatchBytesMax = chain::kListBodySizeMax - 1024;
// Field tag and length in front of a line.
constexpr std::size_t kLineOverhead = 4;

std::string EntryOf(const SlipRow& row) {
  v1::EntryContent content;
  if (!content.ParseFromString(row.batch_line.content())) return "";
  return ToHex(AsBytes(content.entry()));
}

SlipOutcome Refused(const SlipRow& row, v1::Reason reason) {
  return {"refused", SlipFinding(reason, row), client::NameOf(reason), 0, EntryOf(row)};
}

SlipOutcome OutcomeOf(const SlipRow& row, const v1::EffectsLine& line) {
  if (line.outcome() == v1::OUTCOME_REFUSED) return Refused(row, line.reason());
  const bool again = line.outcome() == v1::OUTCOME_ALREADY_RECORDED;
  return {again ? "already_recorded" : "recorded", "", "", line.flags(), EntryOf(row)};
}

// Sends `batch` and notes what became of its rows.
Result<Done> Send(const SlipFile& file, std::span<const std::size_t> batch, const SendBatch& send,
                  std::vector<SlipOutcome>& outcomes) {
  const auto lines = send(batch);
  if (lines) {
    for (std::size_t i = 0; i < batch.size() && i < lines->size(); ++i) {
      outcomes[batch[i]] = OutcomeOf(file.rows[batch[i]], (*lines)[i]);
    }
    return Done{};
  }
  if (lines.error().exit != Exit::kRefused) return Unexpected{lines.error()};
  const v1::Reason reason = client::ReasonOfName(lines.error().reason);
  if (reason != v1::REASON_NO_LINE_SUCCEEDED) {
    for (const std::size_t row : batch) outcomes[row] = Refused(file.rows[row], reason);
    return Done{};
  }
  for (const std::size_t& row : batch) {
    const auto sent = Send(file, std::span(&row, 1), send, outcomes);
    if (!sent) return sent;
  }
  return Done{};
}

}  // namespace

std::vector<std::vector<std::size_t>> PlanBatches(std::span<const SlipRow> rows) {
  std::vector<std::vector<std::size_t>> batches;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].finding.empty()) continue;
    const std::size_t size = rows[i].batch_line.ByteSizeLong() + kLineOverhead;
    if (batches.empty() || batches.back().size() == kLinesMax || bytes + size > kBatchBytesMax) {
      batches.emplace_back();
      bytes = 0;
    }
    batches.back().push_back(i);
    bytes += size;
  }
  return batches;
}

Result<std::vector<SlipOutcome>> ImportSlips(const SlipFile& file, const SendBatch& send) {
  std::vector<SlipOutcome> outcomes;
  for (const SlipRow& row : file.rows) outcomes.push_back({"refused", row.finding, "", 0, ""});
  for (const std::vector<std::size_t>& batch : PlanBatches(file.rows)) {
    const auto sent = Send(file, batch, send, outcomes);
    if (!sent) return Unexpected{sent.error()};
  }
  return outcomes;
}

}  // namespace timebank::cli
