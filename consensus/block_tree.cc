#include "consensus/block_tree.h"

#include <utility>

#include "base/check.h"
#include "consensus/limits.h"

namespace timebank::consensus {

TreeBlock* BlockTree::Find(const Hash& digest) {
  const auto block = blocks_.find(digest);
  return block == blocks_.end() ? nullptr : &block->second;
}

const TreeBlock* BlockTree::Find(const Hash& digest) const {
  const auto block = blocks_.find(digest);
  return block == blocks_.end() ? nullptr : &block->second;
}

TreeBlock* BlockTree::Insert(TreeBlock block) {
  TB_CHECK(block.block.body() != nullptr);
  if (block.block.header().height <= base_height_) return nullptr;
  const Hash digest = block.block.digest();
  return &blocks_.try_emplace(digest, std::move(block)).first->second;
}

std::optional<BlockInfo> BlockTree::Info(const Hash& digest) const {
  if (digest == base_) return BlockInfo{base_height_, base_timestamp_, true, base_ends_epoch_};
  const TreeBlock* held = Find(digest);
  if (held == nullptr) return std::nullopt;
  const chain::Header& header = held->block.header();
  return BlockInfo{header.height, header.timestamp_ms, held->state == BodyState::kValid,
                   header.EndsEpoch()};
}

Extends BlockTree::IsDescendant(const Hash& digest, const Hash& ancestor) const {
  Hash at = digest;
  // Each step goes one parent down among held blocks, so there are at most that many.
  for (std::size_t steps = 0; steps <= blocks_.size(); ++steps) {
    if (at == ancestor) return Extends::kYes;
    if (at == base_) return Extends::kNo;
    const TreeBlock* held = Find(at);
    if (held == nullptr) return Extends::kUnknown;
    // The parent would be at the base's height or below, and is not the base: a dead branch.
    const bool above_base = held->block.header().height.value() > base_height_.value() + 1;
    at = held->block.header().parent;
    if (!above_base && at != base_) return Extends::kNo;
  }
  return Extends::kNo;
}

void BlockTree::Advance(const Hash& digest) {
  const TreeBlock* held = Find(digest);
  TB_CHECK(held != nullptr);
  const Block block = held->block;
  TB_CHECK(block.header().parent == base_);
  TB_CHECK(block.header().height == base_height_.Next());
  base_ = digest;
  base_height_ = block.header().height;
  base_timestamp_ = block.header().timestamp_ms;
  base_ends_epoch_ = block.header().EndsEpoch();
  recent_bytes_ += block.body()->size();
  recent_.push_back(block);
  while (recent_.size() > kRecentBlocksMax ||
         (recent_bytes_ > kRecentBytesMax && recent_.size() > 1)) {
    recent_bytes_ -= recent_.front().body()->size();
    recent_.pop_front();
  }
  std::erase_if(blocks_, [this](const auto& entry) {
    return entry.second.block.header().height <= base_height_;
  });
}

void BlockTree::ForEach(const std::function<void(TreeBlock&)>& visit) {
  for (auto& [digest, block] : blocks_) visit(block);
}

void BlockTree::Prune(const std::function<bool(const TreeBlock&)>& keep) {
  std::erase_if(blocks_, [&keep](const auto& entry) { return !keep(entry.second); });
}

const Block* BlockTree::FindForPeer(const Hash& digest) const {
  const TreeBlock* held = Find(digest);
  const bool sure = held != nullptr && (held->durable || held->state == BodyState::kValid);
  if (sure) return &held->block;
  for (auto block = recent_.rbegin(); block != recent_.rend(); ++block) {
    if (block->digest() == digest) return &*block;
  }
  return nullptr;
}

}  // namespace timebank::consensus
