// Submitting in bulk: frames of many transactions over one stream to one node, each answered with
// its verified proof. Nothing counts as final before its effects, its place in the log and the
// block's certificate were checked here; a certificate is checked once per header.
//
// Thread-safe: one thread may submit while others wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/client/channel.h"
#include "api/client/error.h"
#include "api/client/transaction_builder.h"
#include "base/bytes.h"
#include "base/strong.h"
#include "chain/genesis.h"
#include "timebank/v1/record.pb.h"

namespace timebank::client {

enum class StreamState : std::uint8_t { kPending, kFinal, kRefused };

struct StreamOutcome {
  StreamState state = StreamState::kPending;
  Hash id;
  v1::Reason reason = v1::REASON_UNSPECIFIED;  // kRefused: this node's opinion
  Height height;                               // final at, or judged at
  std::vector<v1::EffectsLine> lines;          // kFinal: all lines, proven
  std::uint64_t latency_us = 0;                // submit to verified proof or refusal
};

struct SubmitStreamOptions {
  std::size_t in_flight_max = 4000;
  std::size_t frame_transactions_max = 500;
  bool keep_lines = true;  // off: proofs are verified and dropped
};

class SubmitStream {
 public:
  using Options = SubmitStreamOptions;

  SubmitStream(const NodeAddress& node, const chain::Genesis& genesis, Options options = {});
  ~SubmitStream();
  SubmitStream(const SubmitStream&) = delete;
  SubmitStream& operator=(const SubmitStream&) = delete;

  // Sends the transactions in frames, waiting while too many are in flight. Returns the sequence
  // number of the first; the others follow. After the stream broke, nothing is sent.
  std::uint64_t Submit(std::span<const SignedTransaction> transactions);
  // True when all below `sequence` are final or refused; false after `timeout_ms` or when broken.
  [[nodiscard]] bool WaitBelow(std::uint64_t sequence, std::uint64_t timeout_ms);
  // What is known of one submission. Requires: a sequence number that Submit gave out.
  [[nodiscard]] StreamOutcome OutcomeOf(std::uint64_t sequence) const;
  // Sequence numbers of what is final or refused, in the order in which it became so, without the
  // first `first` of them: who follows many submissions asks for what is new.
  [[nodiscard]] std::vector<std::uint64_t> SettledFrom(std::size_t first) const;
  // Number submitted, final and refused so far.
  struct Counts {
    std::uint64_t submitted = 0;
    std::uint64_t final = 0;
    std::uint64_t refused = 0;
  };
  [[nodiscard]] Counts counts() const;
  // Why the stream ended: the node went away, or sent a proof that does not hold (DATA_LOSS).
  [[nodiscard]] std::optional<Error> broken() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::client
