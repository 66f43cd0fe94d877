// The ledger's records under one root: a persistent compact sparse Merkle tree over H(key), FORMATS
// 7. A StateTree is a value: a copy costs O(1) and shares nodes, so the states of notarised blocks
// and of running queries are just values. The root depends on the records only, never on the order
// in which they came.
//
// Threads: any number may read and copy one tree once Root() was called after its last change; each
// may then change its own copy. A tree with changes not yet hashed belongs to one thread, because
// Root() and copying hash them first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace timebank::chain {

// Proves that a key has a value or has none, under one root.
struct StateProof {
  struct OtherLeaf {
    Hash key_hash;
    Hash value_hash;
    friend bool operator==(const OtherLeaf&, const OtherLeaf&) = default;
  };
  std::vector<Hash> siblings;      // from the root down, at most 256
  std::optional<OtherLeaf> other;  // absence only: the leaf found in the key's place, if any
  friend bool operator==(const StateProof&, const StateProof&) = default;
};

class StateTree {
 public:
  using Visit = std::function<void(ByteView key, ByteView value)>;
  // `value` is empty for a record that is gone.
  using VisitChange = std::function<void(ByteView key, std::optional<ByteView> value)>;

  StateTree() = default;
  StateTree(const StateTree& other);
  StateTree(StateTree&& other) noexcept;
  StateTree& operator=(const StateTree& other);
  StateTree& operator=(StateTree&& other) noexcept;
  ~StateTree() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  // The view stays good until this tree changes that record, is assigned to or destroyed.
  [[nodiscard]] std::optional<ByteView> Get(ByteView key) const;
  // Adds the record or replaces its value.
  void Put(ByteView key, ByteView value);
  // False, and nothing changes, when there is no such record.
  bool Erase(ByteView key);

  // Hashes what changed, each node once; zero for the empty tree.
  [[nodiscard]] Hash Root() const;
  // The proof for `key`: of its value, or of its absence.
  [[nodiscard]] StateProof Prove(ByteView key) const;

  // All records in ascending order of H(key).
  void ForEach(const Visit& visit) const;
  // The records of this tree that are not so in `before`, and those of `before` that are gone, in
  // ascending order of H(key). Costs what changed, not what there is, when one is a copy of the
  // other with changes.
  void ForEachChangeSince(const StateTree& before, const VisitChange& visit) const;

 private:
  struct Node;
  struct Leaf;
  struct Branch;
  struct SmallBranch;
  struct FullBranch;
  class Ref {  // counted reference to a node
   public:
    Ref() = default;
    explicit Ref(Node* node) : node_(node) {}  // takes over the caller's count
    Ref(const Ref& other) : node_(other.node_) { Acquire(node_); }
    Ref(Ref&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
      std::swap(node_, other.node_);
      return *this;
    }
    ~Ref() { Release(node_); }
    [[nodiscard]] Node* get() const { return node_; }
    explicit operator bool() const { return node_ != nullptr; }

   private:
    Node* node_ = nullptr;
  };
  static void Acquire(Node* node);
  static void Release(Node* node);
  static Ref& OwnSlot(Ref& at, unsigned nibble);
  static Ref& OwnSmallSlot(Ref& at, unsigned nibble);
  static Ref& OwnFullSlot(Ref& at, unsigned nibble);
  static Node* Widen(const SmallBranch& small);
  static void Vacate(Branch& branch, unsigned nibble);
  static void EraseBelow(Ref& slot, const Hash& key_hash, std::size_t level);
  static const Hash& CleanHash(Node* node);
  static void Walk(const Node* node, const Visit& visit);
  static void WalkChanges(const Node* before, const Node* after, std::size_t level,
                          const VisitChange& visit);
  static void VisitLeaves(const Leaf* before, const Leaf* after, const VisitChange& visit);
  [[nodiscard]] const Leaf* Find(const Hash& key_hash) const;

  Ref root_;
  std::size_t size_ = 0;
};

// True when `proof` shows under `root` that `key` has `value`, or no record when it is empty.
[[nodiscard]] bool VerifyStateProof(const Hash& root, ByteView key, std::optional<ByteView> value,
                                    const StateProof& proof);

}  // namespace timebank::chain
