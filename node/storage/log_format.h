// The bytes of the node log (FORMATS 8), without any file. All integers big-endian.
//   segment header: magic "TBnodlog" | version u32 | salt 16 | CRC32C u32 of the 28 bytes before
//   batch header:   number u64 | length of the records u32 | CRC32C u32 of number, salt, records
//   record:         type u8 | length u32 | payload
//   trailer:        ~length u32 | magic u32
// Batches follow one another without gap; numbers rise by one, also across segments. The salt makes
// bytes of another file, or bytes that a client put into a block, never pass for a batch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "consensus/record.h"

namespace timebank::storage {

inline constexpr std::uint32_t kSegmentBytes = 16U << 20;
inline constexpr std::uint32_t kLogVersion = 1;
inline constexpr std::uint32_t kSegmentHeaderBytes = 32;
inline constexpr std::uint32_t kBatchHeaderBytes = 16;
inline constexpr std::uint32_t kBatchTrailerBytes = 8;
inline constexpr std::uint32_t kBatchFrameBytes = kBatchHeaderBytes + kBatchTrailerBytes;
inline constexpr std::uint32_t kRecordHeaderBytes = 5;

using Salt = FixedBytes<struct SegmentSaltTag, 16>;

struct LogRecord {
  consensus::RecordType type = consensus::RecordType::kBody;
  Bytes payload;
};

// Where a batch starts. The default is the beginning of the log.
struct LogPosition {
  std::uint32_t segment = 1;
  std::uint32_t offset = kSegmentHeaderBytes;
  std::uint64_t number = 1;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

// Where a record's payload lies, with its CRC32C: enough to read it back and know that it is whole.
struct RecordLocation {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  friend auto operator<=>(const RecordLocation&, const RecordLocation&) = default;
};

[[nodiscard]] Bytes EncodeSegmentHeader(const Salt& salt);

enum class SegmentHeaderFault : std::uint8_t {
  kDamaged,         // too short, wrong magic or checksum
  kUnknownVersion,  // whole, but of another version of the format
};
[[nodiscard]] Expected<Salt, SegmentHeaderFault> DecodeSegmentHeader(ByteView segment);

// Size in a batch of one record.
[[nodiscard]] inline std::size_t RecordBytes(const LogRecord& record) {
  return kRecordHeaderBytes + record.payload.size();
}
// Records are written in the order given. Requires: at least one record; below 4 GiB in all.
[[nodiscard]] Bytes EncodeBatch(std::uint64_t number, const Salt& salt,
                                std::span<const LogRecord> records);

struct Batch {
  std::uint64_t number = 0;
  std::uint32_t total_bytes = 0;  // frame included
  ByteView records;
};
// The batch that starts at the first byte, if header, CRC and trailer verify.
[[nodiscard]] std::optional<Batch> DecodeBatch(ByteView bytes, const Salt& salt);
// The first whole batch with a number of at least `number_min` that starts at any byte from
// `from` on: its offset. This is how damage is told from a torn tail.
[[nodiscard]] std::optional<std::uint32_t> FindBatch(ByteView segment, std::uint32_t from,
                                                     const Salt& salt, std::uint64_t number_min);

struct RecordView {
  consensus::RecordType type = consensus::RecordType::kBody;
  ByteView payload;
  std::uint32_t offset = 0;  // of the payload within the batch's records
};
// Empty for a record type that this version does not know or lengths that do not add up.
[[nodiscard]] std::optional<std::vector<RecordView>> ParseRecords(ByteView records);

// "00000001.log" and back. Empty for any other name.
[[nodiscard]] std::string SegmentName(std::uint32_t segment);
[[nodiscard]] std::optional<std::uint32_t> ParseSegmentName(std::string_view name);

}  // namespace timebank::storage
