// What is due when: a persistent ordered set of (time, state key), the one secondary index of State
// (DESIGN 4). A copy costs O(1) and shares nodes. It is derived from the records, so it has no root
// of its own and is rebuilt at start.
//
// Threads: copies may be read on any thread; each is changed by one.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/strong.h"
#include "ledger/keys.h"

namespace timebank::ledger {

struct DueItem {
  Millis at;
  StateKey key;
  friend auto operator<=>(const DueItem&, const DueItem&) = default;
};

// An AVL tree: clients choose ids and so the keys, and no choice of theirs makes it deep.
class DueIndex {
 public:
  // Requires: not in the index.
  void Insert(const DueItem& item);
  // Requires: in the index.
  void Erase(const DueItem& item);
  [[nodiscard]] std::optional<Millis> Earliest() const;
  // Up to `count_max` items due at or before `now`: oldest first, ties by key.
  [[nodiscard]] std::vector<DueItem> DueUntil(Millis now, std::size_t count_max) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  // Levels of the tree: below 1.45 * log2(size + 2), which bounds every recursion here.
  [[nodiscard]] int depth() const { return DepthOf(root_); }

 private:
  struct Node;
  // Counted because the states of several blocks share nodes.
  using Ref = std::shared_ptr<const Node>;
  static int DepthOf(const Ref& node);
  static Ref Make(const DueItem& item, Ref left, Ref right);
  static Ref Balanced(const DueItem& item, const Ref& left, const Ref& right);
  static Ref With(const Ref& node, const DueItem& item);
  static Ref Without(const Ref& node, const DueItem& item);
  static Ref WithoutFirst(const Ref& node);

  Ref root_;
  std::size_t size_ = 0;
};

}  // namespace timebank::ledger
