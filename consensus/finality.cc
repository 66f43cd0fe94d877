// From a Finalization to committed blocks. The floor jumps at once; what lies between is linked
// downwards by hash, checked upwards, and committed in height order.
#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {
namespace {

// In units of D: half for the block to come by itself, two for each of the first two peers asked.
constexpr std::uint64_t kPatience = 5;

}  // namespace

void Core::State::LinkFinalChain() {
  // Aim at the newest floor when the last aim is reached, or nobody gave it for a while: peers keep
  // few final blocks by digest. Not with every new floor: under load the question would never last
  // long enough to be asked.
  const bool given_up = final_.digests.empty() && tree_.Find(final_.target) == nullptr &&
                        now_.steady_ms >= final_.give_up_at;
  if (final_.target == tree_.base() || given_up) {
    final_.target = floor_digest_;
    final_.digests.clear();
    final_.give_up_at = After(kPatience * config_.delay_ms);
  }
  if (final_.target == tree_.base()) return;
  const Height base = tree_.base_height();
  if (final_.digests.empty()) {
    const TreeBlock* top = tree_.Find(final_.target);
    if (top == nullptr) return;
    final_.Know(top->block.header().height, final_.target);
  }
  // Tree blocks lie above the base, so the lowest known height does too.
  while (final_.digests.begin()->first > base.Next()) {
    const auto [height, digest] = *final_.digests.begin();
    const TreeBlock* held = tree_.Find(digest);
    if (held == nullptr) return;
    final_.Know(Height(height.value() - 1), held->block.header().parent);
  }
  const Hash lowest = final_.digests.begin()->second;
  const TreeBlock* held = tree_.Find(lowest);
  if (held != nullptr && held->block.header().parent != tree_.base()) {
    Halt(DivergenceReason::kConflictingFinality, floor_.view, lowest);
  }
}

void Core::State::CommitFinal() {
  while (!halted_ && final_.target != tree_.base()) {
    const auto next = final_.digests.find(tree_.base_height().Next());
    if (next == final_.digests.end()) return;
    const Hash digest = next->second;
    const TreeBlock* held = tree_.Find(digest);
    if (held == nullptr || held->state != BodyState::kValid) return;
    PersistBody(digest);
    const auto own = final_.finalizations.find(digest);
    TB_CHECK(floor_certificate_.has_value());
    out_.commit.push_back(
        {held->block, own == final_.finalizations.end() ? *floor_certificate_ : own->second});
    if (held->block.header().EndsEpoch()) turn_.over = true;
    if (own != final_.finalizations.end()) final_.finalizations.erase(own);
    final_.digests.erase(next);
    tree_.Advance(digest);
    changed_ = true;
  }
}

// Before a vote of mine for it leaves, and before it is committed.
void Core::State::PersistBody(const Hash& digest) {
  if (digest == tree_.base()) return;
  TreeBlock* held = tree_.Find(digest);
  TB_CHECK(held != nullptr);
  if (held->durable) return;
  held->durable = true;
  out_.persist.push_back(BodyRecord{held->block});
}

void Core::State::PruneTree() {
  tree_.Prune([this](const TreeBlock& held) {
    if (held.durable || held.seen_in.value() + kIdleBodyViews >= view_.value()) return true;
    const Hash& digest = held.block.digest();
    if (final_.Names(held.block) || digest == final_.target) return true;
    return IsFinalAhead(held.block) || rounds_.IsNotarized(digest);
  });
}

}  // namespace timebank::consensus
