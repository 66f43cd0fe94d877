// Snapshots: one node's final state as a file that proves itself with the genesis file alone. The
// last block is certified, its header names the roots of everything that follows, and the ended
// epochs lead from genesis to the set that certified it. Nodes at one height write the same bytes,
// but for which validators signed the Finalizations.
//
//   snapshot = "TBsnapsh" || version u32 || part*
//   part     = type u8 || length u32 || payload
//   1 block        last u8 || Finalization's length u16 || Finalization || header || body: the last
//   block
//                  of every ended epoch, ascending (0), then the block that the snapshot is of (1).
//                  Where a recovery ended the epoch (2), its length u32 and the Recovery follow the
//                  header
//   2 record       key's length u8 || key || value: under state_root, ascending by key
//   3 transaction  id 32 || index in the log u64 || place among the block's envelopes u32 ||
//                  lines u32 || (length u32 || EffectsLine)*: under log_root, ascending by id
//   4 end          empty
//
// No byte is unchecked. Pure: bytes come and go through functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/genesis.h"
#include "chain/validator_set.h"
#include "consensus/output.h"
#include "node/replica/ports.h"

namespace timebank::replica {

inline constexpr std::uint32_t kSnapshotVersion = 1;
// Longer than any part that a ledger writes. Reading takes no more memory at once than this, and in
// the whole what the snapshot holds of state and log hashes.
inline constexpr std::size_t kSnapshotPartMax = std::size_t{8} << 20;

enum class SnapshotFault : std::uint8_t {
  kNoSnapshot,    // other first bytes, or another version
  kTruncated,     // ends inside a part or before the end part
  kPart,          // a part of unknown type, too long, or out of order
  kBlock,         // a block part is not in form, or the body is not its header's
  kOtherChain,    // a block of another chain than the genesis file's
  kEpochs,        // the ended epochs do not lead from genesis to the block's set
  kFinalization,  // no quorum of the block's set signed for it
  kRecord,        // a record is not in form or out of order
  kStateRoot,     // a record is wrong, missing or too many
  kTransaction,   // a transaction is not in form, out of order, or says what its lines do not
  kLogRoot,       // a transaction is wrong or missing
  kTrailing,      // bytes after the end
  kNotTaken,      // the receiver could not take it
};
[[nodiscard]] std::string_view Describe(SnapshotFault fault);
struct SnapshotError {
  SnapshotFault fault = SnapshotFault::kNoSnapshot;
  std::uint64_t offset = 0;  // of the part at which it was noticed
};

// What the snapshot was found to be.
struct SnapshotContent {
  consensus::CommittedBlock block;        // the state is after it
  std::vector<chain::ValidatorSet> sets;  // of every epoch up to that of the next block
  std::uint64_t records = 0;
  std::uint64_t transactions = 0;
  std::uint64_t bytes = 0;
};

// Takes what is read, in the order of the file. All but the blocks is proven only when ReadSnapshot
// has returned without an error. False: cannot take more.
struct SnapshotReceiver {
  std::function<bool(const consensus::CommittedBlock& block)> block;
  std::function<bool(ByteView key, ByteView value)> record;
  std::function<bool(const TransactionRow& row)> transaction;
};

// Fills `out` with the next bytes; gives how many, fewer only at the end.
using ReadBytes = std::function<std::size_t(std::span<std::byte> out)>;
[[nodiscard]] Expected<SnapshotContent, SnapshotError> ReadSnapshot(
    const ReadBytes& read, const chain::Genesis& genesis, const SnapshotReceiver& receiver);

// The last block of an epoch, and the canonical bytes of the Recovery that ended it, if one did.
struct EndedEpoch {
  consensus::CommittedBlock block;
  std::string recovery = {};
};

// Where a snapshot is taken from, standing still meanwhile.
struct SnapshotSource {
  // Its Finalization is of itself, not of a descendant.
  consensus::CommittedBlock block;
  std::vector<EndedEpoch> ended_epochs;  // ascending
  // Ascending by key and by id.
  std::function<void(const std::function<void(ByteView key, ByteView value)>&)> visit_records;
  std::function<void(const std::function<void(const TransactionRow&)>&)> visit_transactions;
};
void WriteSnapshot(const SnapshotSource& source, const std::function<void(ByteView)>& write);

}  // namespace timebank::replica
