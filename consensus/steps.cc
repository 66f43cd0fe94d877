// One step: take the event in, apply the rules until nothing changes, put the output in order.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {

Core::Core(const Config& config, const Recovered& recovered)
    : state_(std::make_unique<State>(config, recovered)) {}
Core::~Core() = default;
Core::Core(const Core& other) : state_(std::make_unique<State>(*other.state_)) {}
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;

Output Core::Step(const Event& event) { return state_->Step(event); }
Snapshot Core::snapshot() const { return state_->snapshot(); }

Output Core::State::Step(const Event& event) {
  if (halted_) return {};
  out_ = {};
  // A steady clock that stepped back would only delay timers.
  now_.steady_ms = std::max(now_.steady_ms, event.now.steady_ms);
  now_.ledger_ms = event.now.ledger_ms;
  Dispatch(event);
  Settle();
  Finish();
  return std::move(out_);
}

void Core::State::Dispatch(const Event& event) {
  struct Handler {
    State& state;
    void operator()(const Started&) const {
      TB_CHECK(!state.started_);
      state.started_ = true;
      state.pulse_.status_at = state.now_.steady_ms;
      state.pulse_.retry_at = state.now_.steady_ms;
      if (!std::exchange(state.turn_.start_is_logged, true)) {
        // Lost between the commit of the boundary block and the next write.
        state.out_.persist.push_back(EpochStartRecord{state.floor_.epoch, state.floor_digest_});
      }
      state.ResendProposal();
    }
    void operator()(const PeerConnected& e) const {
      state.PeerState(e.peer).fresh_link = true;
      state.Send(e.peer, state.MyStatus());
    }
    void operator()(const MessageReceived& e) const { state.OnMessage(e.from, e.message); }
    void operator()(const BodyChecked& e) const { state.OnBodyChecked(e); }
    void operator()(const StateLost& e) const { state.OnStateLost(e); }
    void operator()(const BlockBuilt& e) const { state.OnBlockBuilt(e); }
    void operator()(const PoolChanged& e) const {
      state.work_.pool_has_valid = e.has_valid_transactions;
      if (e.has_valid_transactions) state.building_.nothing = false;
    }
    void operator()(const DueWork& e) const {
      state.work_.due = e.due;
      if (e.due) state.building_.nothing = false;
    }
    void operator()(const EpochBegins& e) const { state.OnEpochBegins(e); }
    void operator()(const Tick&) const {}
  };
  std::visit(Handler{*this}, event.what);
  TB_CHECK(started_);
}

void Core::State::OnMessage(PeerId from, const Message& message) {
  struct Handler {
    State& state;
    PeerId from;
    void operator()(const Proposal& m) const { state.OnProposal(from, m); }
    void operator()(const Vote& m) const { state.OnVote(from, m); }
    void operator()(const CertificateMessage& m) const {
      static_cast<void>(state.OnCertificate(from, m.certificate));
    }
    void operator()(const Status& m) const { state.OnStatus(from, m); }
    void operator()(const FetchCertificates& m) const { state.Serve(from, m); }
    void operator()(const Certificates& m) const { state.OnCertificates(from, m); }
    void operator()(const FetchBlocks& m) const { state.Serve(from, m); }
    void operator()(const FetchByDigest& m) const { state.Serve(from, m); }
    void operator()(const Blocks& m) const { state.OnBlocks(from, m); }
    void operator()(const FetchEpochChain& m) const { state.Serve(from, m); }
    void operator()(const EpochChain& m) const { state.OnEpochChain(from, m); }
  };
  std::visit(Handler{*this, from}, message);
}

// Every rule either changes nothing or moves something forward (a vote, a certificate, a view, a
// commit), so the loop ends.
void Core::State::Settle() {
  RetryDeferred();
  RunRetry();
  do {
    changed_ = false;
    LinkFinalChain();
    AskChecks();
    CommitFinal();
    JudgeCandidate();
    FinalizeNotarized();
    RunTimers();
    Lead();
  } while (changed_ && !halted_);
  if (halted_) return;
  PruneTree();
  Fetch();
  ArmRetry();
  RunStatus();
  ScheduleWake();
}

void Core::State::Finish() {
  if (halted_) {
    Output last;
    last.halt = std::move(out_.halt);
    out_ = std::move(last);
    return;
  }
  // The variant's order is the order in a batch (CONSENSUS 8).
  std::stable_sort(out_.persist.begin(), out_.persist.end(),
                   [](const Record& a, const Record& b) { return a.index() < b.index(); });
}

void Core::State::Halt(DivergenceReason reason, View view, const Hash& digest) {
  if (halted_) return;
  halted_ = true;
  Divergence divergence{reason, Position{floor_.epoch, view}, digest, std::nullopt};
  const TreeBlock* held = tree_.Find(digest);
  if (held != nullptr) {
    divergence.block = held->block;
  } else if (const Block* final_block = tree_.FindForPeer(digest)) {
    divergence.block = *final_block;
  }
  out_.halt = std::move(divergence);
}

void Core::State::Send(std::optional<PeerId> to, Message message) {
  out_.send.push_back({to, std::move(message)});
}

bool Core::State::MayVote() const {
  return config_.own.has_value() && !turn_.over && !unknown_vote_;
}

bool Core::State::IsValidator(PeerId peer) const { return peer.value() < n_; }

Millis Core::State::After(std::uint64_t delay_ms) const {
  return Millis(now_.steady_ms.value() + delay_ms);
}

Snapshot Core::State::snapshot() const {
  Snapshot s;
  s.position = Position{floor_.epoch, view_};
  s.floor = floor_;
  s.floor_digest = floor_digest_;
  s.committed_height = tree_.base_height();
  s.committed_digest = tree_.base();
  s.leader = Leader();
  s.gate_open = GateOpen();
  s.halted = halted_;
  s.held_bodies = tree_.blocks().size();
  s.catching_up = final_.digests.size() > kCatchingUpBlocks || !turn_.boundaries.empty();
  s.unknown_vote = unknown_vote_;
  return s;
}

}  // namespace timebank::consensus
