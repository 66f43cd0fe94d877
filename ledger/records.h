// Records of one State, parsed once and edited in place: what the rules of one block see. Edits
// are undone back to a savepoint, so that a refused transaction, or a refused line of a list,
// leaves no trace.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
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
    return static_cast<const M*>(Load(KeyOf<M>(id), M::default_instance()).now.get());
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

  // Every record that was edited: as it was in the State (null: absent) and as it is now (null:
  // gone). Ascending by key.
  struct Change {
    const StateKey& key;
    const google::protobuf::Message* before;
    const google::protobuf::Message* now;
  };
  void ForEachChange(const std::function<void(const Change&)>& visit) const;

 private:
  using MessagePtr = std::unique_ptr<google::protobuf::Message>;
  enum class Missing : std::uint8_t { kStays, kCreated };
  struct Slot {
    MessagePtr now;
    MessagePtr original;         // as in the State; set by the first edit
    bool edited = false;         // at least once in this block
    std::uint64_t saved_in = 0;  // the savepoint period that holds an undo copy of it
  };
  struct Undo {
    Slot* slot = nullptr;
    bool to_original = false;  // the first edit of the block needs no copy of its own
    MessagePtr before;
    std::uint64_t saved_in = 0;
  };

  Slot& Load(const StateKey& key, const google::protobuf::Message& prototype);
  google::protobuf::Message* Open(const StateKey& key, const google::protobuf::Message& prototype,
                                  Missing missing);
  void Remove(const StateKey& key, const google::protobuf::Message& prototype);
  void KeepForUndo(Slot& slot);

  const State& state_;
  std::map<StateKey, Slot> slots_;
  std::vector<Undo> undo_;
  std::uint64_t period_ = 1;  // rises with every Save
};

}  // namespace timebank::ledger
