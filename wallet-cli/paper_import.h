// Sending a file of paper slips: which rows go into which batch, and what became of each row.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "timebank/v1/record.pb.h"
#include "wallet-cli/output.h"
#include "wallet-cli/paper_slips.h"

namespace timebank::cli {

struct SlipOutcome {
  std::string outcome;  // recorded, already_recorded, refused; signed: not sent
  std::string finding;  // the office's word for what is wrong; empty: nothing
  std::string reason;   // the ledger's, empty when the row was not sent
  std::uint32_t flags = 0;
  std::string entry;  // hex id, empty when the row was not sent
};

// Indexes of the rows of each batch, in file order: those that can be sent, at most 500 and as many
// as one transaction holds.
[[nodiscard]] std::vector<std::vector<std::size_t>> PlanBatches(std::span<const SlipRow> rows);

// Records the lines of one batch: its effects lines, one per line.
using SendBatch =
    std::function<Result<std::vector<v1::EffectsLine>>(std::span<const std::size_t> rows)>;

// One outcome per row. A batch of which nothing stands is refused as a whole, by a reason that may
// not say whose fault it was: then its rows are sent one by one. The error is one that is not a
// refusal.
[[nodiscard]] Result<std::vector<SlipOutcome>> ImportSlips(const SlipFile& file,
                                                           const SendBatch& send);

}  // namespace timebank::cli
