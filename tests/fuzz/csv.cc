// CSV files as offices send them, and the paper slips in them: a fault is that of a row or of the
// file; cells are UTF-8; what a row without a finding sends is in order for the ledger.
//   input: CSV
#include "wallet-cli/csv.h"

#include <google/protobuf/stubs/common.h>

#include <optional>
#include <string>

#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "ledger/entry_content.h"
#include "tests/fuzz/targets.h"
#include "wallet-cli/paper_slips.h"

namespace timebank::fuzz {
namespace {

constexpr std::int64_t kOffsetMinutes = 480;

// Members are named by one letter.
std::optional<cli::SlipParty> Find(const std::string& number) {
  if (number.size() != 1) return std::nullopt;
  cli::SlipParty party;
  party.member.data.fill(static_cast<std::byte>(number[0]));
  party.home.data.fill(std::byte{'c'});
  return party;
}

void CheckRow(const cli::CsvRow& row, std::size_t columns) {
  TB_CHECK(row.cells.size() <= columns);
  for (const auto& [column, cell] : row.cells) {
    TB_CHECK(google::protobuf::internal::IsStructurallyValidUTF8(cell));
    TB_CHECK(row.Get(column) == cell);
    const std::string narrow = cli::NormaliseWidth(cell);
    TB_CHECK(google::protobuf::internal::IsStructurallyValidUTF8(narrow));
    TB_CHECK(cli::NormaliseWidth(narrow) == narrow);
  }
}

void CheckSlip(const cli::SlipRow& slip, const OrgId& org) {
  if (!slip.finding.empty()) return;
  const std::string line = chain::CanonicalBytes(slip.batch_line);
  TB_CHECK(!chain::CheckCanonical<v1::PaperLine>(AsBytes(line)));
  const auto visit = ledger::ParseContent(AsBytes(slip.batch_line.content()));
  TB_CHECK(visit.has_value());
  const Millis start(visit->content.start_ms());
  TB_CHECK(ledger::SlipId(start, org, AsBytes(slip.serial)).text() == visit->content.entry());
}

}  // namespace

void RunCsv(Input input) {
  const ByteView bytes = input.Rest();
  const auto table = cli::ParseCsv(AsText(bytes));
  const OrgId org;
  const auto slips = cli::ParseSlips(bytes, "slips.csv", org, kOffsetMinutes, Find);
  if (!table) {
    TB_CHECK(!slips);
    return;
  }
  std::size_t line = 1;
  for (const cli::CsvRow& row : table->rows) {
    TB_CHECK(row.line > line);
    line = row.line;
    CheckRow(row, table->columns.size());
  }
  if (!slips) return;
  TB_CHECK(slips->file_hash == crypto::Sha256(bytes));
  TB_CHECK(slips->rows.size() == table->rows.size());
  for (const cli::SlipRow& slip : slips->rows) CheckSlip(slip, org);
}

}  // namespace timebank::fuzz
