// Proposals: certificates inside are stored first, then the block is judged, and judged again with
// every change until it is voted for, refused, or the view is left.
#include <utility>

#include "consensus/state.h"
#include "crypto/sha256.h"

namespace timebank::consensus {

using chain::Header;
using chain::VoteKind;

namespace {

bool AreNear(Millis a, Millis b, std::uint64_t distance_ms) {
  return (a > b ? a.value() - b.value() : b.value() - a.value()) <= distance_ms;
}

}  // namespace

void Core::State::OnProposal(PeerId from, const Proposal& proposal) {
  if (!IsValidator(from) || proposal.block.body() == nullptr) return;
  if (proposal.block.body()->size() > kBodyBytesMax ||
      proposal.nullifications.size() > kProposalNullificationsMax) {
    Punish(from, Misbehaviour::kOversize);
    return;
  }
  if (proposal.parent_proof && !OnCertificate(from, *proposal.parent_proof)) return;
  for (const chain::Certificate& nullification : proposal.nullifications) {
    if (halted_ || !OnCertificate(from, nullification)) return;
  }
  if (halted_) return;
  if (MissingBodies().contains(proposal.block.digest())) {
    static_cast<void>(TakeBody(from, proposal.block));
  }
  Vote vote;
  vote.position = {VoteKind::kNotarize, proposal.position.epoch, proposal.position.view,
                   proposal.parent_view, proposal.block.digest()};
  vote.signer = LeaderOf(leader_offset_, proposal.position.view, n_);
  vote.signature = proposal.signature;
  if (!CountPeerVote(from, vote) || halted_) return;
  // For another view it is ignored, never invalid. Only the leader's own link makes a candidate:
  // anybody may put other bytes behind the leader's header and signature.
  const bool from_leader = from.value() == vote.signer.value();
  if (proposal.position.view != view_ || candidate_ || !from_leader) return;
  out_.persist.push_back(FirstSeenRecord{vote});
  candidate_ = Candidate{proposal.parent_view, proposal.block};
  TreeBlock held;
  held.block = proposal.block;
  held.source = from;
  held.seen_in = view_;
  tree_.Insert(std::move(held));
  changed_ = true;
}

void Core::State::JudgeCandidate() {
  if (!candidate_ || !MayVote()) return;
  const Round& round = rounds_[view_];
  if (round.my_notarize || round.my_nullify) return;
  const bool sound_before = candidate_->sound;
  switch (Judge(*candidate_)) {
    case Verdict::kWait:
      if (candidate_->sound != sound_before) changed_ = true;  // now its body may be checked
      return;
    case Verdict::kRefuse:
      NullifyView();
      return;
    case Verdict::kVote:
      PersistBody(candidate_->block.digest());
      Cast({VoteKind::kNotarize, floor_.epoch, view_, candidate_->parent_view,
            candidate_->block.digest()});
      return;
  }
}

// CONSENSUS 4, Notarize(v, B). What is missing (a certificate, the parent, the verdict on the body)
// is waited for; only what can never become right is refused.
Verdict Core::State::Judge(Candidate& candidate) const {
  const View p = candidate.parent_view;
  if (p < floor_.view) return Verdict::kRefuse;  // cannot extend the floor
  const auto parent_digest = ParentDigest(p);
  if (!parent_digest) return Verdict::kWait;
  for (View w = p.Next(); w < view_; w = w.Next()) {
    if (!rounds_[w].nullification) return Verdict::kWait;
  }
  const auto parent = tree_.Info(*parent_digest);
  if (!parent) return Verdict::kWait;
  switch (tree_.IsDescendant(*parent_digest, floor_digest_)) {
    case Extends::kNo:
      return Verdict::kRefuse;
    case Extends::kUnknown:
      return Verdict::kWait;
    case Extends::kYes:
      break;
  }
  const Hash& digest = candidate.block.digest();
  if (parent->ends_epoch && p.value() > 0) {
    // Only the boundary block itself is proposed again, judged by its certificates alone.
    if (digest != *parent_digest) return Verdict::kRefuse;
    candidate.sound = true;
    return Verdict::kVote;
  }
  const Header& header = candidate.block.header();
  if (header.parent != *parent_digest || !HeaderFits(header, *parent)) return Verdict::kRefuse;
  if (header.proposer != config_.validators.key(Leader())) return Verdict::kRefuse;
  // A deeper floor may be known to the leader already: no reason to nullify at once.
  if (TooDeep(*parent) && (header.tx_count != 0 || header.EndsEpoch() ||
                           header.extras_root != crypto::Sha256(ByteView{}))) {
    return Verdict::kWait;
  }
  // Before its body may be checked: a block of another time is not worth executing.
  if (!rounds_.IsNotarized(digest) &&
      !AreNear(header.timestamp_ms, now_.ledger_ms, config_.skew_max_ms))
    return Verdict::kRefuse;
  candidate.sound = true;
  const TreeBlock* held = tree_.Find(digest);
  if (held == nullptr) return Verdict::kWait;
  switch (held->state) {
    case BodyState::kUnchecked:
    case BodyState::kAsked:
      return Verdict::kWait;
    case BodyState::kInvalid:
      return Verdict::kRefuse;
    case BodyState::kValid:
      return Verdict::kVote;
  }
  return Verdict::kWait;
}

// What the chosen parent view stands for. Empty: no Notarization of it is held.
std::optional<Hash> Core::State::ParentDigest(View parent_view) const {
  if (parent_view == floor_.view) return floor_digest_;
  const Round& round = rounds_[parent_view];
  if (!round.notarization) return std::nullopt;
  return round.notarization->position.digest;
}

bool Core::State::HeaderFits(const Header& header, const BlockInfo& parent) const {
  return header.chain_id == config_.chain_id && header.era == config_.era &&
         header.epoch == floor_.epoch && header.validators == set_hash_ &&
         (header.EndsEpoch() || header.next_validators == set_hash_) &&
         header.height == parent.height.Next() && header.timestamp_ms > parent.timestamp_ms;
}

// How many blocks from the parent down are notarized only.
bool Core::State::TooDeep(const BlockInfo& parent) const {
  const auto floor = tree_.Info(floor_digest_);
  const std::uint64_t floor_height = floor ? floor->height.value() : tree_.base_height().value();
  return parent.height.value() >= floor_height + kUnfinalizedDepthMax;
}

// Bodies that matter: the next final block, notarized ones with their ancestors, the candidate. Of
// an ancestor no certificate need be held here: its view may have been nullified as well.
void Core::State::AskChecks() {
  const auto next = final_.digests.find(tree_.base_height().Next());
  if (next != final_.digests.end()) AskCheck(next->second);
  for (const auto& [view, round] : rounds_.all()) {
    if (!round.notarization) continue;
    Hash at = round.notarization->position.digest;
    for (const TreeBlock* held = tree_.Find(at); held != nullptr && !halted_;
         held = tree_.Find(at)) {
      if (held->state == BodyState::kValid) break;
      if (held->state == BodyState::kInvalid) Halt(DivergenceReason::kInvalidNotarized, view, at);
      AskCheck(at);
      at = held->block.header().parent;
    }
    if (halted_) return;
  }
  if (candidate_ && candidate_->sound) AskCheck(candidate_->block.digest());
}

void Core::State::AskCheck(const Hash& digest) {
  TreeBlock* held = tree_.Find(digest);
  if (held == nullptr) return;
  if (held->state == BodyState::kValid || held->state == BodyState::kInvalid) return;
  if (held->state == BodyState::kAsked &&
      now_.steady_ms.value() < held->asked_at.value() + config_.retry_ms) {
    return;
  }
  const auto parent = tree_.Info(held->block.header().parent);
  if (!parent || !parent->executed) return;
  if (!HeaderFits(held->block.header(), *parent)) {
    // A candidate's header was found to fit, so a quorum stands behind this one.
    Halt(DivergenceReason::kInvalidNotarized, view_, digest);
    return;
  }
  held->state = BodyState::kAsked;
  held->asked_at = now_.steady_ms;
  out_.check.push_back({held->block});
}

void Core::State::OnBodyChecked(const BodyChecked& checked) {
  TreeBlock* held = tree_.Find(checked.digest);
  if (held == nullptr || held->state != BodyState::kAsked) return;
  switch (checked.verdict) {
    case BodyVerdict::kValid:
      held->state = BodyState::kValid;
      return;
    case BodyVerdict::kInvalid: {
      held->state = BodyState::kInvalid;
      if (final_.Names(held->block) || rounds_.IsNotarized(checked.digest)) {
        Halt(DivergenceReason::kInvalidNotarized, view_, checked.digest);
      }
      return;
    }
    case BodyVerdict::kMismatch:
      OnMismatch(checked.digest);
      return;
  }
}

// Anybody may attach other bytes to a good header: nothing is known about the block. The leader's
// own bytes for its candidate are judged next; were it they, the body is asked for.
void Core::State::OnMismatch(const Hash& digest) {
  const std::optional<PeerId> source = tree_.Find(digest)->source;
  if (source) Punish(*source, Misbehaviour::kBodyMismatch);
  tree_.Erase(digest);
  const PeerId leader(Leader().value());
  if (!candidate_ || candidate_->block.digest() != digest || source == leader) return;
  TreeBlock held;
  held.block = candidate_->block;
  held.source = leader;
  held.seen_in = view_;
  tree_.Insert(std::move(held));
  changed_ = true;
}

// The children that wait for it are asked again as soon as it is there.
void Core::State::OnStateLost(const StateLost& lost) {
  TreeBlock* held = tree_.Find(lost.digest);
  if (held == nullptr || held->state != BodyState::kValid) return;
  held->state = BodyState::kUnchecked;
  tree_.ForEach([&lost](TreeBlock& block) {
    const bool waits = block.state == BodyState::kAsked;
    if (waits && block.block.header().parent == lost.digest) block.state = BodyState::kUnchecked;
  });
  if (building_.asked && building_.asked->parent == lost.digest) building_.asked.reset();
}

}  // namespace timebank::consensus
