// Records of one State, parsed once and edited in place: what the rules of one block see. Edits
// are undone back to a savepoint, so that a refused transaction, or a refused line of a list,
// leaves no trace.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "ledger/keys.h"
#include "ledger/state.h"

namespace timebank::ledger {

class Records {
 public:
  // Requires: `state` outlives this.
  explicit Records(const State& state);
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // Null when there is none. Good until the record is edited, erased or rolled back.
  template <typename M>
  [[nodiscard]] const M* Find(const typename Record<M>::Id& id) {
    return static_cast<const M*>(Load(KeyOf<M>(id), M::default_instance()).second.now);
  }
  // For changing; null when there is none. Good until erased or rolled back.
  template <typename M>
  [[nodiscard]] M* Edit(const typename Record<M>::Id& id) {
    return static_cast<M*>(Open(KeyOf<M>(id), M::default_instance(), Missing::kStays));
  }
  // For changing; a new record, empty but for its version, when there is none.
  template <typename M>
  [[nodiscard]] M& EditOrCreate(const typename Record<M>::Id& id) {
    M* record = static_cast<M*>(Open(KeyOf<M>(id), M::default_instance(), Missing::kCreated));
    record->set_version(1);
    return *record;
  }
  template <typename M>
  void Erase(const typename Record<M>::Id& id) {
    Remove(KeyOf<M>(id), M::default_instance());
  }

  // Savepoints nest; rolling back undoes all edits since.
  using Savepoint = std::size_t;
  [[nodiscard]] Savepoint Save();
  void RollBack(Savepoint savepoint);
  // Forgets all savepoints: what was edited stays.
  void Commit() { undo_.clear(); }

  // What the books and the due index must know of a record: minutes and fen in it, and when it is
  // due (DueOf). All empty for a record that is not there.
  struct Facts {
    std::int64_t minutes = 0;
    std::int64_t fen = 0;
    std::optional<Millis> due;
  };
  // A record that was edited: as it was in the State and as it is now (null: gone).
  struct Change {
    const StateKey& key;
    bool existed = false;
    const Facts& before;
    const google::protobuf::Message* now = nullptr;
  };
  // Ascending by key.
  void ForEachChange(const std::function<void(const Change&)>& visit) const;
  [[nodiscard]] Facts FactsOf(const StateKey& key, const google::protobuf::Message* record) const;

 private:
  enum class Missing : std::uint8_t { kStays, kCreated };
  struct Slot {
    google::protobuf::Message* now = nullptr;  // in the arena
    const google::protobuf::Message* prototype = nullptr;
    bool existed = false;        // in the State
    bool edited = false;         // at least once in this block
    Facts before;                // set by the first edit
    std::uint64_t saved_in = 0;  // the savepoint period that holds an undo copy of it
  };
  struct Undo {
    const StateKey* key = nullptr;
    Slot* slot = nullptr;
    bool to_original = false;  // the first edit of the block: read from the State again
    google::protobuf::Message* before = nullptr;
    std::uint64_t saved_in = 0;
  };
  // One ordered map per table: the few organisations are found without walking past all members.
  static constexpr std::size_t kTables = v1::Table_ARRAYSIZE;
  using SlotRef = std::map<StateKey, Slot>::value_type;

  SlotRef& Load(const StateKey& key, const google::protobuf::Message& prototype);
  google::protobuf::Message* Open(const StateKey& key, const google::protobuf::Message& prototype,
                                  Missing missing);
  void Remove(const StateKey& key, const google::protobuf::Message& prototype);
  void KeepForUndo(SlotRef& entry);
  google::protobuf::Message* Clone(const google::protobuf::Message* message);
  google::protobuf::Message* ReadFromState(const StateKey& key,
                                           const google::protobuf::Message& prototype);

  const State& state_;
  google::protobuf::Arena arena_;  // all messages; freed at once
  std::array<std::map<StateKey, Slot>, kTables> tables_;
  std::vector<Undo> undo_;
  std::uint64_t period_ = 1;  // rises with every Save
};

}  // namespace timebank::ledger
