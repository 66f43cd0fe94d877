// What can happen to the core. Time enters only here, as values: the core has no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/validator_set.h"
#include "consensus/messages.h"

namespace timebank::consensus {

// Two clocks, because the ledger's may be set forward on a development network while timers must
// not notice.
struct Now {
  Millis steady_ms;  // of any origin, never goes back: timers
  Millis ledger_ms;  // local view of ledger time: the timestamp rule of CONSENSUS 2
};

// The first event, exactly once, after recovery is complete and before any other.
struct Started {};

// A link came up: answered with Status.
struct PeerConnected {
  PeerId peer;
};

struct MessageReceived {
  PeerId from;
  Message message;
};

enum class BodyVerdict : std::uint8_t {
  kValid,     // every transaction and signature valid; execution gives exactly the header's roots
  kInvalid,   // the body is the header's, but the rules refuse it or the roots differ
  kMismatch,  // the bytes are not this header's body (tx_root or extras_root): fetch them again
};

// Answer to CheckBody. No answer means "body missing" and is asked again, never "invalid".
struct BodyChecked {
  Hash digest;
  BodyVerdict verdict = BodyVerdict::kInvalid;
};

// The state after this block, found valid before, is no longer held: the block is checked again
// before anything is checked or built on it. In answer to a CheckBody or BuildBlock on it.
struct StateLost {
  Hash digest;
};

// Answer to BuildBlock, echoing its position and parent. Empty: nothing to put into a block.
// A block that is given counts as executed and valid.
struct BlockBuilt {
  Position position;
  Hash parent;
  std::optional<Block> block;
};

// Sent whenever the pool gained a transaction and whenever it was judged again after a final
// block. Only transactions valid against the final state count (CONSENSUS 5).
struct PoolChanged {
  bool has_valid_transactions = false;
};

// Whether the due index of the final state holds work at or before the local ledger clock, or a
// heartbeat is due.
struct DueWork {
  bool due = false;
};

// The committed block with EPOCH_END is stored, and this set takes over: the answer to its commit,
// before any other event. From here on a PeerId below the new set's size means its member; the
// driver numbers its links anew.
struct EpochBegins {
  chain::ValidatorSet validators;
  std::optional<ReplicaIndex> own;  // empty: not in it, observer from now on
};

// Time has passed: sent at Output::wake_at, harmless at any other moment.
struct Tick {};

struct Event {
  Now now;
  std::variant<Started, PeerConnected, MessageReceived, BodyChecked, BlockBuilt, PoolChanged,
               DueWork, Tick, StateLost, EpochBegins>
      what;
};

}  // namespace timebank::consensus
