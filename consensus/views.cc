// What time does: the idle gate with the timers behind it (CONSENSUS 4, 5), retry and Status.
#include <algorithm>

#include "consensus/state.h"

namespace timebank::consensus {

using chain::VoteKind;

// Whether anything is to be done. Of certificates above the floor only a Notarization counts: a
// Nullification leaves nothing to agree on, and would keep an idle network turning views for ever.
bool Core::State::GateOpen() const {
  return work_.any() || candidate_.has_value() || !TipIsFinal() ||
         tally_.Voters(view_) > chain::MaxFaulty(n_);
}

void Core::State::RunTimers() {
  if (!MayVote()) return;
  if (Leader() != *config_.own && tally_.Has(view_, Leader(), VoteKind::kNullify)) NullifyView();
  if (!GateOpen()) {
    timers_.armed = false;
    return;
  }
  if (!timers_.armed) {
    const bool skip = Leader() != *config_.own && activity_.IsSilent(Leader(), view_);
    timers_.armed = true;
    timers_.leader_at = After(skip ? 0 : Backoff(2 * config_.delay_ms));
    timers_.view_at = After(Backoff(3 * config_.delay_ms));
    timers_.empty_at = After(Backoff(config_.delay_ms));
  }
  const bool led = candidate_ && candidate_->sound;
  const bool expired =
      now_.steady_ms >= timers_.view_at || (!led && now_.steady_ms >= timers_.leader_at);
  if (expired) NullifyView();
}

std::uint64_t Core::State::Backoff(std::uint64_t base_ms) const {
  return BackedOff(base_ms, view_.value() - 1 - floor_.view.value());
}

ReplicaIndex Core::State::Leader() const { return LeaderOf(leader_offset_, view_, n_); }

// Re-sending goes on while a view is open or the tip is not final, gate closed or not.
bool Core::State::HasUnfinished() const {
  const Round& round = rounds_[view_];
  return GateOpen() || round.my_notarize || round.my_nullify;
}

void Core::State::RunRetry() {
  if (!pulse_.retry_at || now_.steady_ms < *pulse_.retry_at) return;
  pulse_.retry_at.reset();  // armed again below all rules
  if (HasUnfinished()) ResendStored();
}

void Core::State::ArmRetry() {
  if (!config_.own || !HasUnfinished()) {
    pulse_.retry_at.reset();
  } else if (!pulse_.retry_at) {
    pulse_.retry_at =
        After(Jittered(config_.retry_ms, config_.own->value(), ++pulse_.jitter_counter));
  }
}

// Stored bytes only: nothing here creates a vote (P3). Own votes go to the own tally again (P2).
void Core::State::ResendStored() {
  std::vector<Vote> mine;
  const Round& current = rounds_[view_];
  if (current.my_notarize) mine.push_back(*current.my_notarize);
  if (current.my_nullify) mine.push_back(*current.my_nullify);
  for (const auto& [view, round] : rounds_.all()) {
    if (round.my_finalize) mine.push_back(*round.my_finalize);
  }
  for (const Vote& vote : mine) Send(std::nullopt, vote);
  if (entered_by_) Send(std::nullopt, CertificateMessage{*entered_by_});
  const chain::Certificate* highest = rounds_.HighestNotarization();
  if (highest != nullptr && (!entered_by_ || *highest != *entered_by_)) {
    Send(std::nullopt, CertificateMessage{*highest});
  }
  for (const Vote& vote : mine) Count(vote);
}

void Core::State::RunStatus() {
  const std::uint64_t interval = TipIsFinal() ? kStatusIdleMs : kStatusBusyMs;
  const std::uint64_t own = config_.own ? config_.own->value() : n_;
  // A tip that is no longer final shortens a long wait that has begun.
  if (now_.steady_ms < pulse_.status_at)
    pulse_.status_at = std::min(pulse_.status_at, After(interval * 6 / 5));
  if (now_.steady_ms < pulse_.status_at) return;
  Send(std::nullopt, MyStatus());
  pulse_.status_at = After(Jittered(interval, own, ++pulse_.jitter_counter));
}

Status Core::State::MyStatus() const {
  Status status;
  status.position = Position{floor_.epoch, view_};
  status.floor = floor_;
  status.floor_digest = floor_digest_;
  const chain::Certificate* highest = rounds_.HighestNotarization();
  if (highest != nullptr) status.notarization = *highest;
  return status;
}

// The earliest moment at which a rule may have something to do. View timers that lie in the past
// have fired: a signer that refused then is not asked again without a new event.
void Core::State::ScheduleWake() {
  std::optional<Millis> wake = pulse_.status_at;
  const auto consider = [&wake](Millis at) { wake = std::min(*wake, at); };
  const auto consider_future = [&](Millis at) {
    if (at > now_.steady_ms) consider(at);
  };
  if (timers_.armed && MayVote()) {
    const Round& round = rounds_[view_];
    if (!round.my_nullify && !round.my_finalize) {
      if (!candidate_ || !candidate_->sound) consider_future(timers_.leader_at);
      consider_future(timers_.view_at);
    }
    if (IsMyTurn()) consider_future(timers_.empty_at);
  }
  if (pulse_.retry_at) consider(*pulse_.retry_at);
  for (const auto& [digest, question] : asking_.bodies) consider(question.next_at);
  if (asking_.certificates) consider(asking_.certificates->next_at);
  if (asking_.final_chain) consider(asking_.final_chain->next_at);
  for (const auto& [digest, block] : tree_.blocks()) {
    if (block.state == BodyState::kAsked) {
      consider_future(Millis(block.asked_at.value() + config_.retry_ms));
    }
  }
  for (const auto& [id, peer] : peers_) {
    if (peer.deferred) consider(After(config_.delay_ms));
  }
  out_.wake_at = wake;
}

}  // namespace timebank::consensus
