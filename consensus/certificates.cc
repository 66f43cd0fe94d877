// Certificates: every valid one above the floor is stored, whatever its view, and alone moves the
// view; a Finalization moves the floor.
#include <algorithm>

#include "consensus/state.h"

namespace timebank::consensus {

using chain::Certificate;
using chain::VoteKind;

// False when it does not verify. At or below the floor, or held already, it needs no check: what it
// says is known.
bool Core::State::OnCertificate(PeerId from, const Certificate& certificate) {
  const chain::VotePosition& p = certificate.position;
  if (p.epoch > floor_.epoch) AskEpochChain(from, p.epoch);
  SeekContradictions(from, certificate);
  if (halted_) return true;
  if (p.epoch != floor_.epoch || p.view <= floor_.view || rounds_.Holds(p)) return true;
  Peer& peer = PeerState(from);
  if (!peer.signatures.Take(now_.steady_ms, certificate.votes.size())) {
    if (!peer.deferred || peer.deferred->position.view < p.view) peer.deferred = certificate;
    return true;
  }
  if (chain::VerifyCertificate(certificate, config_.chain_id, config_.validators)) {
    Punish(from, Misbehaviour::kBadCertificate);
    return false;
  }
  for (const auto& vote : certificate.votes) {
    if (IsUnknownOwn(vote.signer, p)) unknown_vote_ = p;
  }
  Adopt(certificate);
  return true;
}

// A liar tells some one thing and others another: what it told the others is in their certificates,
// also in those that are held here already. Only votes that prove something are verified.
void Core::State::SeekContradictions(PeerId from, const Certificate& certificate) {
  const chain::VotePosition& p = certificate.position;
  if (p.epoch != floor_.epoch) return;
  for (const chain::SignedVote& held : certificate.votes) {
    const Vote vote{p, held.signer, held.signature};
    if (vote.signer.value() >= n_ || !tally_.Contradicts(vote)) continue;
    if (!PeerState(from).signatures.Take(now_.steady_ms, 1)) return;
    if (HasGoodSignature(vote)) Count(vote);
    if (halted_) return;
  }
}

void Core::State::OnCertificates(PeerId from, const Certificates& reply) {
  if (reply.certificates.size() > kFetchCertificatesMax) {
    Punish(from, Misbehaviour::kOversize);
    return;
  }
  const View view_before = view_;
  const Position floor_before = floor_;
  const std::size_t held_before = rounds_.all().size();
  for (const Certificate& certificate : reply.certificates) {
    if (!OnCertificate(from, certificate) || halted_) return;
  }
  const bool useful =
      view_ != view_before || floor_ != floor_before || rounds_.all().size() != held_before;
  if (!useful || !asking_.certificates || asking_.certificates->asked != from) return;
  // A server stops where two more would not fit.
  const bool filled = reply.certificates.size() + 1 >= kFetchCertificatesMax;
  asking_.certificates = Question{now_.steady_ms, filled ? std::optional(from) : std::nullopt};
}

// Requires: verified or formed here, above the floor, not held.
void Core::State::Adopt(const Certificate& certificate) {
  const chain::VotePosition& p = certificate.position;
  out_.persist.push_back(CertificateRecord{certificate});
  changed_ = true;
  if (p.kind == VoteKind::kFinalize) {
    AdoptFinalization(certificate);
  } else if (!rounds_.Store(certificate)) {
    Halt(DivergenceReason::kConflictingQuorums, p.view, p.digest);
  } else if (p.kind == VoteKind::kNotarize) {
    const TreeBlock* block = tree_.Find(p.digest);
    if (block != nullptr && block->state == BodyState::kInvalid) {
      Halt(DivergenceReason::kInvalidNotarized, p.view, p.digest);
    }
  }
  EnterBehind(certificate);
}

void Core::State::AdoptFinalization(const Certificate& certificate) {
  const chain::VotePosition& p = certificate.position;
  const Round& round = rounds_[p.view];
  const bool another = round.notarization && round.notarization->position.digest != p.digest;
  if (another || round.nullification) {
    Halt(DivergenceReason::kConflictingQuorums, p.view, p.digest);
    return;
  }
  const TreeBlock* block = tree_.Find(p.digest);
  if (block != nullptr && block->state == BodyState::kInvalid) {
    Halt(DivergenceReason::kInvalidNotarized, p.view, p.digest);
    return;
  }
  floor_.view = p.view;
  floor_digest_ = p.digest;
  floor_certificate_ = certificate;
  if (p.digest != tree_.base()) final_.finalizations[p.digest] = certificate;
  rounds_.DropThrough(p.view);
  if (p.view.value() > kEvidenceWindowViews) {
    tally_.DropBelow(View(p.view.value() - kEvidenceWindowViews));
  }
  if (config_.signer != nullptr) config_.signer->RaiseFloor(floor_);
}

// Enters the view after the certificate's, unless that is past.
void Core::State::EnterBehind(const Certificate& certificate) {
  const View next = certificate.position.view.Next();
  if (next <= view_) return;
  view_ = next;
  entered_by_ = certificate;
  candidate_.reset();
  timers_ = {};
  building_ = {};
}

// What came while a peer's allowance was used up: one signature check at a time from now on.
void Core::State::RetryDeferred() {
  for (auto& [id, peer] : peers_) {
    if (!peer.deferred) continue;
    const Certificate certificate = *peer.deferred;
    peer.deferred.reset();
    static_cast<void>(OnCertificate(id, certificate));
    if (halted_) return;
  }
}

}  // namespace timebank::consensus
