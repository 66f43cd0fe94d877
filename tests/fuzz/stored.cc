// What is kept in the node log and the database beside the state: each layout is taken and written
// back as the same bytes, or refused.
//   input: number of the layout u8 | bytes
#include "consensus/record.h"
#include "node/storage/live_tail.h"
#include "node/storage/log_format.h"
#include "node/storage/rows.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

// Rows follow the types of log records.
constexpr std::uint8_t kFirstRow = 8;

void RunRow(std::uint8_t row, ByteView bytes) {
  const Hash id;
  if (row == 0) {
    const auto read = storage::DecodeFloorRow(bytes);
    TB_CHECK(!read || Same(storage::Encode(*read), bytes));
  } else if (row == 1) {
    const auto read = storage::DecodeLogPosition(bytes);
    TB_CHECK(!read || Same(storage::Encode(*read), bytes));
  } else if (row == 2) {
    const auto read = storage::DecodeBlockRow(bytes);
    TB_CHECK(!read || Same(storage::Encode(*read), bytes));
  } else if (row == 3) {
    const auto read = storage::DecodeTransactionRow(id, bytes);
    TB_CHECK(!read || Same(storage::Encode(*read), bytes));
  } else if (row == 4) {
    const auto read = storage::ParseNumber(bytes);
    TB_CHECK(!read || Same(storage::NumberKey(*read), bytes));
  } else if (row == 5) {
    const auto read = storage::ParseSegmentName(AsText(bytes));
    TB_CHECK(!read || storage::SegmentName(*read) == AsText(bytes));
  }
}

}  // namespace

void RunStored(Input input) {
  const std::uint8_t layout = input.U8() % (kFirstRow + 6);
  const ByteView bytes = input.Rest();
  if (layout >= kFirstRow) return RunRow(layout - kFirstRow, bytes);
  const auto type = static_cast<consensus::RecordType>(layout);
  const auto record = consensus::DecodeRecord(type, bytes);
  if (!record) return;
  TB_CHECK(consensus::TypeOf(*record) == type);
  TB_CHECK(Same(consensus::EncodeRecord(*record), bytes));
  (void)storage::ReachOf(*record);
}

}  // namespace timebank::fuzz
