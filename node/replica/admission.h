// The door of the pool: transactions of clients and of gossip get their signatures checked, are
// judged against the final state, kept, flooded, judged again after every final block, and
// answered. One node's refusal is one node's opinion (DESIGN 4).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "consensus/event.h"
#include "node/replica/pool.h"
#include "node/replica/ports.h"
#include "node/replica/replica.h"
#include "node/replica/signature_desk.h"

namespace timebank::replica {

// Transactions whose signatures are being checked; above, clients are told to come back.
inline constexpr std::size_t kVerifyingMax = 16'384;
// Of them from gossip, and from one peer's: f of 20 validators do not fill the share.
inline constexpr std::size_t kVerifyingGossipMax = kVerifyingMax / 2;
inline constexpr std::size_t kVerifyingPeerMax = kVerifyingGossipMax / 8;
inline constexpr std::size_t kVerifyJobMax = 128;  // transactions in one job
inline constexpr std::size_t kFloodFramesMax = 8;  // gossip frames in one step
// Gossip that the final state refuses may depend on a block that is not final here yet: kept, and
// judged again after each of so many final blocks.
inline constexpr std::size_t kDeferredMax = 2'048;
inline constexpr std::uint32_t kDeferredTries = 4;

class Admission {
 public:
  // What everything is judged against: the final state, now.
  struct Context {
    const FinalView& view;
    consensus::Now now;
  };

  Admission(const PoolLimits& limits, const Ports& ports, SignatureDesk& desk)
      : ports_(ports), desk_(desk), pool_(limits) {}

  void Submit(std::uint64_t ticket, const SharedTransaction& transaction, const Context& context);
  // Gossip takes a share of the signature checks, and each peer a share of that: it never keeps
  // clients out. What does not fit is left out; it is flooded again. A signature that is wrong cuts
  // the peer off: a correct one gossips only what it has checked. No other reason proves anything.
  void Receive(const PeerKey& from, const GossipMessage& gossip, const Context& context);
  // Hands what was gathered since the last call to the verifier.
  void AskVerifier(const Context& context);
  // The verdicts on transactions of jobs asked here; of others it takes no notice.
  void Resolve(const std::vector<SharedTransaction>& transactions,
               const std::vector<v1::Reason>& verdicts, const Context& context);

  // The transactions of a block became final.
  void Remove(const std::vector<SharedTransaction>& transactions);
  // After final blocks: drops what is no longer valid, tries deferred gossip again.
  void JudgeAgain(const Context& context);
  // Broadcasts what is due.
  void Flood(Millis steady_now);

  [[nodiscard]] const Pool& pool() const { return pool_; }

 private:
  struct Verifying {
    SharedTransaction transaction;
    std::vector<std::uint64_t> tickets;  // of clients that wait for the answer; none: gossip
    std::uint32_t tries = 0;
    std::optional<PeerKey> source = std::nullopt;  // of gossip
  };
  void Enter(Verifying candidate, const Context& context);
  void Admit(const Verifying& candidate, const Context& context);
  void Refuse(const Verifying& candidate, v1::Reason reason, const Context& context);
  [[nodiscard]] bool HasRoom(const Verifying& candidate) const;
  void Release(const Verifying& candidate);
  void AnswerAll(const Verifying& candidate, const SubmitAnswer& answer);

  Ports ports_;
  SignatureDesk& desk_;
  Pool pool_;
  std::map<Hash, Verifying> verifying_;  // by envelope hash
  std::size_t verifying_gossip_ = 0;     // of verifying_: those with a source
  std::map<PeerKey, std::size_t> verifying_of_peer_;
  std::vector<SharedTransaction> unasked_;  // in verifying_, not yet handed to the verifier
  std::deque<Verifying> deferred_;
};

}  // namespace timebank::replica
