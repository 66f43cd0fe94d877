// What the core waits for: the proposal of this view, its timers, questions put to peers. Mostly
// data. Private to this folder.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "base/strong.h"
#include "chain/certificate.h"
#include "consensus/block_tree.h"
#include "consensus/limits.h"
#include "consensus/messages.h"
#include "consensus/output.h"
#include "consensus/pacing.h"
#include "consensus/record.h"

namespace timebank::consensus {

// The first proposal of the current view, from its leader's own link.
struct Candidate {
  View parent_view;
  Block block;
  bool sound = false;  // everything but the body is found right: cancels t_l
};

enum class Verdict : std::uint8_t { kWait, kRefuse, kVote };

struct ViewTimers {
  bool armed = false;  // the gate is open
  Millis leader_at;    // t_l
  Millis view_at;      // t_a
  Millis empty_at;     // from when on the leader proposes even an empty block
};

// What goes on while views stand still.
struct Pulse {
  std::optional<Millis> retry_at;  // t_r; empty while nothing is unfinished
  Millis status_at;
  std::uint64_t jitter_counter = 0;
};

// What the driver last said there is to do.
struct Work {
  bool pool_has_valid = false;
  bool due = false;
  [[nodiscard]] bool any() const { return pool_has_valid || due; }
};

// What the leader asked of its driver in this view.
struct Building {
  std::optional<BuildBlock> asked;
  View parent_view;       // of `asked`
  bool nothing = false;   // the answer was: nothing to build
  bool given_up = false;  // not even an empty block, or no signature: silent in this view
};

// A question that is put to one peer after the other until it is answered.
struct Question {
  Millis next_at;
  std::optional<PeerId> ask_first = std::nullopt;
  std::optional<PeerId> asked = std::nullopt;  // whose answer is waited for
  std::size_t items = 0;                       // that were asked for
};

struct Peer {
  TokenBucket answers{kAnswersPerSecond};
  TokenBucket blocks{kServedBlocksPerSecond};
  TokenBucket bytes{kServedBytesPerSecond};  // of bodies answered from memory
  TokenBucket signatures{kCertificateSignaturesPerSecond};
  bool fresh_link = false;                     // its own votes are told to it once
  std::optional<chain::Certificate> deferred;  // the highest that came without tokens left
};

// What the core asks of others.
struct Asking {
  std::map<Hash, Question> bodies;
  std::optional<Question> certificates;
  std::optional<Question> final_chain;
  Millis epoch_chain_at;          // not again before
  std::uint64_t peer_cursor = 0;  // whom to ask next
};

// The final blocks between the last committed one and target, by height, as known so far from the
// target down. A newer floor becomes the target once this one is reached.
struct FinalChain {
  Hash target;
  Millis give_up_at;  // aim at a newer one if the target's body is not held by then
  std::map<Height, Hash> digests;
  std::map<Hash, chain::Certificate> finalizations;  // of blocks not yet committed

  // Bounded: what is known farthest up is forgotten, and asked for again when its turn comes.
  void Know(Height height, const Hash& digest) {
    digests.emplace(height, digest);
    if (digests.size() > kFinalDigestsMax) digests.erase(std::prev(digests.end()));
  }
  [[nodiscard]] bool Names(const Block& block) const {
    const auto here = digests.find(block.header().height);
    return here != digests.end() && here->second == block.digest();
  }
};

// From one epoch to the next.
struct EpochTurn {
  bool over = false;                  // the last block is committed, or was before the restart
  bool start_is_logged = true;        // of the current epoch
  std::vector<Record> later_records;  // of the log, of epochs that are to come
  // That ended epochs to come; not verified, for their sets are not known yet.
  std::map<Epoch, chain::Certificate> boundaries;
};

// What a leader builds on.
struct Parent {
  View view;
  Hash digest;
  BlockInfo info;
};

}  // namespace timebank::consensus
