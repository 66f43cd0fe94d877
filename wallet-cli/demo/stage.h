// Where the demo plays: a development network whose clock is set before each step, and one stream
// over which signed transactions go in waves. A wave is final before the next one starts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/client/dev_clock.h"
#include "api/client/submit_stream.h"
#include "api/client/transaction_builder.h"
#include "base/expected.h"
#include "wallet-cli/demo/cast.h"

namespace timebank::cli {

struct StageResult {
  bool final = false;
  v1::Reason reason = v1::REASON_UNSPECIFIED;  // of a refusal
  Height height;
  std::vector<v1::EffectsLine> lines;
};

class Stage {
 public:
  // `offset_ms`: the nodes' clock offset as it is; empty before the first MoveTo of a new network.
  Stage(std::vector<client::NodeAddress> nodes, chain::Genesis genesis, crypto::SecretKey dev_key,
        std::optional<std::int64_t> offset_ms = std::nullopt);

  // Moves ledger time forward to `at`, on all nodes; stays where it is when that is past already.
  // The error says which node did not follow.
  [[nodiscard]] Expected<bool, std::string> MoveTo(Millis at);
  // Ledger time = wall clock from now on: the end of a demo that has come to today.
  [[nodiscard]] Expected<bool, std::string> MoveToWallClock();
  // Ledger time as the nodes have it, by the offset last set.
  [[nodiscard]] Millis Now() const;

  // A transaction of these signers, valid from now on.
  [[nodiscard]] client::SignedTransaction Sign(const std::vector<client::SignAs>& signers,
                                               const v1::TransactionBody& body) const;
  // Submits all, as many at a time as the pool takes, and waits until each is final or refused, in
  // order. What a node had no room or time for is no refusal: it is sent again. The error ends the
  // demo: a node that went away, a proof that does not hold, no finality within a minute, a signal.
  [[nodiscard]] Expected<std::vector<StageResult>, std::string> Play(
      std::span<const client::SignedTransaction> wave);
  // Play of one transaction that must not be refused.
  [[nodiscard]] Expected<StageResult, std::string> Must(const std::vector<client::SignAs>& signers,
                                                        const v1::TransactionBody& body,
                                                        const std::string& what);

  // Called after each move of the clock with the offset set.
  void OnMoved(std::function<void(std::int64_t)> moved) { moved_ = std::move(moved); }

  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  // Of a later era than the first.
  void UseChain(const Hash& chain_id) { chain_id_ = chain_id; }
  [[nodiscard]] std::uint64_t transactions() const { return transactions_; }
  [[nodiscard]] std::int64_t offset_ms() const { return offset_ms_.value_or(0); }

 private:
  [[nodiscard]] Expected<bool, std::string> PlayOnce(
      std::span<const client::SignedTransaction> wave, std::vector<StageResult>& results);
  void Moved(std::int64_t offset_ms);
  // A stream that broke is opened again on the next node.
  client::SubmitStream& Stream();

  std::vector<client::NodeAddress> nodes_;
  chain::Genesis genesis_;
  Hash chain_id_;
  client::DevClock clock_;
  std::unique_ptr<client::SubmitStream> stream_;
  std::size_t node_ = 0;
  std::optional<std::int64_t> offset_ms_;
  std::function<void(std::int64_t)> moved_;
  std::uint64_t transactions_ = 0;
};

// Somebody in the capacity of a role at an organisation; MEMBER and PROXY without one.
[[nodiscard]] client::SignAs As(const Identity& who, v1::Role role, const OrgId& org);
[[nodiscard]] client::SignAs AsMember(const Identity& who);

}  // namespace timebank::cli
