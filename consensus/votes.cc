// Votes: those of others are counted once verified; mine are cast, made durable and counted.
#include <utility>

#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {

using chain::VoteKind;
using chain::VotePosition;

namespace {

// The fields that a kind does not have are zero, so that equal votes are equal positions.
bool WellFormed(const VotePosition& p) {
  if (p.view.value() == 0) return false;
  switch (p.kind) {
    case VoteKind::kNotarize:
      return p.parent_view < p.view;
    case VoteKind::kNullify:
      return p.parent_view.value() == 0 && p.digest.IsZero();
    case VoteKind::kFinalize:
      return p.parent_view.value() == 0;
  }
  return false;
}

}  // namespace

void Core::State::OnVote(PeerId from, const Vote& vote) {
  if (!IsValidator(from)) return;
  static_cast<void>(CountPeerVote(from, vote));
}

// Whether the vote is held and its signature good, now or from before. Membership is that of the
// vote's epoch; other epochs and far views are ignored: a large number moves nothing (P12).
bool Core::State::CountPeerVote(PeerId from, const Vote& vote) {
  const VotePosition& p = vote.position;
  if (p.epoch > floor_.epoch) AskEpochChain(from, p.epoch);
  if (p.epoch != floor_.epoch || vote.signer.value() >= n_ || !WellFormed(p)) return false;
  // However far ahead: a restart without the log begins far behind.
  if (IsUnknownOwn(vote.signer, p)) {
    if (!HasGoodSignature(vote)) {
      Punish(from, Misbehaviour::kBadVoteSignature);
      return false;
    }
    unknown_vote_ = p;
  }
  if (p.view.value() + kEvidenceWindowViews < floor_.view.value()) return false;
  if (p.view.value() > view_.value() + kVoteLookaheadViews) return false;
  switch (tally_.Judge(vote)) {
    case Standing::kKnown:
      return true;
    case Standing::kFull:
      return false;
    case Standing::kNew:
    case Standing::kContradiction:
      break;
  }
  if (!HasGoodSignature(vote)) {
    Punish(from, Misbehaviour::kBadVoteSignature);
    return false;
  }
  Count(vote);
  return true;
}

bool Core::State::HasGoodSignature(const Vote& vote) const {
  return crypto::Verify(config_.validators.key(vote.signer),
                        chain::VoteBytes(config_.chain_id, vote.position), vote.signature);
}

// Whether I am said to have cast a vote above the floor that I know nothing of. With a good
// signature it proves that my log lost votes (or that another process holds my key): whatever I
// sign from then on may contradict them.
bool Core::State::IsUnknownOwn(ReplicaIndex signer, const VotePosition& p) const {
  if (!config_.watch_own_key || unknown_vote_ || !config_.own || signer != *config_.own)
    return false;
  if (p.view <= floor_.view) return false;
  const Round& round = rounds_[p.view];
  switch (p.kind) {
    case VoteKind::kNotarize:
      return !round.my_notarize || round.my_notarize->position != p;
    case VoteKind::kNullify:
      return !round.my_nullify;
    case VoteKind::kFinalize:
      return !round.my_finalize || round.my_finalize->position != p;
  }
  return false;
}

// Requires: signature verified or mine. At or below the floor votes serve evidence only.
void Core::State::Count(const Vote& vote) {
  const VotePosition& p = vote.position;
  const Standing standing = tally_.Judge(vote);
  if (standing == Standing::kNew || standing == Standing::kContradiction) {
    for (const Contradiction& c : tally_.Add(vote)) {
      out_.evidence.push_back({c.kind,
                               config_.validators.key(vote.signer),
                               {c.first.position, c.first.signature},
                               {c.second.position, c.second.signature}});
    }
    activity_.Heard(vote.signer, p.view);
    changed_ = true;
  }
  if (p.view <= floor_.view || rounds_.Holds(p)) return;
  auto certificate = tally_.QuorumOn(p);
  if (!certificate) return;
  Send(std::nullopt, CertificateMessage{*certificate});
  Adopt(*certificate);
}

// Signs, notes and records a vote of mine. Empty when the signer refuses, which is no error here:
// its guard knows best (P18). Never at or below the floor, whatever asks for it.
std::optional<Vote> Core::State::SignVote(const VotePosition& position) {
  TB_CHECK(MayVote());
  TB_CHECK(position.view > floor_.view);
  const auto signature = config_.signer->Sign(position);
  if (!signature) return std::nullopt;
  const Vote vote{position, *config_.own, *signature};
  rounds_.NoteMine(vote);
  out_.persist.push_back(MyVoteRecord{vote});
  changed_ = true;
  return vote;
}

void Core::State::Cast(const VotePosition& position) {
  const auto vote = SignVote(position);
  if (!vote) return;
  Send(std::nullopt, *vote);
  Count(*vote);
}

void Core::State::NullifyView() {
  if (!MayVote()) return;
  const Round& round = rounds_[view_];
  if (round.my_nullify || round.my_finalize) return;
  VotePosition position;
  position.kind = VoteKind::kNullify;
  position.epoch = floor_.epoch;
  position.view = view_;
  Cast(position);
}

// "v > F.view, not my_nullify[v], body held and executed": at once with the certificate or later.
void Core::State::FinalizeNotarized() {
  if (!MayVote()) return;
  std::vector<VotePosition> ready;
  for (const auto& [view, round] : rounds_.all()) {
    if (!round.notarization || round.my_nullify || round.my_finalize) continue;
    const Hash& digest = round.notarization->position.digest;
    const auto info = tree_.Info(digest);
    if (!info || !info->executed) continue;
    VotePosition position;
    position.kind = VoteKind::kFinalize;
    position.epoch = floor_.epoch;
    position.view = view;
    position.digest = digest;
    ready.push_back(position);
  }
  for (const VotePosition& position : ready) {
    // An own vote just cast may have raised the floor past the next one.
    if (halted_ || position.view <= floor_.view) continue;
    PersistBody(position.digest);
    Cast(position);
  }
}

}  // namespace timebank::consensus
