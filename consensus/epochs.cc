// One epoch follows another (CONSENSUS 6): the last block of an epoch is final and committed, the
// driver says which set comes next, and everything that counts by views begins anew. A node that is
// epochs behind learns the Finalization of each boundary from the epoch chain and goes through all
// of them in order.
#include <utility>

#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {

// The Finalization of the boundary was made durable before its commit, EpochStart is before any
// vote of the new epoch leaves. It stays the floor's certificate: whoever is still in the old epoch
// is told it. Whether my key lost votes (unknown_vote_) is a matter of the key, not of the epoch.
void Core::State::OnEpochBegins(const EpochBegins& begins) {
  TB_CHECK(turn_.over);
  TB_CHECK(tree_.base() == floor_digest_);
  TB_CHECK(!begins.own || config_.signer != nullptr);
  config_.validators = begins.validators;
  config_.own = begins.own;
  n_ = config_.validators.size();
  set_hash_ = config_.validators.SetHash();
  leader_offset_ = LeaderOffset(floor_digest_, n_);
  floor_ = Position{floor_.epoch.Next(), View(0)};
  view_ = View(1);
  entered_by_.reset();
  rounds_ = {};
  tally_ = VoteTally(n_, config_.validators.quorum());
  candidate_.reset();
  timers_ = {};
  building_ = {};
  my_proposal_.reset();
  final_ = {};
  final_.target = tree_.base();
  asking_ = {};
  peers_.clear();
  turn_.over = false;
  turn_.start_is_logged = false;
  Replay(std::exchange(turn_.later_records, {}));
  if (!turn_.start_is_logged) {
    out_.persist.push_back(EpochStartRecord{floor_.epoch, floor_digest_});
    turn_.start_is_logged = true;
  }
  const auto ended = turn_.boundaries.find(floor_.epoch);
  if (ended != turn_.boundaries.end()) {
    const chain::Certificate certificate = ended->second;
    const bool above = certificate.position.view > floor_.view;
    if (above && !chain::VerifyCertificate(certificate, config_.chain_id, config_.validators)) {
      Adopt(certificate);
    }
  }
  turn_.boundaries.erase(turn_.boundaries.begin(), turn_.boundaries.upper_bound(floor_.epoch));
  pulse_.status_at = now_.steady_ms;  // others may be ahead already
  changed_ = true;
}

// Those of epochs to come are kept until their set is known.
void Core::State::OnEpochChain(PeerId from, const EpochChain& reply) {
  if (reply.finalizations.size() > kFetchEpochsMax) {
    Punish(from, Misbehaviour::kOversize);
    return;
  }
  for (const chain::Certificate& finalization : reply.finalizations) {
    const chain::VotePosition& p = finalization.position;
    if (p.kind != chain::VoteKind::kFinalize) continue;
    if (p.epoch == floor_.epoch) {
      if (!OnCertificate(from, finalization) || halted_) return;
    } else if (p.epoch > floor_.epoch && p.epoch.value() - floor_.epoch.value() < kFetchEpochsMax) {
      turn_.boundaries.insert_or_assign(p.epoch, finalization);
    }
  }
}

void Core::State::AskEpochChain(PeerId from, Epoch theirs) {
  if (theirs <= floor_.epoch || now_.steady_ms < asking_.epoch_chain_at) return;
  asking_.epoch_chain_at = After(config_.retry_ms);
  Send(from, FetchEpochChain{floor_.epoch});
}

void Core::State::Serve(PeerId from, const FetchEpochChain& request) {
  if (request.first >= floor_.epoch || !PeerState(from).answers.Take(now_.steady_ms, 1)) {
    return Send(from, EpochChain{});
  }
  out_.serve_epochs.push_back({from, request.first});
}

}  // namespace timebank::consensus
