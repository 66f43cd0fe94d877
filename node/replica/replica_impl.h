// The replica's state and parts, one .cc per concern: replica.cc (events in, the order of effects),
// blocks.cc (check, build, commit, serve), recovery.cc (start). Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "chain/genesis.h"
#include "chain/log_tree.h"
#include "chain/state_tree.h"
#include "consensus/core.h"
#include "consensus/pacing.h"
#include "node/replica/admission.h"
#include "node/replica/block_body.h"
#include "node/replica/epoch_links.h"
#include "node/replica/evidence_pool.h"
#include "node/replica/execution.h"
#include "node/replica/peer_book.h"
#include "node/replica/replica.h"
#include "node/replica/signature_desk.h"

namespace timebank::replica {

// The own key's place in the set, if any.
[[nodiscard]] std::optional<ReplicaIndex> OwnPlace(const Config& config,
                                                   const chain::ValidatorSet& set);

// What recovery found: everything that the replica starts with.
struct Start {
  chain::Genesis genesis;
  consensus::Config consensus;
  consensus::Recovered recovered;
  FinalView view;
  chain::StateTree stored;  // what the database holds; empty at genesis
  chain::LogTree log;
};

class Replica::Impl {
 public:
  Impl(const Config& config, const Ports& ports, Start start);
  void Step(std::span<const Event> events);

  [[nodiscard]] const std::optional<Millis>& wake_at() const { return wake_at_; }
  [[nodiscard]] const FinalView& final_view() const { return view_; }
  [[nodiscard]] const std::optional<consensus::Divergence>& halted() const { return halted_; }
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::optional<std::string> FindReceipt(const Hash& id,
                                                       std::span<const std::uint32_t> shown) const;

 private:
  // replica.cc
  void Take(const Started& event);
  void Take(const PeerConnected& event);
  void Take(const PeerMessageReceived& event);
  void Take(const Submitted& event);
  void Take(const SignaturesVerified& event);
  void Take(const Tick& event);
  void ToCore(decltype(consensus::Event::what) what);
  void Collect(consensus::Output output);
  void Settle();
  void Persist(std::vector<consensus::Record> records);
  void Send(const consensus::Output& output);
  void Follow(consensus::Output& output);
  void Receive(const PeerKey& from, const std::vector<std::string>& evidence);
  void FloodEvidence();
  [[nodiscard]] std::size_t EvidenceRecorded() const;
  void JudgePool();
  [[nodiscard]] std::size_t PoolSize() const { return admission_.pool().size() + evidence_.size(); }
  [[nodiscard]] bool stopped() const { return halted_ || is_outdated_; }
  void TellPool();
  void TellDueWork();
  void ScheduleWake();
  [[nodiscard]] Admission::Context context() const { return {view_, now_}; }

  // blocks.cc
  void Check(const consensus::CheckBody& check);
  void FinishCheck(const Hash& digest, bool signatures_good);
  void Answer(const Hash& digest, consensus::BodyVerdict verdict);
  void Build(const consensus::BuildBlock& request);
  [[nodiscard]] std::set<Hash> TakenBelow(Hash digest) const;
  void Commit(const std::vector<consensus::CommittedBlock>& blocks);
  [[nodiscard]] FinalBlock CommitOne(const consensus::CommittedBlock& block);
  [[nodiscard]] std::vector<StateChange> ChangesSinceStored(const Execution& execution) const;
  [[nodiscard]] SharedExecution ExecuteFinal(const consensus::Block& block);
  // epochs.cc
  void FollowSets();
  void TellPeers();
  void LetGoOfDeparted();
  void Serve(const consensus::ServeEpochs& serve);

  void Serve(const consensus::ServeBlocks& serve);
  void Serve(const consensus::ServeBlock& serve);
  [[nodiscard]] consensus::TokenBucket& ReadBudget(consensus::PeerId peer);
  void Reply(consensus::PeerId to, const consensus::Message& message);
  // False when the block after `parent` needs rules that this release does not know: the end.
  [[nodiscard]] bool KnowsRulesAfter(const ledger::State& parent);
  // The state after the block, or null when it is not here.
  [[nodiscard]] std::shared_ptr<const ledger::State> StateOf(const Hash& digest) const;

  struct PendingCheck {
    consensus::Block block;
    BlockContent content;
  };

  Config config_;
  Ports ports_;
  PeerBook peers_;
  EpochLinks links_;
  consensus::Config consensus_config_;               // of the current epoch
  Epoch epoch_;                                      // that of the core
  std::optional<v1::ValidatorSetRecord> departing_;  // the set before, until it is let go
  consensus::Core core_;
  SignatureDesk desk_;
  Admission admission_;
  EvidencePool evidence_;
  ExecutionCache executions_;
  chain::LogTree log_;
  FinalView view_;
  chain::StateTree stored_;  // what the database holds

  consensus::Now now_;
  consensus::Output batch_;    // of the core, not yet carried out
  bool stepped_ = false;       // the core was asked since batch_ was last carried out
  Millis judged_at_;           // steady time at which the pool was last judged
  bool sets_changed_ = false;  // by a block that was committed: FollowSets is due
  bool judged_ = false;        // the pool was judged again since the core was last told
  bool pool_told_ = false;     // what the core was last told
  bool due_told_ = false;
  std::size_t pool_size_told_ = 0;
  std::map<Hash, PendingCheck> checks_;                  // waiting for signatures, by digest
  std::map<SignatureDesk::Ticket, Hash> check_tickets_;  // the jobs they wait for
  std::map<consensus::PeerId, consensus::TokenBucket> read_budgets_;
  std::optional<Millis> core_wake_at_;
  std::optional<Millis> wake_at_;
  std::optional<consensus::Divergence> halted_;
  bool is_outdated_ = false;
};

}  // namespace timebank::replica
