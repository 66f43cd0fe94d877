// The core's state and rules, one .cc per concern; steps.cc runs them. Private to this folder.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "consensus/block_tree.h"
#include "consensus/core.h"
#include "consensus/pacing.h"
#include "consensus/pending.h"
#include "consensus/rounds.h"
#include "consensus/tally.h"

namespace timebank::consensus {

class Core::State {
 public:
  State(const Config& config, const Recovered& recovered);
  [[nodiscard]] Output Step(const Event& event);
  [[nodiscard]] Snapshot snapshot() const;

 private:
  friend class testing::CoreProbe;
  // recovery.cc
  void Replay(const std::vector<Record>& records);
  void ReplayCertificates(const std::vector<Record>& records);
  void ReplayVotes(const std::vector<Record>& records);
  // steps.cc
  void Dispatch(const Event& event);
  void OnMessage(PeerId from, const Message& message);
  void Settle();
  void Finish();
  void Halt(DivergenceReason reason, View view, const Hash& digest);
  void Send(std::optional<PeerId> to, Message message);
  void Punish(PeerId peer, Misbehaviour reason) { out_.disconnect.push_back({peer, reason}); }
  [[nodiscard]] bool IsValidator(PeerId peer) const;
  [[nodiscard]] bool MayVote() const;
  [[nodiscard]] Millis After(std::uint64_t delay_ms) const;
  // votes.cc
  void OnVote(PeerId from, const Vote& vote);
  [[nodiscard]] bool CountPeerVote(PeerId from, const Vote& vote);
  void Count(const Vote& vote);
  [[nodiscard]] std::optional<Vote> SignVote(const chain::VotePosition& position);
  void Cast(const chain::VotePosition& position);
  void NullifyView();
  void FinalizeNotarized();
  [[nodiscard]] bool HasGoodSignature(const Vote& vote) const;
  [[nodiscard]] bool IsUnknownOwn(ReplicaIndex signer, const chain::VotePosition& position) const;
  // certificates.cc
  [[nodiscard]] bool OnCertificate(PeerId from, const chain::Certificate& certificate);
  void SeekContradictions(PeerId from, const chain::Certificate& certificate);
  void Adopt(const chain::Certificate& certificate);
  void AdoptFinalization(const chain::Certificate& certificate);
  void OnCertificates(PeerId from, const Certificates& reply);
  void EnterBehind(const chain::Certificate& certificate);
  void RetryDeferred();
  // proposals.cc
  void OnProposal(PeerId from, const Proposal& proposal);
  void JudgeCandidate();
  [[nodiscard]] Verdict Judge(Candidate& candidate) const;
  [[nodiscard]] std::optional<Hash> ParentDigest(View parent_view) const;
  [[nodiscard]] bool HeaderFits(const chain::Header& header, const BlockInfo& parent) const;
  [[nodiscard]] bool TooDeep(const BlockInfo& parent) const;
  void AskChecks();
  void AskCheck(const Hash& digest);
  void OnBodyChecked(const BodyChecked& checked);
  void OnMismatch(const Hash& digest);
  void OnStateLost(const StateLost& lost);
  // leading.cc
  void Lead();
  [[nodiscard]] bool IsMyTurn() const;
  [[nodiscard]] std::optional<Parent> ChooseParent() const;
  void OnBlockBuilt(const BlockBuilt& built);
  void Propose(View parent_view, const Block& block);
  void SendProposal(View parent_view, const Block& block, const Vote& notarize);
  void ResendProposal();
  // views.cc
  [[nodiscard]] bool TipIsFinal() const { return rounds_.HighestNotarization() == nullptr; }
  [[nodiscard]] bool GateOpen() const;
  [[nodiscard]] std::uint64_t Backoff(std::uint64_t base_ms) const;
  [[nodiscard]] ReplicaIndex Leader() const;
  void RunTimers();
  [[nodiscard]] bool HasUnfinished() const;
  void RunRetry();
  void ArmRetry();
  void ResendStored();
  void RunStatus();
  void ScheduleWake();
  // epochs.cc
  void OnEpochBegins(const EpochBegins& begins);
  void OnEpochChain(PeerId from, const EpochChain& reply);
  void AskEpochChain(PeerId from, Epoch theirs);
  void Serve(PeerId from, const FetchEpochChain& request);
  // finality.cc
  void LinkFinalChain();
  void CommitFinal();
  void PersistBody(const Hash& digest);
  void PruneTree();
  // fetching.cc
  void Fetch();
  [[nodiscard]] std::set<Hash> MissingBodies() const;
  void FetchMissingBodies();
  void FetchMissingCertificates();
  void FetchFinalChain();
  [[nodiscard]] std::optional<PeerId> NextPeer(Question& question);
  void OnBlocks(PeerId from, const Blocks& reply);
  [[nodiscard]] bool TakeHeaders(const Blocks& reply);
  [[nodiscard]] bool IsFinalAhead(const Block& block) const;
  [[nodiscard]] bool TakeBody(PeerId from, const Block& block);
  // serving.cc
  [[nodiscard]] Peer& PeerState(PeerId peer);
  [[nodiscard]] Status MyStatus() const;
  void OnStatus(PeerId from, const Status& status);
  void Serve(PeerId from, const FetchCertificates& request);
  void Serve(PeerId from, const FetchBlocks& request);
  void Serve(PeerId from, const FetchByDigest& request);

  Config config_;
  std::size_t n_;
  Hash set_hash_;
  std::uint64_t leader_offset_;
  Now now_;
  Output out_;
  bool changed_ = false;
  bool started_ = false;
  bool halted_ = false;
  std::optional<chain::VotePosition> unknown_vote_;  // of my key: I may not vote
  View view_{1};
  std::optional<chain::Certificate> entered_by_;
  Position floor_;  // its epoch is the current one
  Hash floor_digest_;
  std::optional<chain::Certificate> floor_certificate_;
  Rounds rounds_;
  VoteTally tally_;
  Activity activity_;
  BlockTree tree_;  // its base is the last committed block
  std::optional<Candidate> candidate_;
  ViewTimers timers_;
  Pulse pulse_;
  Work work_;
  Building building_;
  std::optional<MyProposalRecord> my_proposal_;
  FinalChain final_;
  Asking asking_;
  std::map<PeerId, Peer> peers_;
  EpochTurn turn_;
};

}  // namespace timebank::consensus
