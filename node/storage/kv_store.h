// The database behind the log as a port: ordered columns of keys, one atomic batch per final block,
// not synced by itself. rocks_kv.h is the real one, testing/memory_kv.h the one of the tests.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "platform/status.h"

namespace timebank::storage {

// Each a column family. The names on disk are in rocks_kv.cc.
enum class Column : std::uint8_t {
  kMeta,          // format version, chain id, floor, start of the log's live part
  kState,         // live records under the state root
  kBlocks,        // height -> location in the log, digest, finalization
  kDigests,       // digest -> height
  kTransactions,  // transaction id -> TransactionRow
  kLeaves,        // log index -> leaf hash of the transaction log
  kIndex,         // secondary indexes (node/replica/index_rows.h)
};
inline constexpr std::size_t kColumns = 7;

struct KvWrite {
  Column column = Column::kMeta;
  Bytes key;
  std::optional<Bytes> value;  // empty: the key is deleted
};

// Reads may come from any thread beside one writer.
class KvStore {
 public:
  using Visitor = std::function<bool(ByteView key, ByteView value)>;

  virtual ~KvStore() = default;
  // Empty when absent. An error means that the stored bytes are damaged or cannot be read.
  [[nodiscard]] virtual platform::Result<std::optional<Bytes>> Get(Column column,
                                                                   ByteView key) const = 0;
  // Rows with keys of at least `from`, ascending, until `visit` returns false.
  [[nodiscard]] virtual platform::Status Visit(Column column, ByteView from,
                                               const Visitor& visit) const = 0;
  // All or nothing, in the order given. After a crash a prefix of the batches written is there,
  // at least those before the last Sync.
  [[nodiscard]] virtual platform::Status Write(std::span<const KvWrite> writes) = 0;
  [[nodiscard]] virtual platform::Status Sync() = 0;
  // Moves all to its final files: a clean stop, after which the next start verifies every byte.
  [[nodiscard]] virtual platform::Status Flush() = 0;
  // A copy as of one moment in `directory`, which must not exist; any thread. Files that never
  // change are shared where the file system allows it.
  [[nodiscard]] virtual platform::Status CopyTo(const std::string& directory) const = 0;
  // Reads every data file and compares checksums; the error names the file.
  [[nodiscard]] virtual platform::Status Verify() const = 0;
};

}  // namespace timebank::storage
