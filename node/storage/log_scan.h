// Reading the node log at start: every record from a position on, the end of the log, and the one
// decision that matters: torn tail or damage (CONSENSUS 8).
//   - The first batch that does not verify is the torn tail if no later batch with the salt and a
//     number at least as high verifies up to the end of the log. It was never sent: dropped whole.
//   - Otherwise the log is damaged and the node must not start.
//   - What lies behind the last batch of a segment that is not the last is zero.
//   - An empty or half-made segment behind the end is no error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "node/storage/log_files.h"
#include "node/storage/log_format.h"
#include "platform/status.h"

namespace timebank::storage {

struct ScannedRecord {
  consensus::RecordType type = consensus::RecordType::kBody;
  ByteView payload;  // valid during the call
  RecordLocation location;
  LogPosition batch;
};
// A failure stops the scan and is its answer.
using RecordVisitor = std::function<platform::Status(const ScannedRecord&)>;

struct LogEnd {
  LogPosition next;  // where the next batch goes
  // The last segment's valid bytes, header included, up to next.offset. Empty when there is no
  // segment, or only one whose making was cut short.
  Bytes valid;
  Salt salt;                       // of that segment, when `valid` is not empty
  std::uint32_t last_segment = 0;  // highest number found; 0: none
  bool torn = false;               // something was dropped
};

// Visits all records of the batches from `start` on, in order; without `start` from the beginning
// of what may be an empty log. A batch must be at `start`: the database, which follows the log,
// knows of it. The error names file, offset, batch number and what to do.
[[nodiscard]] platform::Result<LogEnd> ScanLog(const LogFiles& files,
                                               std::optional<LogPosition> start,
                                               const RecordVisitor& visit);

}  // namespace timebank::storage
