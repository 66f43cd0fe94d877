// What a step asks of its driver. Contract, in this order:
//   1. persist: append all records as one batch, one fdatasync (none if !NeedsSync()). An error
//      ends the process; a sync is never tried again.
//   2. send, serve: nothing leaves before 1 is through.
//   3. commit: strictly rising heights without gap; store, answer waiters, remove from the pool.
//      After a block with EPOCH_END, which is the last of its output, comes EpochBegins.
//      After a restart the blocks above Recovered::floor are committed again.
//   4. check, build: may start at any time, and answer with BodyChecked and BlockBuilt. A check may
//      be asked again; checks of one chain come parent first.
//   5. halt: stop the process for good and alarm; later steps return nothing.
// The core counts its own votes in the step that creates them. That is no breach of "tell the local
// tally only after sync": whatever follows from the count (certificates, messages, commits) is in
// the same output, and the batch reaches the disk whole or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/evidence.h"
#include "consensus/event.h"
#include "consensus/messages.h"
#include "consensus/record.h"

namespace timebank::consensus {

struct Outbound {
  std::optional<PeerId> to;  // empty: all connected validators and observers
  Message message;
};

// The peer's FetchBlocks, within its budget, for storage to answer with Blocks: ascending from
// `first`, at most `count`, bodies up to kReplyBytesMax but at least one block if there is one.
// When not all headers of the range fit, the highest are given.
struct ServeBlocks {
  PeerId to;
  FetchBlocks request;
};

// The peer's FetchByDigest of a block that the core no longer keeps. Storage answers with Blocks;
// without the block, `otherwise` goes out in its place (empty: Blocks without any).
struct ServeBlock {
  PeerId to;
  Hash digest;
  std::optional<chain::Certificate> otherwise;  // the floor's Finalization
};

// The peer is in the epoch `first`: the Finalizations that ended the epochs from that one on, at
// most kFetchEpochsMax, for storage to answer with EpochChain.
struct ServeEpochs {
  PeerId to;
  Epoch first;
};

struct CommittedBlock {
  Block block;
  chain::Certificate finalization;  // of this block or of a descendant
};

// Judge this body: it is the header's body (else kMismatch), and execution on the parent's state
// gives the header's roots. The parent is final or was found valid before. Keep the resulting state
// until the block or one above it is final, or say StateLost when it is needed again.
struct CheckBody {
  Block block;
};

// Build a block on `parent` as leader of `position`, or say that there is nothing to build.
struct BuildBlock {
  Position position;
  Hash parent;
  Height height;                      // of the block to build
  Millis parent_timestamp;            // the block's must be greater
  bool allow_empty = false;           // a block without transactions and due work is wanted too
  bool without_transactions = false;  // the unfinalised chain is too deep: due work only
};

enum class Misbehaviour : std::uint8_t {
  kBadVoteSignature,
  kBadCertificate,
  kBodyMismatch,  // a body that is not its header's
  kOversize,      // more items or bytes than CONSENSUS 10 allows
  // In gossip, raised by the replica:
  kBadTransactionSignature,
  kBadEvidence,  // that is none
};
// Close the connection and count it.
struct Disconnect {
  PeerId peer;
  Misbehaviour reason = Misbehaviour::kBadVoteSignature;
};

enum class DivergenceReason : std::uint8_t {
  kInvalidNotarized,     // a quorum notarized what execution here refuses
  kConflictingQuorums,   // two certificates that cannot both exist with at most f faulty
  kConflictingFinality,  // two final blocks at one height
};
struct Divergence {
  DivergenceReason reason = DivergenceReason::kInvalidNotarized;
  Position position;
  Hash digest;
  std::optional<Block> block;  // for the dump, where one is held
};

struct Output {
  std::vector<Record> persist;
  std::vector<Outbound> send;
  std::vector<ServeBlocks> serve;
  std::vector<ServeBlock> serve_by_digest;
  std::vector<ServeEpochs> serve_epochs;
  std::vector<CommittedBlock> commit;
  std::vector<CheckBody> check;
  std::optional<BuildBlock> build;
  std::vector<chain::Evidence> evidence;
  std::vector<Disconnect> disconnect;
  std::optional<Millis> wake_at;  // steady clock; replaces any earlier one; empty: none
  std::optional<Divergence> halt;

  // False when persist holds at most FirstSeen records.
  [[nodiscard]] bool NeedsSync() const;
};

}  // namespace timebank::consensus
