// Executing blocks: the one door through which State changes. The leader builds with
// BlockExecution, every other replica re-executes with Apply, and admission asks Judge; all three
// run the same code. Signatures are not verified here: the edge has done so before (signatures.h),
// and this code only makes sure that the keys exist and are active at block time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "chain/log_tree.h"
#include "chain/transaction.h"
#include "chain/validator_set.h"
#include "ledger/context.h"
#include "ledger/evidence.h"
#include "ledger/state.h"

namespace timebank::ledger {

// DESIGN 4.
inline constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kBlockUnitsMax = 8'000;
inline constexpr std::size_t kSweepItemsMax = 2'000;

// A transaction with the very bytes that carried it. Both outlive the execution.
struct BlockTransaction {
  ByteView envelope;
  const chain::Transaction* transaction = nullptr;
};

struct BlockPlace {
  Height height;       // the state's + 1
  Millis timestamp;    // > the state's time
  Hash parent_digest;  // chain_id at height 1
};

struct BlockInput {
  BlockPlace place;
  std::span<const BlockTransaction> transactions;
  std::span<const std::string> evidence = {};  // recorded before the transactions are executed
};

// One leaf of the transaction log.
struct LogLeaf {
  Hash id;                         // of the transaction, or of the sweep
  bool sweep = false;              // then the block's first leaf, without an envelope
  std::vector<std::string> lines;  // canonical EffectsLines
  Hash leaf_hash;
};

// A record that the block changed; no value: it is gone.
struct RecordChange {
  Bytes key;
  std::optional<Bytes> value;
};

struct BlockResult {
  State state;
  std::vector<RecordChange> changes;  // ascending by key, each once
  Hash state_root;
  Hash tx_root;
  // The block is the last of its epoch and this the set of the next one (EPOCH_END).
  std::optional<chain::ValidatorSet> next_set;
  std::uint64_t log_size = 0;
  Hash log_root;
  std::vector<LogLeaf> leaves;  // the sweep first, if it had effects; then one per transaction
  std::size_t units = 0;
};

// Why a block is invalid. `index` is that of the transaction or evidence.
struct BlockError {
  enum class What : std::uint8_t {
    kPlace,        // height or time do not follow the parent
    kTransaction,  // refused, for `reason`
    kEvidence,     // too much of it, or not to be recorded
    kTooLarge,     // more bytes or units than a block may have
  };
  What what = What::kPlace;
  std::size_t index = 0;
  Reason reason = kOk;
};

class BlockExecution {
 public:
  // Runs the sweep. Requires: `parent` outlives this; the place follows it.
  BlockExecution(const State& parent, const BlockPlace& place);
  ~BlockExecution();
  BlockExecution(const BlockExecution&) = delete;
  BlockExecution& operator=(const BlockExecution&) = delete;

  // Records the evidence, or leaves no trace and says no. Before any transaction.
  [[nodiscard]] bool TryRecord(ByteView evidence);
  // Room for its bytes and units. When false: finish the block and try in the next one.
  [[nodiscard]] bool Fits(const BlockTransaction& transaction) const;
  // Executes the transaction as the block's next, or leaves no trace and says why not.
  // Requires: Fits.
  [[nodiscard]] Reason TryApply(const BlockTransaction& transaction);
  [[nodiscard]] std::size_t transaction_count() const { return envelopes_.size(); }
  // True when a block without transactions would still do something.
  [[nodiscard]] bool SweptAnything() const { return swept_; }
  // Once only, last.
  [[nodiscard]] BlockResult Finish();

 private:
  void Sweep();
  void AppendLeaf(const Hash& id, bool sweep, std::vector<v1::EffectsLine>& lines);
  void AdvanceStatements(const v1::EffectsLine& line, ByteView bytes);
  static void Put(BlockResult& result, const StateKey& key,
                  const google::protobuf::Message& record);
  void NoteBoundary();
  [[nodiscard]] std::optional<chain::ValidatorSet> DecideEpoch();
  void WriteChainRecord(BlockResult& result);
  void WriteChanges(BlockResult& result);

  const State& parent_;
  BlockPlace place_;
  BlockFacts facts_;
  std::unique_ptr<Records> records_;
  chain::LogFrontier log_;
  std::vector<LogLeaf> leaves_;
  std::vector<ByteView> envelopes_;
  std::size_t evidence_count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t units_ = 0;
  bool swept_ = false;
};

// What a voter does: executes the whole block; one refused transaction makes it invalid.
[[nodiscard]] Expected<BlockResult, BlockError> Apply(const State& parent, const BlockInput& input);

// What admission asks: would the transaction be executed on top of `state` at `now`? Changes
// nothing; one node's opinion. `now` before the state's time counts as that.
[[nodiscard]] Reason Judge(const State& state, Millis now, const chain::Transaction& transaction);

}  // namespace timebank::ledger
