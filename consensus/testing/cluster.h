// Real cores on a virtual network with a virtual clock: seeded delay, loss and reorder, scripted
// links, crashes between any two steps of the output contract. Every step is checked: agreement,
// I1 and I2 over restarts, nothing sent that is not durable, no vote at or below the floor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "consensus/core.h"
#include "consensus/limits.h"
#include "consensus/pacing.h"
#include "consensus/testing/executor.h"

namespace timebank::consensus::testing {

// Where in the output contract a process dies.
enum class CrashPoint { kBeforePersist, kBeforeSend, kMidSend, kBeforeCommit, kAfterCommit };
inline constexpr CrashPoint kCrashPoints[] = {CrashPoint::kBeforePersist, CrashPoint::kBeforeSend,
                                              CrashPoint::kMidSend, CrashPoint::kBeforeCommit,
                                              CrashPoint::kAfterCommit};

struct NetworkOptions {
  std::size_t n = 4;
  std::uint64_t seed = 1;
  std::uint64_t loss_per_mille = 0;
  std::uint64_t delay_max_ms = 5;
  std::uint64_t storage_lag_blocks = 3;  // how far the stored floor stays behind the last commit
};

struct Node {
  std::unique_ptr<LocalSigner> signer;
  std::unique_ptr<Core> core;  // null: crashed, or a puppet of the test
  std::vector<std::pair<RecordType, Bytes>> log;
  std::vector<CommittedBlock> chain;  // heights 1..
  Executor executor;
  Millis wake_at;
  bool due = false;
  std::optional<Divergence> halted;
  std::vector<chain::Evidence> evidence;
  std::vector<Disconnect> disconnects;
  std::uint64_t sent = 0;    // messages but Status
  std::uint64_t checks = 0;  // bodies executed
  std::set<Hash> lost;       // blocks whose states are no longer held
};

class Cluster {
 public:
  explicit Cluster(const NetworkOptions& options);
  ~Cluster();

  [[nodiscard]] std::size_t n() const { return options_.n; }
  [[nodiscard]] Node& node(std::size_t i) { return nodes_[i]; }
  [[nodiscard]] Snapshot view_of(std::size_t i) const { return nodes_[i].core->snapshot(); }
  [[nodiscard]] Height height(std::size_t i) const { return Height(nodes_[i].chain.size()); }
  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  [[nodiscard]] const chain::ValidatorSet& validators() const { return validators_; }
  [[nodiscard]] std::size_t LeaderAt(std::uint64_t view) const;
  [[nodiscard]] std::uint64_t now() const { return now_; }

  // Gives the transaction to the pools of `to`, or of all.
  void Submit(Tx tx, const std::vector<std::size_t>& to = {});
  void SetDue(std::size_t i, bool due);
  void Run(std::uint64_t ms);
  // Runs until `done` or for `ms`; whether it was done.
  [[nodiscard]] bool RunUntil(const std::function<bool()>& done, std::uint64_t ms);
  // Whether every live node committed `tx`.
  [[nodiscard]] bool AllHave(Tx tx) const;

  // No core runs at `i` from now on: the test speaks for it.
  void MakePuppet(std::size_t i) { nodes_[i].core.reset(); }
  // Puppets all but `me`; their indexes.
  std::vector<std::size_t> MakePuppetsBut(std::size_t me);
  [[nodiscard]] crypto::Signature SignAs(std::size_t i, const chain::VotePosition& p) const;
  [[nodiscard]] Vote VoteOf(std::size_t i, const chain::VotePosition& p) const;
  [[nodiscard]] chain::Certificate CertificateOf(const std::vector<std::size_t>& signers,
                                                 const chain::VotePosition& p) const;
  // A proposal of the first block's child kind by puppet `from`, valid unless changed after.
  [[nodiscard]] Proposal ProposalBy(std::size_t from, std::uint64_t view, const Block& block) const;
  [[nodiscard]] Block BlockOnGenesis(std::size_t proposer, const std::vector<Tx>& txs) const;
  void Deliver(std::size_t from, std::size_t to, Message message);

  // The node forgets the states of all blocks above the last committed one.
  void LoseStates(std::size_t i) { nodes_[i].lost = nodes_[i].executor.Executed(); }
  void Crash(std::size_t i) { nodes_[i].core.reset(); }
  void Restart(std::size_t i);
  // Dies at `point` of the first output for which `when` holds.
  void CrashWhen(std::size_t i, CrashPoint point, std::function<bool(const Output&)> when);
  [[nodiscard]] bool IsUp(std::size_t i) const { return nodes_[i].core != nullptr; }

  // Whether a message passes; all do by default. Loss comes on top.
  std::function<bool(std::size_t from, std::size_t to, const Message&)> link;
  void SetLoss(std::uint64_t per_mille) { options_.loss_per_mille = per_mille; }
  // A hash over everything delivered: equal seeds give equal traces.
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  // Failures of the checks above; empty when all is well.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  void Schedule(std::uint64_t at, std::function<void()> task);
  void Feed(std::size_t i, decltype(Event::what) what);
  void Perform(std::size_t i, const Output& out, std::optional<CrashPoint> crash);
  void Check(std::size_t i, const Output& out, const Snapshot& before);
  void CheckVote(std::size_t i, const Vote& vote);
  void SendAll(std::size_t i, const Output& out, std::size_t limit);
  void CommitAll(std::size_t i, const Output& out);
  void Start(std::size_t i);
  void PoolToCore(std::size_t i);
  [[nodiscard]] Config ConfigOf(std::size_t i) const;
  [[nodiscard]] Blocks Answer(std::size_t i, const FetchBlocks& request) const;
  [[nodiscard]] Message Answer(std::size_t i, const ServeBlock& request) const;

  struct CrashPlan {
    CrashPoint point;
    std::function<bool(const Output&)> when;
  };
  NetworkOptions options_;
  Prng network_;
  Hash chain_id_;
  std::vector<crypto::SecretKey> keys_;  // by validator index
  chain::ValidatorSet validators_;
  std::vector<Node> nodes_;
  std::uint64_t now_ = 1'000'000;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>> tasks_;
  std::map<std::size_t, CrashPlan> crash_plans_;
  std::map<std::size_t, std::set<Bytes>> durable_votes_;
  std::map<std::size_t, std::set<Hash>> durable_bodies_;
  std::map<Height, Hash> agreed_;
  std::map<std::pair<std::size_t, View>, std::map<chain::VoteKind, chain::VotePosition>> cast_;
  std::uint64_t trace_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace timebank::consensus::testing
