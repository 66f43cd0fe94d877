// The blocks whose bodies are held above the last committed one, what is known about each, and the
// last few final ones for peers that ask. States live with the driver; here a block is "executed"
// once it was found valid.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/strong.h"
#include "consensus/messages.h"

namespace timebank::consensus {

enum class BodyState : std::uint8_t { kUnchecked, kAsked, kValid, kInvalid };

struct TreeBlock {
  Block block;
  BodyState state = BodyState::kUnchecked;
  Millis asked_at;               // of the last CheckBody, steady clock
  bool durable = false;          // its Body record was given out or read back
  std::optional<PeerId> source;  // who sent the body
  View seen_in;                  // my view when it came
};

// What rules need of a parent.
struct BlockInfo {
  Height height;
  Millis timestamp_ms;
  bool executed = false;
  bool ends_epoch = false;
};

enum class Extends : std::uint8_t { kYes, kNo, kUnknown };

class BlockTree {
 public:
  // `base`: the last committed block, whose body need not be held.
  BlockTree(const Hash& base, Height height, Millis timestamp_ms)
      : base_(base), base_height_(height), base_timestamp_(timestamp_ms) {}

  [[nodiscard]] const Hash& base() const { return base_; }
  [[nodiscard]] Height base_height() const { return base_height_; }

  [[nodiscard]] TreeBlock* Find(const Hash& digest);
  [[nodiscard]] const TreeBlock* Find(const Hash& digest) const;
  // Keeps the block unless it is held or not above the base. Requires: a body.
  TreeBlock* Insert(TreeBlock block);
  void Erase(const Hash& digest) { blocks_.erase(digest); }
  // Empty when `digest` is neither the base nor held.
  [[nodiscard]] std::optional<BlockInfo> Info(const Hash& digest) const;
  // Whether `digest` is `ancestor` or a descendant of it, as far as the held headers tell.
  [[nodiscard]] Extends IsDescendant(const Hash& digest, const Hash& ancestor) const;

  // Moves the base to its child `digest`, which is held; what is not above it is forgotten.
  void Advance(const Hash& digest);
  void ForEach(const std::function<void(TreeBlock&)>& visit);
  // Forgets held blocks for which `keep` is false.
  void Prune(const std::function<bool(const TreeBlock&)>& keep);
  // Held with a body that is known to be the header's, or among the last committed. Who passes on
  // what it has not checked is taken for the author of what is wrong with it.
  [[nodiscard]] const Block* FindForPeer(const Hash& digest) const;
  [[nodiscard]] const std::map<Hash, TreeBlock>& blocks() const { return blocks_; }

 private:
  Hash base_;
  Height base_height_;
  Millis base_timestamp_;
  bool base_ends_epoch_ = false;
  std::map<Hash, TreeBlock> blocks_;
  std::deque<Block> recent_;  // committed ones, oldest first
  std::size_t recent_bytes_ = 0;
};

}  // namespace timebank::consensus
