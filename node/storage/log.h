// The node log: durability point and block store (CONSENSUS 8). Segments of 16 MiB, filled with
// zeros before use and never reused; one batch per sync; read back by location.
// One thread opens and appends; Read may be called from any thread. The next segment is made by a
// thread of the log's own.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "node/storage/log_files.h"
#include "node/storage/log_format.h"
#include "node/storage/log_scan.h"
#include "platform/status.h"

namespace timebank::storage {

// Called with a sentence when a write or sync failed. It must not return to the log: the process
// ends, because what is on the disk is no longer known and a second fsync may lie.
using FatalHandler = std::function<void(const std::string&)>;
// Prints to stderr and aborts.
[[noreturn]] void AbortOnStorageFailure(const std::string& sentence);

struct LogOptions {
  std::uint32_t segment_bytes = kSegmentBytes;
  std::function<Salt()> make_salt;  // secure random bytes; default: platform/entropy.h
  FatalHandler fatal;               // default: AbortOnStorageFailure
  // Make the next segment on a thread of its own once half of one is used, so that no append waits
  // for 16 MiB of zeros. False: when it is needed.
  bool prepare_ahead = true;
};

// Where appended records went, in the order in which they were given.
struct Appended {
  LogPosition batch;  // the first one, if they did not fit into one
  std::vector<RecordLocation> locations;
};

class Log {
 public:
  // Scans from `start` (as ScanLog) and hands each record to `visit`; changes nothing. Recover must
  // follow before the first append. Requires: `files` outlives the log.
  [[nodiscard]] static platform::Result<std::unique_ptr<Log>> Open(LogFiles& files,
                                                                   LogOptions options,
                                                                   std::optional<LogPosition> start,
                                                                   const RecordVisitor& visit);

  // Writes the valid part of the last segment to a new file and puts it in place, because what was
  // read may never have reached the disk; a torn tail is gone after that. The error names the file
  // that could not be written.
  [[nodiscard]] platform::Status Recover();

  // One batch, ordered by record type (CONSENSUS 8), and one fdatasync: all is durable when this
  // returns. Records that do not fit into one batch are several, each synced before the next.
  // Requires: at least one record, none longer than record_bytes_max().
  Appended AppendAndSync(std::vector<LogRecord> records);

  // The payload, if it is there and its CRC matches; else a sentence that names file and offset.
  [[nodiscard]] platform::Result<Bytes> Read(const RecordLocation& location) const;

  [[nodiscard]] std::size_t record_bytes_max() const;
  [[nodiscard]] const LogPosition& next() const { return next_; }
  // True when a torn tail was found, which Recover drops.
  [[nodiscard]] bool has_torn_tail() const { return found_.torn; }

 private:
  Log(LogFiles& files, LogOptions options) : files_(files), options_(std::move(options)) {}
  // A whole segment file under `name`: header and `content`, then zeros; synced.
  [[nodiscard]] platform::Result<std::unique_ptr<LogFile>> MakeSegment(const std::string& name,
                                                                       ByteView content);
  void PrepareNext();
  [[nodiscard]] platform::Status Rotate();
  [[nodiscard]] platform::Status WriteBatch(std::span<const LogRecord> records,
                                            std::vector<RecordLocation>& locations);

  LogFiles& files_;
  LogOptions options_;
  LogPosition next_;
  Salt salt_;
  std::unique_ptr<LogFile> file_;  // the last segment
  // The segment behind the last one, synced with its directory when it is there.
  std::future<platform::Result<std::unique_ptr<LogFile>>> prepared_;
  Salt prepared_salt_;
  LogEnd found_;  // by Open; its bytes are released by Recover
};

}  // namespace timebank::storage
