// Final blocks: their rows in the database, their bodies in the node log. A damaged body is never
// served; it is told apart from an absent one, so that it can be fetched from a peer again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/strong.h"
#include "consensus/output.h"
#include "node/storage/kv_store.h"
#include "node/storage/log.h"
#include "node/storage/rows.h"

namespace timebank::storage {

enum class BlockFault : std::uint8_t {
  kAbsent,   // no such height here
  kDamaged,  // the row is here, but the body in the log does not verify: Heal repairs it
  kNoRow,    // the row itself does not verify or cannot be read: nothing proves a copy
};
struct BlockError {
  BlockFault fault = BlockFault::kAbsent;
  std::string text;  // Names height, file and offset.
};

[[nodiscard]] Expected<BlockRow, BlockError> ReadBlockRow(const KvStore& kv, Height height);

class BlockStore {
 public:
  // Requires: both outlive the store.
  BlockStore(KvStore& kv, Log& log) : kv_(kv), log_(log) {}

  // Adds the rows of a block that became final, its body lying at `body`.
  static void AddRows(const consensus::CommittedBlock& block, const RecordLocation& body,
                      std::vector<KvWrite>& writes);

  // From any thread. The body's CRC and the header's digest are checked.
  [[nodiscard]] Expected<consensus::CommittedBlock, BlockError> Read(Height height) const;
  [[nodiscard]] platform::Result<std::optional<Height>> HeightOf(const Hash& digest) const;

  // Reads the blocks first..last, whose bodies must lie before the end of the log; the error names
  // the first that is not sound. On the log's thread.
  [[nodiscard]] platform::Status Verify(Height first, Height last) const;

  // Stores a copy of a damaged block elsewhere in the log, from then on the one that is read; the
  // thread is the log's. Does nothing when the stored one is sound. Fails when `block` has another
  // digest than the one stored here. Requires: the caller has checked the body against the header's
  // roots.
  [[nodiscard]] platform::Status Heal(const consensus::Block& block);

 private:
  KvStore& kv_;
  Log& log_;
};

}  // namespace timebank::storage
