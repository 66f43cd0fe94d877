// One worker of the workload: a stream to one node and its own share of the members. It keeps a
// window of signed transactions in flight, in the mix of DESIGN 9: 35% SUBMIT, 35% CONFIRM by the
// elder's key, 2% APPROVE of about 17 lines, 13% redemption steps, 10% transfers, 5% invalid.
// When its node goes away it sends the same bytes to the next one, as any client would.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/client/submit_stream.h"
#include "base/prng.h"
#include "wallet-cli/workload/world.h"

namespace timebank::cli {

enum class Op { kSubmit, kConfirm, kApprove, kRedeemStep, kTransfer, kInvalid };
inline constexpr std::size_t kOpCount = 6;
[[nodiscard]] const char* OpName(Op op);

struct MixResult {
  std::uint64_t final = 0;  // valid transactions with a verified proof
  std::uint64_t invalid_refused = 0;
  std::uint64_t invalid_accepted = 0;  // must stay 0
  std::uint64_t valid_refused = 0;
  std::map<std::string, std::uint64_t> refusals;  // of valid ones, by reason
  std::map<std::string, std::uint64_t> by_op;     // final, by name
  std::vector<std::uint32_t> latencies_us;        // of the final ones
  std::vector<std::uint64_t> final_at_us;         // MonotonicUs, once per batch of final ones
  std::uint64_t failovers = 0;                    // streams that broke
  std::uint64_t unanswered = 0;                   // in flight at the end
  std::string broken;                             // why the first of them did
};

// Told of each transaction whose proof was verified, at once. Thread-safe.
using OnFinal = std::function<void(const Hash& id, Height height)>;

struct MixOptions {
  Hash chain_id;                           // of the era
  std::vector<client::NodeAddress> nodes;  // failover in this order
  OnFinal on_final;                        // may be empty
  std::size_t worker = 0;
  std::size_t workers = 1;
  std::size_t window = 800;
  std::uint64_t rate = 0;  // transactions a second of all workers together; 0: as many as go
  std::uint64_t seed = 1;
};

class MixWorker {
 public:
  // Requires: world and genesis outlive the worker.
  MixWorker(const World& world, const chain::Genesis& genesis, std::int64_t clock_offset_ms,
            MixOptions options);
  // Runs until `stop`, then waits for what is in flight.
  [[nodiscard]] MixResult Run(const std::atomic<bool>& stop);

 private:
  struct Visit {
    std::size_t volunteer = 0;
    std::size_t k = 0;
    std::string content;
  };
  struct Meal {
    std::size_t elder = 0;
    RedemptionId id;
    int step = 0;  // 0 redeem, 1 accept, 2 fulfil, 3 confirm
  };
  struct InFlight {
    std::uint64_t began_us = 0;  // MonotonicUs
    std::uint64_t lost_us = 0;   // with nodes that went away
    client::SignedTransaction transaction;
    Op op = Op::kSubmit;
    std::optional<Visit> visit;
    std::vector<Visit> batch;
    std::optional<Meal> meal;
  };

  [[nodiscard]] Millis Now() const;
  // The operation that lags its share most and has work; empty when nothing can be done now.
  [[nodiscard]] std::optional<Op> NextOp();
  [[nodiscard]] bool Possible(Op op) const;
  [[nodiscard]] client::SignedTransaction Make(Op op, InFlight& flight);
  [[nodiscard]] client::SignedTransaction MakeSubmit(InFlight& flight);
  [[nodiscard]] client::SignedTransaction MakeConfirm(InFlight& flight);
  [[nodiscard]] client::SignedTransaction MakeApprove(InFlight& flight);
  [[nodiscard]] client::SignedTransaction MakeRedeemStep(InFlight& flight);
  [[nodiscard]] client::SignedTransaction MakeTransfer();
  [[nodiscard]] client::SignedTransaction MakeInvalid();
  [[nodiscard]] client::SignedTransaction Sign(const client::SignAs& signer,
                                               const v1::TransactionBody& body) const;
  void OpenStream();
  // Onto the next node, with all that is in flight.
  void FailOver();
  void Drain();
  [[nodiscard]] std::size_t LeftOfRate() const;
  void SendFrame();
  // Takes what has settled since the last call.
  void Collect();
  void Settle(const InFlight& flight, const client::StreamOutcome& outcome);

  const World& world_;
  const chain::Genesis& genesis_;
  const std::int64_t offset_ms_;
  const MixOptions options_;
  std::size_t node_;
  std::unique_ptr<client::SubmitStream> stream_;
  Prng prng_;
  std::map<std::uint64_t, InFlight> in_flight_;  // by sequence number of the stream
  std::size_t collected_ = 0;                    // settled ones of this stream that were taken
  std::deque<Visit> submitted_;                  // final, to be confirmed
  std::deque<Visit> confirmed_;                  // final, to be approved
  std::deque<Meal> meals_;                       // next step can go out
  std::size_t next_visit_ = 0;
  std::size_t next_meal_ = 0;
  std::size_t next_transfer_ = 0;
  std::size_t next_approver_ = 0;
  std::uint64_t sent_[kOpCount] = {};
  std::uint64_t sent_total_ = 0;
  std::uint64_t began_ms_ = 0;  // MonotonicMs
  MixResult result_;
};

}  // namespace timebank::cli
