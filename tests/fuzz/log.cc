// The node log (CONSENSUS P13). What was appended and synced is all there after a crash; where bits
// have rotted the start is refused, or as many of the last batches are gone at most; and whatever
// stands in the files, the start answers, and a start after it finds the same.
//   input: 0 the segments' own bytes, else a log and what happens to it u8 | ...
#include "node/storage/log.h"

#include <memory>
#include <vector>

#include "node/storage/testing/faulty_files.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

using storage::Log;
using storage::LogRecord;
using storage::testing::FaultyFiles;

constexpr std::uint32_t kSmallSegmentBytes = 2048;
constexpr std::uint32_t kRecordBytesMax = 600;
constexpr int kBatchesMax = 12;
// No more than CRC32C tells for sure in a segment as small as these.
constexpr std::size_t kFlipsMax = 3;

storage::LogOptions Options() {
  storage::LogOptions options;
  options.segment_bytes = kSmallSegmentBytes;
  options.make_salt = [] { return *storage::Salt::From(std::string(16, 'S')); };
  options.prepare_ahead = false;  // the faulty disk is of one thread
  return options;
}

struct Opened {
  std::unique_ptr<Log> log;        // null: refused
  std::vector<LogRecord> records;  // as they were found
};

Opened OpenLog(FaultyFiles& files) {
  Opened opened;
  auto log = Log::Open(files, Options(), std::nullopt, [&](const storage::ScannedRecord& record) {
    opened.records.push_back({record.type, ToBytes(record.payload)});
    return platform::Status(platform::Done{});
  });
  if (log) opened.log = std::move(*log);
  if (!log) TB_CHECK(!log.error().empty());
  return opened;
}

bool Equal(const LogRecord& a, const LogRecord& b) {
  return a.type == b.type && Same(a.payload, b.payload);
}

// Whether `found` are the first of `written`.
bool IsStart(const std::vector<LogRecord>& found, const std::vector<LogRecord>& written) {
  return found.size() <= written.size() &&
         std::equal(found.begin(), found.end(), written.begin(), Equal);
}

// A log that opens is mended, goes on, and is found as it was left.
void GoOn(FaultyFiles& files, Opened opened) {
  if (opened.log == nullptr) return;
  TB_CHECK(opened.log->Recover());
  std::vector<LogRecord> expected = std::move(opened.records);
  expected.push_back({consensus::RecordType::kMyVote, Bytes(7)});
  (void)opened.log->AppendAndSync({expected.back()});
  const Opened again = OpenLog(files);
  TB_CHECK(again.log != nullptr);
  TB_CHECK(!again.log->has_torn_tail());
  TB_CHECK(again.records.size() == expected.size());
  TB_CHECK(IsStart(again.records, expected));
}

void RunRaw(Input input) {
  FaultyFiles files;
  const Bytes header = storage::EncodeSegmentHeader(Options().make_salt());
  for (std::uint32_t segment = 1; segment <= 2 && !input.empty(); ++segment) {
    // Mostly with a good header, which hardly an input would hit by itself.
    Bytes bytes = (input.U8() & 1U) == 0 ? header : Bytes();
    const ByteView content = input.Part();
    bytes.insert(bytes.end(), content.begin(), content.end());
    files.SetContent(storage::SegmentName(segment), std::move(bytes));
  }
  GoOn(files, OpenLog(files));
}

struct Written {
  std::vector<LogRecord> records;
  std::vector<std::size_t> batches;  // records before each
};

Written Write(Log& log, Input& input) {
  Written written;
  const int batches = 1 + input.U8() % kBatchesMax;
  for (int i = 0; i < batches; ++i) {
    const auto type = static_cast<consensus::RecordType>(1 + input.U8() % 7);
    const std::size_t size = input.U16() % kRecordBytesMax;
    Bytes payload = ToBytes(input.Take(size));
    payload.resize(size);
    std::vector<LogRecord> batch(1 + input.U8() % 2, LogRecord{type, payload});
    written.batches.push_back(written.records.size());
    written.records.insert(written.records.end(), batch.begin(), batch.end());
    (void)log.AppendAndSync(std::move(batch));
  }
  return written;
}

// How many bits were flipped.
std::size_t Rot(FaultyFiles& files, Input& input) {
  const std::size_t flips = input.U8() % (kFlipsMax + 1);
  for (std::size_t i = 0; i < flips; ++i) {
    const auto names = files.List();
    const std::string& name = (*names)[input.U8() % names->size()];
    const std::size_t size = files.Content(name).size();
    if (size > 0) files.FlipBit(name, input.U16() % size, input.U8() % 8);
  }
  return flips;
}

void RunDamage(Input input) {
  FaultyFiles files;
  Written written;
  {
    const Opened fresh = OpenLog(files);
    TB_CHECK(fresh.log != nullptr);
    TB_CHECK(fresh.log->Recover());
    written = Write(*fresh.log, input);
  }
  files.Crash([&](std::size_t choices) { return input.U8() % choices; });
  const std::size_t flips = Rot(files, input);
  Opened opened = OpenLog(files);
  if (flips == 0) {
    TB_CHECK(opened.log != nullptr);
    TB_CHECK(opened.records.size() == written.records.size());
  }
  if (opened.log == nullptr) return;
  TB_CHECK(IsStart(opened.records, written.records));
  // Each flip may have hit one of the last batches, which then look like one torn tail.
  const std::size_t lost = std::min(std::max<std::size_t>(flips, 1), written.batches.size());
  TB_CHECK(opened.records.size() >= written.batches[written.batches.size() - lost]);
  GoOn(files, std::move(opened));
}

}  // namespace

void RunLog(Input input) { input.U8() == 0 ? RunRaw(input) : RunDamage(input); }

}  // namespace timebank::fuzz
