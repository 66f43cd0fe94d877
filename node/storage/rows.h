// Keys and values of the database, column by column. All integers big-endian, so that keys sort by
// number; a value that does not decode is damage.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/certificate.h"
#include "node/replica/ports.h"
#include "node/storage/log_format.h"

namespace timebank::storage {

// Version of everything below and of the columns. A change of any of it raises the number.
inline constexpr std::uint32_t kDatabaseVersion = 1;

// Keys of Column::kMeta.
inline constexpr std::string_view kMetaVersion = "version";  // u32
inline constexpr std::string_view kMetaChain = "chain";      // chain_id 32
inline constexpr std::string_view kMetaFloor = "floor";      // FloorRow
// Where the log is scanned from; written in the batch of the floor that it belongs to.
inline constexpr std::string_view kMetaLogStart = "log-start";  // LogPosition
// Height u64 from which on all blocks are here: that of the snapshot a node began with. Absent: 1.
inline constexpr std::string_view kMetaFirst = "first";

// Key of kBlocks and of kLeaves.
[[nodiscard]] Bytes NumberKey(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> ParseNumber(ByteView bytes);

// A height with its digest: meta floor, and the payload of a FloorMark record.
struct FloorRow {
  Height height;
  Hash digest;
  friend auto operator<=>(const FloorRow&, const FloorRow&) = default;
};
[[nodiscard]] Bytes Encode(const FloorRow& row);
[[nodiscard]] std::optional<FloorRow> DecodeFloorRow(ByteView bytes);

[[nodiscard]] Bytes Encode(const LogPosition& position);
[[nodiscard]] std::optional<LogPosition> DecodeLogPosition(ByteView bytes);

// Value of kBlocks.
struct BlockRow {
  RecordLocation body;
  Hash digest;
  chain::Certificate finalization;  // of this block or of a descendant
};
[[nodiscard]] Bytes Encode(const BlockRow& row);
[[nodiscard]] std::optional<BlockRow> DecodeBlockRow(ByteView bytes);

// Value of kTransactions; the id is the key.
[[nodiscard]] Bytes Encode(const replica::TransactionRow& row);
[[nodiscard]] std::optional<replica::TransactionRow> DecodeTransactionRow(const Hash& id,
                                                                          ByteView bytes);

}  // namespace timebank::storage
