#include "node/storage/log.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "node/storage/crc32c.h"
#include "platform/entropy.h"

namespace timebank::storage {
namespace {

using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

constexpr std::string_view kNewSuffix = ".new";

// Leftovers of a segment whose making was cut short by a crash.
Status RemoveUnfinished(LogFiles& files) {
  const auto names = files.List();
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(kNewSuffix)) continue;
    if (Status removed = files.Remove(name); !removed) return removed;
  }
  return Done{};
}

}  // namespace

Result<std::unique_ptr<Log>> Log::Open(LogFiles& files, LogOptions options,
                                       std::optional<LogPosition> start,
                                       const RecordVisitor& visit) {
  TB_CHECK(options.segment_bytes > kSegmentHeaderBytes + kBatchFrameBytes + kRecordHeaderBytes);
  if (!options.make_salt) options.make_salt = [] { return platform::Random<Salt>(); };
  if (!options.fatal) options.fatal = AbortOnStorageFailure;
  auto end = ScanLog(files, start, visit);
  if (!end) return Fail(end.error());
  std::unique_ptr<Log> log(new Log(files, std::move(options)));
  log->next_ = end->next;
  log->found_ = std::move(*end);
  return log;
}

Status Log::Recover() {
  TB_CHECK(file_ == nullptr);
  if (Status removed = RemoveUnfinished(files_); !removed) return removed;
  // Segments behind the end are empty; they are made anew when their turn comes.
  for (std::uint32_t number = next_.segment + 1; number <= found_.last_segment; ++number) {
    if (Status removed = files_.Remove(SegmentName(number)); !removed) return removed;
  }
  Bytes content = std::exchange(found_.valid, {});
  salt_ = content.empty() ? options_.make_salt() : found_.salt;
  if (content.empty()) content = EncodeSegmentHeader(salt_);
  const std::string name = SegmentName(next_.segment);
  const std::string fresh = name + std::string(kNewSuffix);
  auto file = MakeSegment(fresh, content);
  if (!file) return Fail(file.error());
  if (Status renamed = files_.Rename(fresh, name); !renamed) return renamed;
  file_ = std::move(*file);
  return files_.SyncDirectory();
}

Appended Log::AppendAndSync(std::vector<LogRecord> records) {
  TB_CHECK(file_ != nullptr);
  TB_CHECK(!records.empty());
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return records[a].type < records[b].type; });

  Appended out{.locations = std::vector<RecordLocation>(records.size())};
  const std::size_t batch_bytes_max = record_bytes_max() + kRecordHeaderBytes;
  for (std::size_t first = 0; first < order.size();) {
    std::vector<LogRecord> batch;
    std::size_t bytes = 0;
    std::size_t last = first;
    while (last < order.size() && bytes + RecordBytes(records[order[last]]) <= batch_bytes_max) {
      bytes += RecordBytes(records[order[last]]);
      batch.push_back(std::move(records[order[last++]]));
    }
    TB_CHECK(last > first);
    std::vector<RecordLocation> locations;
    if (Status written = WriteBatch(batch, locations); !written) {
      options_.fatal("the node log cannot be written: " + written.error());
      AbortOnStorageFailure(written.error());
    }
    if (first == 0) {
      out.batch = {.segment = next_.segment,
                   .offset = locations[0].offset - kRecordHeaderBytes - kBatchHeaderBytes,
                   .number = next_.number - 1};
    }
    for (std::size_t i = first; i < last; ++i) out.locations[order[i]] = locations[i - first];
    first = last;
  }
  return out;
}

Result<Bytes> Log::Read(const RecordLocation& location) const {
  const std::string name = SegmentName(location.segment);
  // Opened for each read: any thread may read while the writer moves on to another segment.
  const auto file = files_.Open(name);
  if (!file) return Fail(file.error());
  if (location.length > options_.segment_bytes) return Fail(files_.PathOf(name) + ": too long");
  Bytes out(location.length);
  if (Status read = (*file)->Read(location.offset, out); !read) return Fail(read.error());
  if (Crc32c(out) != location.crc) {
    return Fail(files_.PathOf(name) + ": the record at offset " + std::to_string(location.offset) +
                " is damaged");
  }
  return out;
}

std::size_t Log::record_bytes_max() const {
  return options_.segment_bytes - kSegmentHeaderBytes - kBatchFrameBytes - kRecordHeaderBytes;
}

Result<std::unique_ptr<LogFile>> Log::MakeSegment(const std::string& name, ByteView content) {
  auto file = files_.Create(name);
  if (!file) return file;
  Bytes whole(options_.segment_bytes);
  // A segment of a larger configured size keeps what it holds.
  if (content.size() > whole.size()) whole.resize(content.size());
  std::copy(content.begin(), content.end(), whole.begin());
  if (Status written = (*file)->Write(0, whole); !written) return Fail(written.error());
  if (Status synced = (*file)->Sync(); !synced) return Fail(synced.error());
  return file;
}

void Log::PrepareNext() {
  prepared_salt_ = options_.make_salt();
  const auto policy = options_.prepare_ahead ? std::launch::async : std::launch::deferred;
  prepared_ = std::async(policy, [this, name = SegmentName(next_.segment + 1),
                                  header = EncodeSegmentHeader(prepared_salt_)] {
    auto file = MakeSegment(name, header);
    if (!file) return file;
    if (Status synced = files_.SyncDirectory(); !synced) {
      return Result<std::unique_ptr<LogFile>>(Fail(synced.error()));
    }
    return file;
  });
}

Status Log::Rotate() {
  if (!prepared_.valid()) PrepareNext();
  auto file = prepared_.get();
  if (!file) return Fail(file.error());
  file_ = std::move(*file);
  salt_ = prepared_salt_;
  ++next_.segment;
  next_.offset = kSegmentHeaderBytes;
  return Done{};
}

Status Log::WriteBatch(std::span<const LogRecord> records, std::vector<RecordLocation>& locations) {
  std::size_t bytes = kBatchFrameBytes;
  for (const LogRecord& record : records) bytes += RecordBytes(record);
  // A recovered segment may be longer or shorter than today's setting; it is never extended.
  if (next_.offset + bytes > options_.segment_bytes) {
    if (Status rotated = Rotate(); !rotated) return rotated;
  }
  const Bytes batch = EncodeBatch(next_.number, salt_, records);
  if (Status written = file_->Write(next_.offset, batch); !written) return written;
  if (Status synced = file_->Sync(); !synced) return synced;

  std::uint32_t offset = next_.offset + kBatchHeaderBytes;
  for (const LogRecord& record : records) {
    offset += kRecordHeaderBytes;
    const auto length = static_cast<std::uint32_t>(record.payload.size());
    locations.push_back({.segment = next_.segment,
                         .offset = offset,
                         .length = length,
                         .crc = Crc32c(record.payload)});
    offset += length;
  }
  next_.offset += static_cast<std::uint32_t>(batch.size());
  ++next_.number;
  if (next_.offset > options_.segment_bytes / 2 && !prepared_.valid()) PrepareNext();
  return Done{};
}

void AbortOnStorageFailure(const std::string& sentence) {
  std::fprintf(stderr, "timebank: storage failed, the process ends: %s\n", sentence.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace timebank::storage
