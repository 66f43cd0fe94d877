// The ledger at one height, as a value: all records under one root and what is due when. Copying
// costs O(1), so the states of notarised blocks and of running queries are just values.
//
// Threads: any number may read and copy one State.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "chain/genesis.h"
#include "chain/state_tree.h"
#include "ledger/due_index.h"
#include "ledger/keys.h"
#include "timebank/v1/record.pb.h"

namespace timebank::chain {
struct NewEra;
}  // namespace timebank::chain

namespace timebank::ledger {

// Why a genesis gives no state.
enum class GenesisFault : std::uint8_t {
  kBadChain,         // no genesis time, or a civil offset beyond a day
  kBadCouncil,       // none outside development, unknown or twice, a threshold not 1 to its size
  kBadBounds,        // unknown parameter, min above max, or wider than the rules allow outside
                     // development networks
  kBadOrganisation,  // no id or kind, known already, its parent not listed before it, created after
                     // genesis, a threshold of a kind that has none
  kBadMember,        // no id, known already, unknown home, bad keys or offices, balances
  kBadPolicy,        // unknown organisation, values not ascending or out of bounds
};
[[nodiscard]] std::string_view Describe(GenesisFault fault);

class State {
 public:
  // Height 0.
  [[nodiscard]] static Expected<State, GenesisFault> FromGenesis(const chain::Genesis& genesis);

  [[nodiscard]] Height height() const { return Height(chain_->height()); }
  // Time of the last block; of genesis at height 0.
  [[nodiscard]] Millis time() const { return Millis(chain_->timestamp_ms()); }
  [[nodiscard]] const v1::ChainRecord& chain() const { return *chain_; }
  [[nodiscard]] Hash chain_id() const { return As<Hash>(chain_->chain_id()); }
  [[nodiscard]] Hash root() const { return tree_.Root(); }
  // When the sweep has something to do next, at the earliest.
  [[nodiscard]] std::optional<Millis> next_due() const { return due_.Earliest(); }

  // The record, parsed: state.Find<v1::Member>(member_id).
  template <typename M>
  [[nodiscard]] std::optional<M> Find(const typename Record<M>::Id& id) const {
    M record;
    if (!Read(KeyOf<M>(id), record)) return std::nullopt;
    return record;
  }
  // All records with their bytes, proofs, and the changes since an earlier state.
  [[nodiscard]] const chain::StateTree& tree() const { return tree_; }
  [[nodiscard]] const DueIndex& due() const { return due_; }

 private:
  friend class StateLoader;
  friend class BlockExecution;
  friend State BeginEra(const State& last, const chain::NewEra& next, std::string_view recovery);
  State(chain::StateTree tree, DueIndex due, v1::ChainRecord chain);
  bool Read(const StateKey& key, google::protobuf::Message& record) const;

  chain::StateTree tree_;
  DueIndex due_;
  // Shared by copies; replaced, never changed.
  std::shared_ptr<const v1::ChainRecord> chain_;
};

// Rebuilds a State from its records, in any order, as they are read back at start.
class StateLoader {
 public:
  void Add(ByteView key, ByteView value);
  // Empty when a record does not parse or there is no ChainRecord. The caller compares the root.
  [[nodiscard]] std::optional<State> Finish() &&;

 private:
  chain::StateTree tree_;
};

// When the record leaves its state by itself, if ever: the only place that says so. GRANT lots
// lapse at the end of their local month, hence the offset. Requires: the message of key's table.
[[nodiscard]] std::optional<Millis> DueOf(v1::Table table, const google::protobuf::Message& record,
                                          std::int64_t civil_offset_minutes);

// Parses a record of ours. Empty when the table is unknown or the bytes do not parse.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> ParseRecord(v1::Table table,
                                                                     ByteView bytes);

}  // namespace timebank::ledger
