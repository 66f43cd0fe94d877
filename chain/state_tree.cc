// Nodes of the state tree, their changes in place or by copy, proofs and comparison.
#include "chain/state_tree.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>

#include "base/check.h"
#include "crypto/sha256.h"

// Layout, which the root knows nothing of: a branch stands for four levels of the hashed tree, with
// up to 16 children, one per nibble of the key hash. A small branch (up to four children, most of
// them near the leaves) recomputes the hashes of its inner levels; a full one keeps them. There is
// no path compression, because long common prefixes of hashes are rare.
//
// A node reachable from two trees is never written; OwnSlot() makes sure by copying what is shared
// on the way to a change.

namespace timebank::chain {
namespace {

constexpr std::byte kLeafTag{0x10};
constexpr std::byte kInnerTag{0x11};
constexpr std::size_t kDepthMax = 256;
constexpr std::size_t kBranchLevels = 4;  // of the hashed tree
constexpr unsigned kFanout = 16;
constexpr unsigned kSmallMax = 4;

// Bit `depth` of the path: 0 = left. Bit 0 is the most significant bit of byte 0.
std::size_t BitAt(const Hash& key_hash, std::size_t depth) {
  return std::to_integer<std::size_t>(key_hash.data[depth / 8] >> (7 - depth % 8)) & 1;
}

// The child of a branch `level` branches below the root that the path goes to.
unsigned NibbleAt(const Hash& key_hash, std::size_t level) {
  TB_CHECK(level < kDepthMax / kBranchLevels);
  return std::to_integer<unsigned>(key_hash.data[level / 2] >> (level % 2 == 0 ? 4 : 0)) & 15;
}

Hash TaggedPair(std::byte tag, const Hash& first, const Hash& second) {
  std::array<std::byte, 1 + 2 * Hash::kSize> bytes{tag};
  std::copy(first.data.begin(), first.data.end(), bytes.begin() + 1);
  std::copy(second.data.begin(), second.data.end(), bytes.begin() + 1 + Hash::kSize);
  return crypto::Sha256(bytes);
}

// Positions within a branch, numbered as in a heap: 1 is its top, 2 * i and 2 * i + 1 lie below i,
// 16 + nibble are its children.
constexpr unsigned kTop = 1;

// Bit per child that lies below position `i`.
std::uint32_t ChildrenBelow(unsigned i) {
  const auto level = static_cast<unsigned>(std::bit_width(i)) - 1;
  const unsigned width = kFanout >> level;
  return ((1U << width) - 1) << ((i - (1U << level)) * width);
}

}  // namespace

struct StateTree::Node {
  enum class Kind : std::uint8_t { kLeaf, kSmall, kFull };
  explicit Node(Kind node_kind) : kind(node_kind) {}
  std::atomic<std::uint32_t> count = 1;
  const Kind kind;
  bool dirty = true;  // `hash` is not that of the content; only ever so in a node with one holder
  Hash hash;
};

// A record. Key and value stand behind it in the same allocation.
struct StateTree::Leaf : Node {
  static Leaf* Make(const Hash& key_hash, ByteView key, ByteView value) {
    const std::size_t size = sizeof(Leaf) + key.size() + value.size();
    auto* const leaf = new (::operator new(size)) Leaf(key_hash, key.size(), value.size());
    std::copy(key.begin(), key.end(), leaf->bytes());
    std::copy(value.begin(), value.end(), leaf->bytes() + key.size());
    return leaf;
  }
  static void Delete(Leaf* leaf) {
    leaf->~Leaf();
    ::operator delete(leaf);
  }
  [[nodiscard]] ByteView key() const { return {bytes(), key_size}; }
  [[nodiscard]] ByteView value() const { return {bytes() + key_size, value_size}; }

  const Hash key_hash;
  const std::size_t key_size;
  const std::size_t value_size;

 private:
  Leaf(const Hash& record_key_hash, std::size_t record_key_size, std::size_t record_value_size)
      : Node(Kind::kLeaf),
        key_hash(record_key_hash),
        key_size(record_key_size),
        value_size(record_value_size) {}
  [[nodiscard]] std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] const std::byte* bytes() const {
    return reinterpret_cast<const std::byte*>(this + 1);
  }
};

// Two leaves or more. `occupied` has a bit per child that is there.
struct StateTree::Branch : Node {
  using Node::Node;
  std::uint16_t occupied = 0;

  [[nodiscard]] const Node* Child(unsigned nibble) const;
  [[nodiscard]] Node* OnlyChildBelow(unsigned i) const;
  [[nodiscard]] Hash HashAt(unsigned i);
};

// Children one after the other, in order of nibble.
struct StateTree::SmallBranch : Branch {
  SmallBranch() : Branch(Kind::kSmall) {}
  [[nodiscard]] unsigned RankOf(unsigned nibble) const {
    return static_cast<unsigned>(std::popcount(occupied & ((1U << nibble) - 1)));
  }
  std::array<Ref, kSmallMax> children;
};

struct StateTree::FullBranch : Branch {
  FullBranch() : Branch(Kind::kFull) {}
  std::uint16_t stale = 0xFFFF;  // bit i: inner[i] is not the hash at position i
  std::array<Ref, kFanout> children;
  std::array<Hash, kFanout> inner;  // by position; only where two leaves or more lie below
};

void StateTree::Put(ByteView key, ByteView value) {
  const Hash key_hash = crypto::Sha256(key);
  Ref leaf(Leaf::Make(key_hash, key, value));
  Ref* slot = &root_;
  for (std::size_t level = 0;; ++level) {
    if (!*slot) {
      *slot = std::move(leaf);
      ++size_;
      return;
    }
    if (slot->get()->kind == Node::Kind::kLeaf) {
      const Hash found = static_cast<const Leaf*>(slot->get())->key_hash;
      if (found == key_hash) {
        *slot = std::move(leaf);
        return;
      }
      Ref fork(new SmallBranch);
      OwnSlot(fork, NibbleAt(found, level)) = std::move(*slot);
      *slot = std::move(fork);
    }
    slot = &OwnSlot(*slot, NibbleAt(key_hash, level));
  }
}

bool StateTree::Erase(ByteView key) {
  const Hash key_hash = crypto::Sha256(key);
  if (Find(key_hash) == nullptr) return false;
  EraseBelow(root_, key_hash, 0);
  --size_;
  return true;
}

// Requires: the leaf is there. A branch left with one leaf only becomes that leaf.
void StateTree::EraseBelow(Ref& slot, const Hash& key_hash, std::size_t level) {
  if (slot.get()->kind == Node::Kind::kLeaf) {
    slot = Ref();
    return;
  }
  const unsigned nibble = NibbleAt(key_hash, level);
  Ref& child = OwnSlot(slot, nibble);
  EraseBelow(child, key_hash, level + 1);
  if (!child) Vacate(*static_cast<Branch*>(slot.get()), nibble);
  Node* const rest = static_cast<Branch*>(slot.get())->OnlyChildBelow(kTop);
  if (rest == nullptr || rest->kind != Node::Kind::kLeaf) return;
  Acquire(rest);
  slot = Ref(rest);
}

// The place of a child in the branch in `at`, made when it is not there: the caller then fills it.
// The branch is afterwards held by this tree alone and marked as changed.
// Requires: all branches above are held by this tree alone.
StateTree::Ref& StateTree::OwnSlot(Ref& at, unsigned nibble) {
  if (at.get()->kind == Node::Kind::kSmall) {
    const auto& small = *static_cast<const SmallBranch*>(at.get());
    const bool has_room = std::popcount(small.occupied) < int{kSmallMax};
    if (has_room || small.Child(nibble) != nullptr) return OwnSmallSlot(at, nibble);
    at = Ref(Widen(small));
  }
  return OwnFullSlot(at, nibble);
}

StateTree::Ref& StateTree::OwnSmallSlot(Ref& at, unsigned nibble) {
  auto* small = static_cast<SmallBranch*>(at.get());
  if (small->count.load(std::memory_order_acquire) != 1) {
    auto* const own = new SmallBranch;
    own->occupied = small->occupied;
    own->children = small->children;
    at = Ref(own);
    small = own;
  }
  small->dirty = true;
  const auto place = small->children.begin() + small->RankOf(nibble);
  if (small->Child(nibble) == nullptr) {
    std::move_backward(place, small->children.end() - 1, small->children.end());
    *place = Ref();
    small->occupied |= static_cast<std::uint16_t>(1U << nibble);
  }
  return *place;
}

StateTree::Ref& StateTree::OwnFullSlot(Ref& at, unsigned nibble) {
  auto* full = static_cast<FullBranch*>(at.get());
  if (full->count.load(std::memory_order_acquire) != 1) {
    auto* const own = new FullBranch;
    own->occupied = full->occupied;
    own->stale = full->stale;
    own->children = full->children;
    own->inner = full->inner;
    at = Ref(own);
    full = own;
  }
  full->dirty = true;
  full->occupied |= static_cast<std::uint16_t>(1U << nibble);
  for (unsigned i = (kFanout + nibble) / 2; i >= kTop; i /= 2) {
    full->stale |= static_cast<std::uint16_t>(1U << i);
  }
  return full->children[nibble];
}

StateTree::Node* StateTree::Widen(const SmallBranch& small) {
  auto* const full = new FullBranch;
  full->occupied = small.occupied;
  unsigned rank = 0;
  for (unsigned nibble = 0; nibble < kFanout; ++nibble) {
    if ((small.occupied >> nibble & 1) != 0) full->children[nibble] = small.children[rank++];
  }
  return full;
}

// Forgets a child whose place was emptied. Requires: the branch is held by this tree alone.
void StateTree::Vacate(Branch& branch, unsigned nibble) {
  if (branch.kind == Node::Kind::kSmall) {
    auto& small = static_cast<SmallBranch&>(branch);
    const unsigned rank = small.RankOf(nibble);
    std::move(small.children.begin() + rank + 1, small.children.end(),
              small.children.begin() + rank);
    small.children.back() = Ref();
  }
  branch.occupied &= static_cast<std::uint16_t>(~(1U << nibble));
}

const StateTree::Node* StateTree::Branch::Child(unsigned nibble) const {
  if ((occupied >> nibble & 1) == 0) return nullptr;
  if (kind == Kind::kFull) return static_cast<const FullBranch*>(this)->children[nibble].get();
  const auto* const small = static_cast<const SmallBranch*>(this);
  return small->children[small->RankOf(nibble)].get();
}

// The child below position `i` when there is exactly one.
StateTree::Node* StateTree::Branch::OnlyChildBelow(unsigned i) const {
  const std::uint32_t below = occupied & ChildrenBelow(i);
  if (!std::has_single_bit(below)) return nullptr;
  return const_cast<Node*>(Child(static_cast<unsigned>(std::countr_zero(below))));
}

// The hash of the hashed tree's node at position `i`. Writes only what is stale, so nothing in a
// branch that is clean.
Hash StateTree::Branch::HashAt(unsigned i) {
  if ((occupied & ChildrenBelow(i)) == 0) return Hash{};
  Node* const only = OnlyChildBelow(i);
  if (only != nullptr && (only->kind == Kind::kLeaf || i >= kFanout)) return CleanHash(only);
  auto* const full = kind == Kind::kFull ? static_cast<FullBranch*>(this) : nullptr;
  if (full != nullptr && (full->stale >> i & 1) == 0) return full->inner[i];
  const Hash fresh = TaggedPair(kInnerTag, HashAt(2 * i), HashAt(2 * i + 1));
  if (full != nullptr) {
    full->inner[i] = fresh;
    full->stale &= static_cast<std::uint16_t>(~(1U << i));
  }
  return fresh;
}

const StateTree::Leaf* StateTree::Find(const Hash& key_hash) const {
  const Node* node = root_.get();
  for (std::size_t level = 0; node != nullptr && node->kind != Node::Kind::kLeaf; ++level) {
    node = static_cast<const Branch*>(node)->Child(NibbleAt(key_hash, level));
  }
  const auto* const leaf = static_cast<const Leaf*>(node);
  return leaf != nullptr && leaf->key_hash == key_hash ? leaf : nullptr;
}

std::optional<ByteView> StateTree::Get(ByteView key) const {
  const Leaf* const leaf = Find(crypto::Sha256(key));
  return leaf != nullptr ? std::optional(leaf->value()) : std::nullopt;
}

Hash StateTree::Root() const { return CleanHash(root_.get()); }

// Dirty nodes have one holder, and a clean node has no dirty one below.
const Hash& StateTree::CleanHash(Node* node) {
  static constexpr Hash kEmpty{};
  if (node == nullptr) return kEmpty;
  if (!node->dirty) return node->hash;
  if (node->kind == Node::Kind::kLeaf) {
    const auto* const leaf = static_cast<const Leaf*>(node);
    node->hash = TaggedPair(kLeafTag, leaf->key_hash, crypto::Sha256(leaf->value()));
  } else {
    node->hash = static_cast<Branch*>(node)->HashAt(kTop);
  }
  node->dirty = false;
  return node->hash;
}

StateProof StateTree::Prove(ByteView key) const {
  static_cast<void>(Root());
  const Hash key_hash = crypto::Sha256(key);
  StateProof proof;
  Node* node = root_.get();
  for (std::size_t level = 0; node != nullptr && node->kind != Node::Kind::kLeaf; ++level) {
    auto& branch = *static_cast<Branch*>(node);
    unsigned i = kTop;
    node = nullptr;
    for (std::size_t step = 0; step < kBranchLevels; ++step) {
      const std::size_t bit = BitAt(key_hash, level * kBranchLevels + step);
      proof.siblings.push_back(branch.HashAt(2 * i + (1 - static_cast<unsigned>(bit))));
      i = 2 * i + static_cast<unsigned>(bit);
      node = branch.OnlyChildBelow(i);
      // The path ends at nothing, or at a leaf that stands alone.
      if (node != nullptr && node->kind == Node::Kind::kLeaf) break;
      if ((branch.occupied & ChildrenBelow(i)) == 0) break;
    }
  }
  const auto* const leaf = static_cast<const Leaf*>(node);
  if (leaf != nullptr && leaf->key_hash != key_hash) {
    proof.other = {leaf->key_hash, crypto::Sha256(leaf->value())};
  }
  return proof;
}

bool VerifyStateProof(const Hash& root, ByteView key, std::optional<ByteView> value,
                      const StateProof& proof) {
  if (proof.siblings.size() > kDepthMax) return false;
  const Hash key_hash = crypto::Sha256(key);
  Hash hash;
  if (value) {
    if (proof.other) return false;
    hash = TaggedPair(kLeafTag, key_hash, crypto::Sha256(*value));
  } else if (proof.other) {
    if (proof.other->key_hash == key_hash) return false;
    // The other leaf must stand exactly where the key would.
    for (std::size_t depth = 0; depth < proof.siblings.size(); ++depth) {
      if (BitAt(proof.other->key_hash, depth) != BitAt(key_hash, depth)) return false;
    }
    hash = TaggedPair(kLeafTag, proof.other->key_hash, proof.other->value_hash);
  }
  for (std::size_t depth = proof.siblings.size(); depth > 0; --depth) {
    const Hash& sibling = proof.siblings[depth - 1];
    hash = BitAt(key_hash, depth - 1) == 0 ? TaggedPair(kInnerTag, hash, sibling)
                                           : TaggedPair(kInnerTag, sibling, hash);
  }
  return hash == root;
}

void StateTree::ForEach(const Visit& visit) const { Walk(root_.get(), visit); }

void StateTree::Walk(const Node* node, const Visit& visit) {
  if (node == nullptr) return;
  if (node->kind == Node::Kind::kLeaf) {
    const auto* const leaf = static_cast<const Leaf*>(node);
    visit(leaf->key(), leaf->value());
    return;
  }
  for (unsigned nibble = 0; nibble < kFanout; ++nibble) {
    Walk(static_cast<const Branch*>(node)->Child(nibble), visit);
  }
}

void StateTree::ForEachChangeSince(const StateTree& before, const VisitChange& visit) const {
  WalkChanges(before.root_.get(), root_.get(), 0, visit);
}

void StateTree::WalkChanges(const Node* before, const Node* after, std::size_t level,
                            const VisitChange& visit) {
  if (before == after) return;
  const auto is_branch = [](const Node* node) {
    return node != nullptr && node->kind != Node::Kind::kLeaf;
  };
  if (is_branch(before) || is_branch(after)) {
    // A leaf or nothing on one side stands for the subtree that holds no more than it.
    const auto child = [&](const Node* node, unsigned nibble) -> const Node* {
      if (is_branch(node)) return static_cast<const Branch*>(node)->Child(nibble);
      if (node == nullptr) return nullptr;
      return NibbleAt(static_cast<const Leaf*>(node)->key_hash, level) == nibble ? node : nullptr;
    };
    for (unsigned nibble = 0; nibble < kFanout; ++nibble) {
      WalkChanges(child(before, nibble), child(after, nibble), level + 1, visit);
    }
    return;
  }
  VisitLeaves(static_cast<const Leaf*>(before), static_cast<const Leaf*>(after), visit);
}

void StateTree::VisitLeaves(const Leaf* before, const Leaf* after, const VisitChange& visit) {
  if (before != nullptr && after != nullptr && before->key_hash == after->key_hash) {
    if (!std::ranges::equal(before->value(), after->value())) visit(after->key(), after->value());
    return;
  }
  const bool before_first =
      before != nullptr && (after == nullptr || before->key_hash < after->key_hash);
  if (before_first) visit(before->key(), std::nullopt);
  if (after != nullptr) visit(after->key(), after->value());
  if (before != nullptr && !before_first) visit(before->key(), std::nullopt);
}

StateTree::StateTree(const StateTree& other) : size_(other.size_) {
  // What is about to be shared must never be written again, not even by hashing it.
  static_cast<void>(other.Root());
  root_ = other.root_;
}

StateTree::StateTree(StateTree&& other) noexcept
    : root_(std::move(other.root_)), size_(std::exchange(other.size_, 0)) {}

StateTree& StateTree::operator=(const StateTree& other) {
  if (this != &other) *this = StateTree(other);
  return *this;
}

StateTree& StateTree::operator=(StateTree&& other) noexcept {
  root_ = std::move(other.root_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void StateTree::Acquire(Node* node) {
  if (node != nullptr) node->count.fetch_add(1, std::memory_order_relaxed);
}

void StateTree::Release(Node* node) {
  if (node == nullptr || node->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  switch (node->kind) {
    case Node::Kind::kLeaf:
      return Leaf::Delete(static_cast<Leaf*>(node));
    case Node::Kind::kSmall:
      delete static_cast<SmallBranch*>(node);
      return;
    case Node::Kind::kFull:
      delete static_cast<FullBranch*>(node);
      return;
  }
}

}  // namespace timebank::chain
