// One simulated node: the production Replica over fake ports, a disk that outlives it, and a
// process that may die between any two things it does. The edge's part is played here: decoding
// messages, batching events, verifying signatures, ticking.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "consensus/signer.h"
#include "crypto/ed25519.h"
#include "node/replica/replica.h"
#include "tests/sim/disk.h"
#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace timebank::sim {

struct NodeOptions {
  NodeIndex index = 0;
  NodeIndex validator = 0;  // another than `index` for a twin
  std::string genesis;
  crypto::SecretKey key;
  std::uint64_t ledger_offset_ms = 0;  // ledger time = world time + this
  std::uint64_t delay_ms = 100;        // D
  std::size_t block_transactions = 1000;
  Lie lie = Lie::kNone;
  bool watch_own_key = true;  // not where one key is meant to contradict itself
  std::string recovery = {};  // that began an era, or is to
};

// What a node does, for checkers and for whoever routes its messages.
struct NodeHooks {
  std::function<void(std::optional<NodeIndex> to, const replica::SharedMessage&)> send;
  std::function<void(NodeIndex peer)> disconnect;
  std::function<void(NodeIndex peer)> linked;            // may be talked to from now on
  std::function<void(const chain::VotePosition&)> cast;  // a vote of its own leaves
  std::function<void(const replica::FinalBlock&)> final;
  std::function<void(std::uint64_t ticket, const replica::SubmitAnswer&)> answer;
  std::function<void(const replica::SubmitAnswer&)> dropped;
  std::function<void(const consensus::Divergence&)> halted;
  std::function<void(std::string)> fail;  // something that no correct node does
};

class Node final : private replica::Transport,
                   private replica::Verifier,
                   private replica::ClientSink {
 public:
  Node(World& world, Prng prng, NodeOptions options, NodeHooks hooks);
  ~Node() override;

  void Start();
  // From the next start on.
  void BeginEra(const std::string& recovery, const Hash& chain_id) {
    options_.recovery = recovery;
    chain_id_ = chain_id;
  }
  // Dies at once.
  void Crash();
  // Writes fail from now on, until the disk is healed: the process dies of the first.
  void FillDisk();
  // Dies at the `operations`-th write, send or commit from now: anywhere inside a step.
  void CrashAfter(std::uint64_t operations) { operations_left_ = operations; }

  // The process stands still until then; what comes waits.
  void PauseUntil(Millis until) { busy_until_ = std::max(busy_until_, until); }
  // Every write takes so long from now on.
  void SlowDisk(std::uint64_t write_ms) { write_ms_ = write_ms; }
  // The ledger clock: off by so much, fast by so many per mille since now, standing still.
  struct Clock {
    std::int64_t shift_ms = 0;
    std::uint64_t fast_per_mille = 0;
    bool frozen = false;
    Millis since;
  };
  void SetClock(const Clock& clock) { clock_ = clock; }

  void Deliver(NodeIndex from, const replica::SharedMessage& message);
  void Connected(NodeIndex peer);
  void Submit(std::uint64_t ticket, const replica::SharedTransaction& transaction);

  // Down, a node keeps nobody out: what is sent to it is lost anyhow.
  [[nodiscard]] bool MayTalkTo(NodeIndex peer) const { return !alive() || peers_.contains(peer); }
  [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] bool alive() const { return replica_ != nullptr; }
  // Requires: alive().
  [[nodiscard]] const replica::Replica& replica() const { return *replica_; }
  [[nodiscard]] Disk& disk() { return disk_; }
  [[nodiscard]] std::uint64_t starts() const { return starts_; }
  // Votes sent and blocks told to clients, each of which was found on disk (P4).
  [[nodiscard]] std::uint64_t seen_on_disk() const { return seen_on_disk_; }

 private:
  // Ports. After death they do nothing.
  void Send(const replica::PeerKey& to, const replica::SharedMessage& message,
            replica::Lane lane) override;
  void Broadcast(const replica::SharedMessage& message, replica::Lane lane) override;
  void Disconnect(const replica::PeerKey& peer, consensus::Misbehaviour reason) override;
  void SetPeers(const std::vector<replica::Peer>& peers) override;
  void Verify(replica::VerifyJob job) override;
  void Answer(std::uint64_t ticket, const replica::SubmitAnswer& answer) override;
  void Dropped(const replica::SubmitAnswer& answer) override;
  void Final(const replica::FinalBlock& block) override;

  // This node's own place in the epoch's set, as far as it knows that.
  [[nodiscard]] std::optional<ReplicaIndex> PlaceIn(Epoch epoch) const;
  // False once the process is dead. Every write and send asks before it does anything.
  bool Operate();
  void CheckPersisted(const replica::SharedMessage& message);
  void Push(decltype(replica::Event::what) what);
  void RunStep();
  void Schedule();
  [[nodiscard]] consensus::Now Now() const;

  World& world_;
  Prng prng_;
  NodeOptions options_;
  NodeHooks hooks_;
  Hash chain_id_;
  crypto::PublicKey public_key_;
  std::set<NodeIndex> peers_;
  Disk disk_;
  std::unique_ptr<consensus::LocalSigner> signer_;
  std::unique_ptr<replica::Replica> replica_;
  std::vector<replica::Event> inbox_;
  bool step_scheduled_ = false;
  Millis busy_until_;
  std::uint64_t write_ms_ = 0;
  Clock clock_;
  bool dead_ = true;
  std::uint64_t starts_ = 0;  // also names the process: tasks of an earlier one do nothing
  std::uint64_t seen_on_disk_ = 0;
  std::optional<Millis> tick_at_;
  std::optional<std::uint64_t> operations_left_;
};

}  // namespace timebank::sim
