#include "node/storage/log_scan.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "node/storage/advice.h"
#include "node/storage/crc32c.h"

namespace timebank::storage {
namespace {

using platform::Fail;
using platform::Result;
using platform::Status;

struct Segment {
  std::uint32_t number = 0;
  Bytes bytes;
  std::optional<Salt> salt;  // empty: the header is damaged or was never written
};

// One pass over the segments; `at_` is where the next batch is expected.
class Scan {
 public:
  Scan(const LogFiles& files, std::optional<LogPosition> start, const RecordVisitor& visit)
      : files_(files), start_(start), at_(start.value_or(LogPosition{})), visit_(visit) {}
  [[nodiscard]] Result<LogEnd> Run();

 private:
  // Sets last_ after checking that no segment is missing.
  [[nodiscard]] Status FindSegments();
  [[nodiscard]] Result<Segment> Load(std::uint32_t number) const;
  [[nodiscard]] Status VisitBatches(const Segment& segment);
  [[nodiscard]] Status VisitRecords(const Batch& batch);
  // The first segment behind the current one that holds anything but zeros; 0: none does.
  [[nodiscard]] Result<std::uint32_t> NextWritten() const;
  [[nodiscard]] Result<bool> IsWritten(std::uint32_t number) const;
  // After the last good batch of `segment`: is something whole behind the damage?
  [[nodiscard]] Status RefuseIfDamaged(const Segment& segment, std::uint32_t next_written) const;
  [[nodiscard]] LogEnd EndIn(Segment segment, bool torn) const;
  [[nodiscard]] std::string Where() const;

  const LogFiles& files_;
  const std::optional<LogPosition> start_;
  LogPosition at_;
  const RecordVisitor& visit_;
  std::uint32_t last_ = 0;
};

constexpr std::uint64_t kFirstLookBytes = 4096;

// A torn write is dropped silently; this is none.
std::string Damaged(std::string what) {
  return WithAdvice(std::move(what) + ". This is a damaged disk or file, no torn write; if the " +
                    "disk has redundancy, restore exactly this file from it");
}

bool IsZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

ByteView AfterHeader(ByteView segment) {
  return segment.subspan(std::min<std::size_t>(segment.size(), kSegmentHeaderBytes));
}

}  // namespace

Result<LogEnd> ScanLog(const LogFiles& files, std::optional<LogPosition> start,
                       const RecordVisitor& visit) {
  return Scan(files, start, visit).Run();
}

namespace {

Result<LogEnd> Scan::Run() {
  if (Status found = FindSegments(); !found) return Fail(found.error());
  if (last_ == 0) return LogEnd{};
  for (;;) {
    auto segment = Load(at_.segment);
    if (!segment) return Fail(segment.error());
    if (Status visited = VisitBatches(*segment); !visited) return Fail(visited.error());
    // A start position is given by the database, which follows the log: its batch must be there.
    if (at_ == start_) {
      return Fail(Damaged(Where() + " does not verify, but the database knows of it"));
    }
    const std::size_t end = std::min<std::size_t>(segment->bytes.size(), at_.offset);
    const bool clean = segment->salt && IsZero(ByteView(segment->bytes).subspan(end));
    const auto next_written = NextWritten();
    if (!next_written) return Fail(next_written.error());
    if (clean && *next_written != 0) {
      ++at_.segment;
      at_.offset = kSegmentHeaderBytes;
      continue;
    }
    if (!clean) {
      Status torn = RefuseIfDamaged(*segment, *next_written);
      if (!torn) return Fail(torn.error());
    }
    return EndIn(std::move(*segment), /*torn=*/!clean);
  }
}

Status Scan::FindSegments() {
  const auto names = files_.List();
  if (!names) return Fail(WithAdvice(names.error()));
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : *names) {
    if (const auto number = ParseSegmentName(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  if (numbers.empty() && !start_) return platform::Done{};
  std::uint32_t expected = at_.segment;
  for (const std::uint32_t number : numbers) {
    if (number < expected) continue;
    if (number != expected) break;
    last_ = number;
    ++expected;
  }
  if (last_ == 0 || last_ != numbers.back()) {
    return Fail(Damaged(files_.PathOf(SegmentName(expected)) + " is missing"));
  }
  return platform::Done{};
}

Result<Segment> Scan::Load(std::uint32_t number) const {
  const std::string name = SegmentName(number);
  const auto file = files_.Open(name);
  if (!file) return Fail(WithAdvice(file.error()));
  const auto size = (*file)->Size();
  if (!size) return Fail(WithAdvice(size.error()));
  if (*size > UINT32_MAX)
    return Fail(Damaged(files_.PathOf(name) + " is larger than a segment may be"));
  Segment segment{.number = number, .bytes = Bytes(static_cast<std::size_t>(*size))};
  if (Status read = (*file)->Read(0, segment.bytes); !read) return Fail(WithAdvice(read.error()));
  const auto salt = DecodeSegmentHeader(segment.bytes);
  if (salt) segment.salt = *salt;
  if (!salt && salt.error() == SegmentHeaderFault::kUnknownVersion) {
    return Fail(files_.PathOf(name) +
                " has a format that this version does not know; start the version that wrote it "
                "or a newer one");
  }
  return segment;
}

Status Scan::VisitBatches(const Segment& segment) {
  if (!segment.salt) return platform::Done{};
  while (at_.offset < segment.bytes.size()) {
    const auto batch = DecodeBatch(ByteView(segment.bytes).subspan(at_.offset), *segment.salt);
    if (!batch) break;
    if (batch->number != at_.number) {
      return Fail(Damaged(Where() + " is not there, but batch " + std::to_string(batch->number) +
                          ": files were exchanged"));
    }
    if (Status visited = VisitRecords(*batch); !visited) return visited;
    at_.offset += batch->total_bytes;
    ++at_.number;
  }
  return platform::Done{};
}

Status Scan::VisitRecords(const Batch& batch) {
  const auto records = ParseRecords(batch.records);
  if (!records) {
    return Fail(Where() +
                " is whole but holds a record that this version does not know; start "
                "the version that wrote it or a newer one");
  }
  for (const RecordView& record : *records) {
    const ScannedRecord scanned{
        .type = record.type,
        .payload = record.payload,
        .location = {.segment = at_.segment,
                     .offset = at_.offset + kBatchHeaderBytes + record.offset,
                     .length = static_cast<std::uint32_t>(record.payload.size()),
                     .crc = Crc32c(record.payload)},
        .batch = at_};
    if (Status visited = visit_(scanned); !visited) return visited;
  }
  return platform::Done{};
}

Result<std::uint32_t> Scan::NextWritten() const {
  for (std::uint32_t number = at_.segment + 1; number <= last_; ++number) {
    const auto written = IsWritten(number);
    if (!written) return Fail(written.error());
    if (*written) return number;
  }
  return std::uint32_t{0};
}

Result<bool> Scan::IsWritten(std::uint32_t number) const {
  const auto file = files_.Open(SegmentName(number));
  if (!file) return Fail(WithAdvice(file.error()));
  const auto size = (*file)->Size();
  if (!size) return Fail(WithAdvice(size.error()));
  // Almost always the first page tells.
  Bytes page(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kFirstLookBytes)));
  if (Status read = (*file)->Read(0, page); !read) return Fail(WithAdvice(read.error()));
  if (!IsZero(AfterHeader(page))) return true;
  const auto segment = Load(number);
  if (!segment) return Fail(segment.error());
  return !IsZero(AfterHeader(segment->bytes));
}

Status Scan::RefuseIfDamaged(const Segment& segment, std::uint32_t next_written) const {
  if (!segment.salt && (next_written != 0 || !IsZero(AfterHeader(segment.bytes)))) {
    // The header was durable before the first batch: a bad one may only be a segment in the making.
    return Fail(Damaged("the header of " + files_.PathOf(SegmentName(segment.number)) +
                        " (offset 0, before batch " + std::to_string(at_.number) + ") is damaged"));
  }
  if (next_written != 0) {
    return Fail(Damaged(Where() + " does not verify, but " +
                        files_.PathOf(SegmentName(next_written)) + " was written after it"));
  }
  if (!segment.salt) return platform::Done{};
  const auto later = FindBatch(segment.bytes, at_.offset, *segment.salt, at_.number + 1);
  if (!later) return platform::Done{};
  return Fail(Damaged(Where() + " does not verify, but a later batch at offset " +
                      std::to_string(*later) + " does"));
}

LogEnd Scan::EndIn(Segment segment, bool torn) const {
  LogEnd end{.next = at_, .last_segment = last_};
  if (segment.salt) {
    end.torn = torn;
    end.salt = *segment.salt;
    end.valid = std::move(segment.bytes);
    end.valid.resize(at_.offset);
  }
  return end;
}

std::string Scan::Where() const {
  return files_.PathOf(SegmentName(at_.segment)) + ": batch " + std::to_string(at_.number) +
         " at offset " + std::to_string(at_.offset);
}

}  // namespace
}  // namespace timebank::storage
