// A stand-in for the ledger in tests: bodies are lists of u32 numbers, "transactions", and the
// roots are hashes of them. A body that holds kPoison is one that the rules refuse.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "chain/validator_set.h"
#include "consensus/event.h"
#include "consensus/output.h"

namespace timebank::consensus::testing {

using Tx = std::uint32_t;
inline constexpr Tx kPoison = 4'000'000'000;

[[nodiscard]] SharedBytes EncodeBody(const std::vector<Tx>& txs);
[[nodiscard]] std::vector<Tx> DecodeBody(const Bytes& body);

struct BlockPlan {
  Hash chain_id;
  chain::ValidatorSet validators;
  ReplicaIndex proposer;
  Hash parent;
  Height height;
  Millis timestamp_ms;
  std::vector<Tx> txs;
};
// A block that Judge calls valid, unless it is poisoned.
[[nodiscard]] Block MakeBlock(const BlockPlan& plan);
[[nodiscard]] BodyVerdict Judge(const Block& block);

// The pool of one node and the blocks it executed.
class Executor {
 public:
  void Admit(Tx tx) { pool_.insert(tx); }
  [[nodiscard]] bool HasValid() const { return !pool_.empty(); }
  [[nodiscard]] BodyVerdict Check(const Block& block);
  // Transactions of the pool that no block from `parent` down to the last final one holds.
  [[nodiscard]] std::vector<Tx> Pending(const Hash& parent) const;
  void NoteBuilt(const Block& block) { executed_.emplace(block.digest(), block); }
  void Commit(const Block& block);
  [[nodiscard]] std::set<Hash> Executed() const;
  // What a crash takes: all but the pool, which clients would fill again.
  void Forget() { executed_.clear(); }

 private:
  std::set<Tx> pool_;
  std::map<Hash, Block> executed_;  // above the last final one
};

}  // namespace timebank::consensus::testing
