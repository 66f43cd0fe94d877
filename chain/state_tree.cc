#include "chain/state_tree.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "crypto/sha256.h"

// Nodes follow the hashed tree one to one: an inner node per level, no path compression, because
// the keys are hashes and long common prefixes are rare. A node reachable from two trees is never
// written; Own() makes sure by copying what is shared on the way to a change.

namespace timebank::chain {
namespace {

constexpr std::byte kLeafTag{0x10};
constexpr std::byte kInnerTag{0x11};
constexpr std::size_t kDepthMax = 256;

// Bit `depth` of the path: 0 = left. Bit 0 is the most significant bit of byte 0.
std::size_t BitAt(const Hash& key_hash, std::size_t depth) {
  return std::to_integer<std::size_t>(key_hash.data[depth / 8] >> (7 - depth % 8)) & 1;
}

Hash TaggedPair(std::byte tag, const Hash& first, const Hash& second) {
  std::array<std::byte, 1 + 2 * Hash::kSize> bytes{tag};
  std::copy(first.data.begin(), first.data.end(), bytes.begin() + 1);
  std::copy(second.data.begin(), second.data.end(), bytes.begin() + 1 + Hash::kSize);
  return crypto::Sha256(bytes);
}

}  // namespace

struct StateTree::Node {
  enum class Kind : std::uint8_t { kLeaf, kInner };
  explicit Node(Kind node_kind) : kind(node_kind) {}
  std::atomic<std::uint32_t> count = 1;
  const Kind kind;
  bool dirty = true;  // `hash` is not that of the content; only ever so in a node with one holder
  Hash hash;
};

struct StateTree::Leaf : Node {
  Leaf(const Hash& record_key_hash, ByteView record_key, ByteView record_value)
      : Node(Kind::kLeaf), key_hash(record_key_hash), key_size(record_key.size()) {
    record.reserve(record_key.size() + record_value.size());
    record.insert(record.end(), record_key.begin(), record_key.end());
    record.insert(record.end(), record_value.begin(), record_value.end());
  }
  [[nodiscard]] ByteView key() const { return ByteView(record).first(key_size); }
  [[nodiscard]] ByteView value() const { return ByteView(record).subspan(key_size); }

  const Hash key_hash;
  const std::size_t key_size;
  Bytes record;  // key || value in one allocation
};

struct StateTree::Inner : Node {
  Inner() : Node(Kind::kInner) {}
  std::array<Ref, 2> child;
};

void StateTree::Put(ByteView key, ByteView value) {
  const Hash key_hash = crypto::Sha256(key);
  Ref leaf(new Leaf(key_hash, key, value));
  Ref* slot = &root_;
  for (std::size_t depth = 0;; ++depth) {
    if (!*slot) {
      *slot = std::move(leaf);
      ++size_;
      return;
    }
    if (slot->get()->kind == Node::Kind::kLeaf) {
      const Hash& found = static_cast<const Leaf*>(slot->get())->key_hash;
      if (found == key_hash) {
        *slot = std::move(leaf);
        return;
      }
      TB_CHECK(depth < kDepthMax);
      auto* const fork = new Inner;
      fork->child[BitAt(found, depth)] = std::move(*slot);
      *slot = Ref(fork);
    }
    slot = &Own(*slot).child[BitAt(key_hash, depth)];
  }
}

bool StateTree::Erase(ByteView key) {
  const Hash key_hash = crypto::Sha256(key);
  if (Find(key_hash) == nullptr) return false;
  EraseBelow(root_, key_hash, 0);
  --size_;
  return true;
}

// Requires: the leaf is there. An inner node left with one leaf only becomes that leaf.
void StateTree::EraseBelow(Ref& slot, const Hash& key_hash, std::size_t depth) {
  if (slot.get()->kind == Node::Kind::kLeaf) {
    slot = Ref();
    return;
  }
  Inner& inner = Own(slot);
  EraseBelow(inner.child[BitAt(key_hash, depth)], key_hash, depth + 1);
  for (std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    Ref& rest = inner.child[side];
    if (inner.child[1 - side] || rest.get()->kind != Node::Kind::kLeaf) continue;
    slot = Ref(std::move(rest));
    return;
  }
}

// The inner node in `slot`, held by this tree alone and marked as changed.
// Requires: all nodes above are held by this tree alone, and `slot` holds an inner node.
StateTree::Inner& StateTree::Own(Ref& slot) {
  auto* const shared = static_cast<Inner*>(slot.get());
  if (shared->count.load(std::memory_order_acquire) != 1) {
    auto* const own = new Inner;
    own->child = shared->child;
    slot = Ref(own);
    return *own;
  }
  shared->dirty = true;
  return *shared;
}

const StateTree::Leaf* StateTree::Find(const Hash& key_hash) const {
  const Node* node = root_.get();
  for (std::size_t depth = 0; node != nullptr && node->kind == Node::Kind::kInner; ++depth) {
    node = static_cast<const Inner*>(node)->child[BitAt(key_hash, depth)].get();
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
    const auto* const inner = static_cast<const Inner*>(node);
    node->hash =
        TaggedPair(kInnerTag, CleanHash(inner->child[0].get()), CleanHash(inner->child[1].get()));
  }
  node->dirty = false;
  return node->hash;
}

StateProof StateTree::Prove(ByteView key) const {
  const Hash key_hash = crypto::Sha256(key);
  StateProof proof;
  const Node* node = root_.get();
  for (std::size_t depth = 0; node != nullptr && node->kind == Node::Kind::kInner; ++depth) {
    const auto& child = static_cast<const Inner*>(node)->child;
    const std::size_t bit = BitAt(key_hash, depth);
    proof.siblings.push_back(CleanHash(child[1 - bit].get()));
    node = child[bit].get();
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
  for (const Ref& child : static_cast<const Inner*>(node)->child) Walk(child.get(), visit);
}

void StateTree::ForEachChangeSince(const StateTree& before, const VisitChange& visit) const {
  WalkChanges(before.root_.get(), root_.get(), 0, visit);
}

void StateTree::WalkChanges(const Node* before, const Node* after, std::size_t depth,
                            const VisitChange& visit) {
  if (before == after) return;
  const auto is_inner = [](const Node* node) {
    return node != nullptr && node->kind == Node::Kind::kInner;
  };
  if (is_inner(before) || is_inner(after)) {
    // A leaf or nothing on one side stands for the subtree that holds no more than it.
    const auto child = [&](const Node* node, std::size_t bit) -> const Node* {
      if (is_inner(node)) return static_cast<const Inner*>(node)->child[bit].get();
      if (node == nullptr) return nullptr;
      return BitAt(static_cast<const Leaf*>(node)->key_hash, depth) == bit ? node : nullptr;
    };
    for (std::size_t bit : {std::size_t{0}, std::size_t{1}}) {
      WalkChanges(child(before, bit), child(after, bit), depth + 1, visit);
    }
    return;
  }
  const auto* const old_leaf = static_cast<const Leaf*>(before);
  const auto* const new_leaf = static_cast<const Leaf*>(after);
  if (old_leaf != nullptr && new_leaf != nullptr && old_leaf->key_hash == new_leaf->key_hash) {
    if (old_leaf->record != new_leaf->record) visit(new_leaf->key(), new_leaf->value());
    return;
  }
  const bool old_first =
      old_leaf != nullptr && (new_leaf == nullptr || old_leaf->key_hash < new_leaf->key_hash);
  if (old_first) visit(old_leaf->key(), std::nullopt);
  if (new_leaf != nullptr) visit(new_leaf->key(), new_leaf->value());
  if (old_leaf != nullptr && !old_first) visit(old_leaf->key(), std::nullopt);
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
  if (node->kind == Node::Kind::kLeaf) {
    delete static_cast<Leaf*>(node);
  } else {
    delete static_cast<Inner*>(node);
  }
}

}  // namespace timebank::chain
