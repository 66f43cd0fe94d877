#include "consensus/testing/probe.h"

#include "consensus/state.h"
#include "crypto/sha256.h"

namespace timebank::consensus::testing {
namespace {

void Write(const chain::VotePosition& p, ByteWriter& out) {
  out.U8(static_cast<std::uint8_t>(p.kind)).U64(p.epoch.value()).U64(p.view.value());
  out.U64(p.parent_view.value()).Raw(p.digest.view());
}

void Write(const std::optional<Vote>& vote, ByteWriter& out) {
  out.U8(vote ? 1 : 0);
  if (vote) Write(vote->position, out);
}

void Write(const std::optional<chain::Certificate>& certificate, ByteWriter& out) {
  out.U8(certificate ? 1 : 0);
  if (certificate) Write(certificate->position, out);
}

void Write(const Rounds& rounds, ByteWriter& out) {
  for (const auto& [view, round] : rounds.all()) {
    out.U64(view.value());
    Write(round.my_notarize, out);
    Write(round.my_nullify, out);
    Write(round.my_finalize, out);
    Write(round.notarization, out);
    Write(round.nullification, out);
  }
}

void Write(const BlockTree& tree, ByteWriter& out) {
  out.Raw(tree.base().view()).U64(tree.base_height().value());
  for (const auto& [digest, held] : tree.blocks()) {
    out.Raw(digest.view()).U8(static_cast<std::uint8_t>(held.state)).U8(held.durable ? 1 : 0);
  }
}

void Write(const FinalChain& chain, ByteWriter& out) {
  out.Raw(chain.target.view());
  for (const auto& [height, digest] : chain.digests) out.U64(height.value()).Raw(digest.view());
  for (const auto& [digest, certificate] : chain.finalizations) Write(certificate.position, out);
}

}  // namespace

void CoreProbe::SetSigner(Core& core, VoteSigner* signer) { core.state_->config_.signer = signer; }

void CoreProbe::Normalise(Core& core, Millis now) {
  Core::State& s = *core.state_;
  s.out_ = {};
  s.now_.steady_ms = now;
  if (s.timers_.armed) {
    s.timers_.leader_at = s.After(2 * s.config_.delay_ms);
    s.timers_.view_at = s.After(3 * s.config_.delay_ms);
    s.timers_.empty_at = s.After(s.config_.delay_ms);
  }
  if (s.pulse_.retry_at) s.pulse_.retry_at = s.After(s.config_.retry_ms);
  s.pulse_.status_at = s.After(kStatusBusyMs);
  s.pulse_.jitter_counter = 0;
  s.asking_ = {};
  s.peers_.clear();
  s.activity_ = Activity(s.n_, s.config_.validators.quorum(), s.view_);
  s.final_.give_up_at = now;
  for (auto& [view, votes] : s.tally_.views_) {
    std::erase_if(votes, [&s](const auto& slot) { return slot.first.first != s.config_.own; });
  }
  std::erase_if(s.tally_.views_, [](const auto& view) { return view.second.empty(); });
}

Hash CoreProbe::Fingerprint(const Core& core) {
  const Core::State& s = *core.state_;
  ByteWriter out;
  out.U64(s.view_.value()).U64(s.floor_.epoch.value()).U64(s.floor_.view.value());
  out.Raw(s.floor_digest_.view());
  out.U8(
      static_cast<std::uint8_t>(s.halted_ << 2 | s.turn_.over << 1 | s.unknown_vote_.has_value()));
  Write(s.rounds_, out);
  Write(s.tree_, out);
  Write(s.final_, out);
  Write(s.floor_certificate_, out);
  out.U8(s.candidate_ ? 1 : 0).U8(s.timers_.armed ? 1 : 0).U8(s.pulse_.retry_at ? 1 : 0);
  if (s.candidate_) {
    out.U64(s.candidate_->parent_view.value()).Raw(s.candidate_->block.digest().view());
    out.U8(s.candidate_->sound ? 1 : 0);
  }
  out.U8(static_cast<std::uint8_t>(s.building_.nothing << 1 | s.building_.given_up));
  out.U8(s.building_.asked ? 1 : 0);
  if (s.building_.asked) {
    out.U64(s.building_.parent_view.value()).Raw(s.building_.asked->parent.view());
    out.U8(s.building_.asked->allow_empty ? 1 : 0);
  }
  // Of a view that is past it is never looked at again.
  const bool chose = s.my_proposal_ && s.my_proposal_->position.view == s.view_;
  out.U8(chose ? 1 : 0);
  if (chose) out.U64(s.my_proposal_->parent_view.value()).Raw(s.my_proposal_->digest.view());
  for (const auto& [view, votes] : s.tally_.views_) {
    for (const auto& [slot, held] : votes) {
      for (const Vote& vote : held) Write(vote.position, out);
    }
  }
  return crypto::Sha256(out.bytes());
}

const Rounds& CoreProbe::rounds(const Core& core) { return core.state_->rounds_; }

std::set<Hash> CoreProbe::MissingBodies(const Core& core) { return core.state_->MissingBodies(); }

std::optional<BuildBlock> CoreProbe::Asked(const Core& core) {
  return core.state_->building_.asked;
}

bool CoreProbe::HasCandidate(const Core& core) { return core.state_->candidate_.has_value(); }

}  // namespace timebank::consensus::testing
