#include "node/storage/log_format.h"

#include <charconv>
#include <limits>

#include "base/check.h"
#include "node/storage/crc32c.h"

namespace timebank::storage {
namespace {

constexpr std::string_view kSegmentMagic = "TBnodlog";
constexpr std::uint32_t kTrailerMagic = 0x54426E64;  // "TBnd"; must not be zero
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kSegmentDigits = 8;

std::uint32_t BatchCrc(std::uint64_t number, const Salt& salt, ByteView records) {
  ByteWriter head;
  head.U64(number).Raw(salt.view());
  return Crc32c(records, Crc32c(head.bytes()));
}

bool IsKnown(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(consensus::RecordType::kBody) &&
         type <= static_cast<std::uint8_t>(consensus::RecordType::kFirstSeen);
}

}  // namespace

Bytes EncodeSegmentHeader(const Salt& salt) {
  ByteWriter out;
  out.Raw(kSegmentMagic).U32(kLogVersion).Raw(salt.view());
  out.U32(Crc32c(out.bytes()));
  return out.Take();
}

Expected<Salt, SegmentHeaderFault> DecodeSegmentHeader(ByteView segment) {
  constexpr auto kDamaged = Unexpected<SegmentHeaderFault>{SegmentHeaderFault::kDamaged};
  if (segment.size() < kSegmentHeaderBytes) return kDamaged;
  const ByteView guarded = segment.first(kSegmentHeaderBytes - sizeof(std::uint32_t));
  ByteReader in(segment.first(kSegmentHeaderBytes));
  const bool magic = AsText(in.Raw(kSegmentMagic.size())) == kSegmentMagic;
  const std::uint32_t version = in.U32();
  const Salt salt = in.Read<Salt>();
  if (!magic || in.U32() != Crc32c(guarded)) return kDamaged;
  if (version != kLogVersion) {
    return Unexpected<SegmentHeaderFault>{SegmentHeaderFault::kUnknownVersion};
  }
  return salt;
}

Bytes EncodeBatch(std::uint64_t number, const Salt& salt, std::span<const LogRecord> records) {
  TB_CHECK(!records.empty());
  std::size_t length = 0;
  for (const LogRecord& record : records) length += RecordBytes(record);
  TB_CHECK(length <= std::numeric_limits<std::uint32_t>::max() - kBatchFrameBytes);
  const auto length32 = static_cast<std::uint32_t>(length);

  Bytes out(kBatchHeaderBytes);
  out.reserve(length + kBatchFrameBytes);
  for (const LogRecord& record : records) {
    ByteWriter head;
    head.U8(static_cast<std::uint8_t>(record.type));
    head.U32(static_cast<std::uint32_t>(record.payload.size()));
    out.insert(out.end(), head.bytes().begin(), head.bytes().end());
    out.insert(out.end(), record.payload.begin(), record.payload.end());
  }
  const std::uint32_t crc = BatchCrc(number, salt, ByteView(out).subspan(kBatchHeaderBytes));
  ByteWriter header;
  header.U64(number).U32(length32).U32(crc);
  std::memcpy(out.data(), header.bytes().data(), kBatchHeaderBytes);
  ByteWriter trailer;
  trailer.U32(~length32).U32(kTrailerMagic);
  out.insert(out.end(), trailer.bytes().begin(), trailer.bytes().end());
  return out;
}

std::optional<Batch> DecodeBatch(ByteView bytes, const Salt& salt) {
  if (bytes.size() < kBatchFrameBytes) return std::nullopt;
  ByteReader header(bytes.first(kBatchHeaderBytes));
  Batch batch;
  batch.number = header.U64();
  const std::uint32_t length = header.U32();
  const std::uint32_t crc = header.U32();
  if (length == 0 || length > bytes.size() - kBatchFrameBytes) return std::nullopt;
  // The trailer first: it is cheap and turns away almost everything that is no batch.
  ByteReader trailer(bytes.subspan(kBatchHeaderBytes + length, kBatchTrailerBytes));
  if (trailer.U32() != ~length || trailer.U32() != kTrailerMagic) return std::nullopt;
  batch.records = bytes.subspan(kBatchHeaderBytes, length);
  batch.total_bytes = length + kBatchFrameBytes;
  if (BatchCrc(batch.number, salt, batch.records) != crc) return std::nullopt;
  return batch;
}

std::optional<std::uint32_t> FindBatch(ByteView segment, std::uint32_t from, const Salt& salt,
                                       std::uint64_t number_min) {
  for (std::size_t at = from; at + kBatchFrameBytes <= segment.size(); ++at) {
    const auto batch = DecodeBatch(segment.subspan(at), salt);
    if (batch && batch->number >= number_min) return static_cast<std::uint32_t>(at);
  }
  return std::nullopt;
}

std::optional<std::vector<RecordView>> ParseRecords(ByteView records) {
  std::vector<RecordView> out;
  ByteReader in(records);
  while (in.ok() && in.remaining() > 0) {
    const std::uint8_t type = in.U8();
    const std::uint32_t length = in.U32();
    if (!in.ok() || !IsKnown(type)) return std::nullopt;
    const auto offset = static_cast<std::uint32_t>(records.size() - in.remaining());
    out.push_back({static_cast<consensus::RecordType>(type), in.Raw(length), offset});
  }
  if (!in.AtEnd()) return std::nullopt;
  return out;
}

std::string SegmentName(std::uint32_t segment) {
  const std::string digits = std::to_string(segment);
  const std::size_t padding = digits.size() < kSegmentDigits ? kSegmentDigits - digits.size() : 0;
  return std::string(padding, '0') + digits + std::string(kSuffix);
}

std::optional<std::uint32_t> ParseSegmentName(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - kSuffix.size());
  std::uint32_t segment = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), segment);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  // One spelling per number, so that no two files claim the same segment.
  if (segment == 0 || SegmentName(segment) != name) return std::nullopt;
  return segment;
}

}  // namespace timebank::storage
