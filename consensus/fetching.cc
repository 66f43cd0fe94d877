// Asking for what is missing, one peer after the other until it is held: bodies named by a
// certificate, certificates between the floor and my view, final blocks between the last committed
// one and the floor. None of it depends on the current view's state (P19), and what comes is taken
// by its verified digest only (P8).
#include <algorithm>
#include <utility>

#include "consensus/state.h"

namespace timebank::consensus {

void Core::State::Fetch() {
  FetchMissingBodies();
  FetchMissingCertificates();
  FetchFinalChain();
}

// Bodies of notarized blocks above the floor and of their ancestors, of the final block that is
// aimed at, and of the candidate. The final chain below that is fetched by height.
std::set<Hash> Core::State::MissingBodies() const {
  std::set<Hash> missing;
  if (final_.target != tree_.base() && tree_.Find(final_.target) == nullptr &&
      final_.digests.empty()) {
    missing.insert(final_.target);
  }
  // Its bytes were another block's.
  if (candidate_ && candidate_->sound && !tree_.Info(candidate_->block.digest())) {
    missing.insert(candidate_->block.digest());
  }
  for (const auto& [view, round] : rounds_.all()) {
    if (!round.notarization) continue;
    Hash at = round.notarization->position.digest;
    while (at != tree_.base() && at != floor_digest_) {
      const TreeBlock* held = tree_.Find(at);
      if (held == nullptr) {
        missing.insert(at);
        break;
      }
      if (held->block.header().height <= tree_.base_height().Next()) break;
      at = held->block.header().parent;
    }
  }
  return missing;
}

void Core::State::FetchMissingBodies() {
  const std::set<Hash> missing = MissingBodies();
  std::erase_if(asking_.bodies,
                [&missing](const auto& entry) { return !missing.contains(entry.first); });
  for (const Hash& digest : missing) {
    // The proposal with the body is often still on its way.
    Question fresh{After(config_.delay_ms / 2)};
    const bool is_candidate = candidate_ && candidate_->block.digest() == digest;
    if (is_candidate) fresh.ask_first = PeerId(Leader().value());
    Question& question = asking_.bodies.try_emplace(digest, fresh).first->second;
    if (now_.steady_ms < question.next_at) continue;
    if (const auto peer = NextPeer(question)) Send(*peer, FetchByDigest{digest});
    question.next_at = After(2 * config_.delay_ms);
  }
}

void Core::State::FetchMissingCertificates() {
  std::optional<View> first;
  std::optional<View> last;
  for (View w = floor_.view.Next(); w < view_; w = w.Next()) {
    const Round& round = rounds_[w];
    const bool lacking = !round.notarization && !round.nullification;
    const bool asked_for =
        candidate_ && w > candidate_->parent_view && !round.nullification && !candidate_->sound;
    if (lacking || asked_for) {
      if (!first) first = w;
      last = w;
    }
    if (first && w.value() - first->value() + 1 >= kFetchCertificatesMax) break;
  }
  if (!first) {
    asking_.certificates.reset();
    return;
  }
  if (!asking_.certificates) {
    asking_.certificates = Question{After(config_.delay_ms / 2)};
  }
  if (now_.steady_ms < asking_.certificates->next_at) return;
  asking_.certificates->asked = NextPeer(*asking_.certificates);
  if (asking_.certificates->asked) {
    Send(*asking_.certificates->asked, FetchCertificates{floor_.epoch, *first, *last});
  }
  asking_.certificates->next_at = After(2 * config_.delay_ms);
}

void Core::State::FetchFinalChain() {
  if (final_.target == tree_.base() || final_.digests.empty()) {
    asking_.final_chain.reset();
    return;
  }
  const std::uint64_t base = tree_.base_height().value();
  const std::uint64_t lowest = final_.digests.begin()->first.value();
  FetchBlocks request;
  if (lowest > base + 1) {
    // Digests are known down to `lowest`: its header and those below name the rest.
    const std::uint64_t count = std::min<std::uint64_t>(lowest - base, kFetchHeadersMax);
    request = {Height(lowest - count + 1), static_cast<std::uint32_t>(count), true};
  } else {
    std::uint64_t ready = 0;  // bodies held in a row: asked again before they run out
    const std::uint64_t top = final_.digests.rbegin()->first.value();
    while (base + ready < top &&
           tree_.Find(final_.digests.at(Height(base + ready + 1))) != nullptr) {
      ++ready;
    }
    if (base + ready == top || ready >= kFetchBlocksMax / 2) {
      asking_.final_chain.reset();
      return;
    }
    const std::uint64_t count = std::min<std::uint64_t>(top - base - ready, kFetchBlocksMax);
    request = {Height(base + ready + 1), static_cast<std::uint32_t>(count), false};
  }
  if (!asking_.final_chain) asking_.final_chain = Question{now_.steady_ms};
  if (now_.steady_ms < asking_.final_chain->next_at) return;
  asking_.final_chain->asked = NextPeer(*asking_.final_chain);
  asking_.final_chain->items = request.count;
  if (asking_.final_chain->asked) Send(*asking_.final_chain->asked, request);
  asking_.final_chain->next_at = After(4 * config_.delay_ms);
}

std::optional<PeerId> Core::State::NextPeer(Question& question) {
  if (question.ask_first) return std::exchange(question.ask_first, std::nullopt);
  for (std::size_t tries = 0; tries < n_; ++tries) {
    const auto index = static_cast<std::uint16_t>(asking_.peer_cursor++ % n_);
    if (!config_.own || config_.own->value() != index) return PeerId(index);
  }
  return std::nullopt;
}

void Core::State::OnBlocks(PeerId from, const Blocks& reply) {
  if (reply.blocks.size() > kFetchHeadersMax) {
    Punish(from, Misbehaviour::kOversize);
    return;
  }
  bool useful = false;
  std::size_t bytes = 0;
  for (const Block& block : reply.blocks) {
    if (block.body() == nullptr) continue;
    bytes += block.body()->size();
    if (TakeBody(from, block)) useful = true;
  }
  if (TakeHeaders(reply)) useful = true;
  if (!useful) return;
  changed_ = true;
  if (!asking_.final_chain || asking_.final_chain->asked != from) return;
  // Who gave all that was asked for, or all that a reply holds, is asked on at once; after less the
  // next one is, so that nobody can feed me by the drop.
  const bool filled =
      reply.blocks.size() >= asking_.final_chain->items || bytes + kBodyBytesMax > kReplyBytesMax;
  asking_.final_chain = Question{now_.steady_ms, filled ? std::optional(from) : std::nullopt};
}

// From the lowest known digest downwards, as far as the headers hash to it. Only digests are kept.
bool Core::State::TakeHeaders(const Blocks& reply) {
  bool useful = false;
  for (auto block = reply.blocks.rbegin(); block != reply.blocks.rend(); ++block) {
    if (final_.digests.empty()) break;
    const auto [height, digest] = *final_.digests.begin();
    if (height <= tree_.base_height().Next()) break;
    if (block->digest() != digest) continue;
    final_.Know(Height(height.value() - 1), block->header().parent);
    useful = true;
  }
  return useful;
}

// A final block that the way up reaches soon, known by its height or by its own Finalization.
bool Core::State::IsFinalAhead(const Block& block) const {
  if (block.header().height.value() > tree_.base_height().value() + kBodiesAheadMax) return false;
  return final_.Names(block) || final_.finalizations.contains(block.digest());
}

bool Core::State::TakeBody(PeerId from, const Block& block) {
  if (block.body()->size() > kBodyBytesMax) {
    Punish(from, Misbehaviour::kOversize);
    return false;
  }
  // Held, or the last one committed: the block that ends an epoch may be proposed again after that.
  if (tree_.Info(block.digest())) return false;
  if (!IsFinalAhead(block) && !MissingBodies().contains(block.digest())) return false;
  TreeBlock held;
  held.block = block;
  held.source = from;
  held.seen_in = view_;
  if (tree_.Insert(std::move(held)) == nullptr) {
    // A certified block at or below a height that is final here with another digest.
    Halt(DivergenceReason::kConflictingFinality, floor_.view, block.digest());
    return false;
  }
  changed_ = true;
  return true;
}

}  // namespace timebank::consensus
