#include "node/storage/rows.h"

#include <utility>

namespace timebank::storage {

Bytes NumberKey(std::uint64_t number) { return ByteWriter().U64(number).Take(); }

std::optional<std::uint64_t> ParseNumber(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint64_t number = in.U64();
  return in.AtEnd() ? std::optional(number) : std::nullopt;
}

Bytes Encode(const FloorRow& row) {
  return ByteWriter().U64(row.height.value()).Raw(row.digest.view()).Take();
}

std::optional<FloorRow> DecodeFloorRow(ByteView bytes) {
  ByteReader in(bytes);
  FloorRow row;
  row.height = Height(in.U64());
  row.digest = in.Read<Hash>();
  return in.AtEnd() ? std::optional(row) : std::nullopt;
}

Bytes Encode(const LogPosition& position) {
  return ByteWriter().U32(position.segment).U32(position.offset).U64(position.number).Take();
}

std::optional<LogPosition> DecodeLogPosition(ByteView bytes) {
  ByteReader in(bytes);
  LogPosition position;
  position.segment = in.U32();
  position.offset = in.U32();
  position.number = in.U64();
  return in.AtEnd() ? std::optional(position) : std::nullopt;
}

Bytes Encode(const BlockRow& row) {
  ByteWriter out;
  out.U32(row.body.segment).U32(row.body.offset).U32(row.body.length).U32(row.body.crc);
  return out.Raw(row.digest.view()).Raw(row.finalization.Encode()).Take();
}

std::optional<BlockRow> DecodeBlockRow(ByteView bytes) {
  ByteReader in(bytes);
  BlockRow row;
  row.body.segment = in.U32();
  row.body.offset = in.U32();
  row.body.length = in.U32();
  row.body.crc = in.U32();
  row.digest = in.Read<Hash>();
  auto finalization = chain::Certificate::Decode(in.Raw(in.remaining()));
  if (!in.ok() || !finalization) return std::nullopt;
  row.finalization = std::move(*finalization);
  return row;
}

Bytes Encode(const replica::TransactionRow& row) {
  ByteWriter out;
  out.U64(row.log_index).U64(row.height.value()).Raw(row.leaf_hash.view());
  out.U8(row.sweep ? 1 : 0).U32(row.position).U32(static_cast<std::uint32_t>(row.lines.size()));
  for (const std::string& line : row.lines) {
    out.U32(static_cast<std::uint32_t>(line.size())).Raw(line);
  }
  return out.Take();
}

std::optional<replica::TransactionRow> DecodeTransactionRow(const Hash& id, ByteView bytes) {
  ByteReader in(bytes);
  replica::TransactionRow row;
  row.id = id;
  row.log_index = in.U64();
  row.height = Height(in.U64());
  row.leaf_hash = in.Read<Hash>();
  const std::uint8_t sweep = in.U8();
  row.sweep = sweep == 1;
  row.position = in.U32();
  const std::uint32_t lines = in.U32();
  for (std::uint32_t i = 0; i < lines && in.ok(); ++i) {
    const std::uint32_t length = in.U32();
    row.lines.push_back(ToString(in.Raw(length)));
  }
  if (!in.AtEnd() || sweep > 1) return std::nullopt;
  return row;
}

}  // namespace timebank::storage
