// What must hold at every moment of every run, watched from outside: on the wire, in what nodes
// call final, in the receipts they hand out. Correct nodes only; the Byzantine are not asked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/genesis.h"
#include "consensus/messages.h"
#include "node/replica/replica.h"
#include "tests/sim/network.h"

namespace timebank::sim {

class Checkers {
 public:
  explicit Checkers(const std::string& genesis);

  // The key's validator follows the protocol: no final block may hold evidence against it.
  void Trust(const crypto::PublicKey& key) { trusted_.insert(key); }
  // A transaction was signed by its signers and given to the network.
  void Submitted(const Hash& id) { submitted_.insert(id); }
  // A correct node sent a vote of its own: no two of them exclude each other (I1, I2), also across
  // restarts.
  void Cast(NodeIndex from, const chain::VotePosition& vote);
  // A correct node calls the block final: agreement, order, exactly once, only what was submitted,
  // receipts that verify.
  void Final(NodeIndex node, const replica::FinalBlock& block);
  // The state of a correct node: its root, and every minute accounted for.
  void State(NodeIndex node, const replica::FinalView& view);
  // A client holds the node's receipt: it verifies, and the transaction stays.
  void Receipt(NodeIndex node, const Hash& id, const std::optional<std::string>& receipt);
  // A node answered a client that the transaction is final at this height.
  void AnsweredFinal(NodeIndex node, const Hash& id, Height height);
  void Fail(std::string what);

  // The first violation, if any.
  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }
  [[nodiscard]] bool IsFinal(const Hash& id) const { return final_.contains(id); }
  [[nodiscard]] const std::map<Hash, Height>& final_transactions() const { return final_; }
  [[nodiscard]] std::size_t height() const { return digests_.size(); }
  [[nodiscard]] std::size_t receipts() const { return receipts_; }
  // Proofs of double voting in final blocks, with the height.
  [[nodiscard]] const std::map<std::string, Height>& evidence() const { return evidence_; }

 private:
  void JudgeEvidence(NodeIndex node, const consensus::Block& block);

  chain::Genesis genesis_;
  std::optional<std::string> violation_;
  std::set<Hash> submitted_;
  std::set<crypto::PublicKey> trusted_;
  std::map<Height, Hash> digests_;
  std::map<Hash, Height> final_;
  using VoteKey = std::pair<consensus::Position, chain::VoteKind>;
  std::map<std::pair<NodeIndex, VoteKey>, chain::VotePosition> votes_;
  std::size_t receipts_ = 0;
  std::map<std::string, Height> evidence_;
};

// Sum of all balances of an asset; zero in every state (DOMAIN 2).
[[nodiscard]] std::optional<std::int64_t> SumOfBalances(const ledger::State& state);

}  // namespace timebank::sim
