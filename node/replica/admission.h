// The door of the pool: transactions of clients and of gossip get their signatures checked, are
// judged against the final state, kept, flooded, judged again after every final block, and
// answered. One node's refusal is one node's opinion (DESIGN 4).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
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
  void Receive(const GossipMessage& gossip, const Context& context);
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
  };
  void Enter(Verifying candidate, const Context& context);
  void Admit(const Verifying& candidate, const Context& context);
  void Refuse(const Verifying& candidate, v1::Reason reason, const Context& context);
  void AnswerAll(const Verifying& candidate, const SubmitAnswer& answer);

  Ports ports_;
  SignatureDesk& desk_;
  Pool pool_;
  std::map<Hash, Verifying> verifying_;     // by envelope hash
  std::vector<SharedTransaction> unasked_;  // in verifying_, not yet handed to the verifier
  std::deque<Verifying> deferred_;
};

}  // namespace timebank::replica
