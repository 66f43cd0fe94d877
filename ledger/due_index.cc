#include "ledger/due_index.h"

#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"

namespace timebank::ledger {

// Nodes are never changed once linked: Insert and Erase make new ones along their path.
struct DueIndex::Node {
  DueItem item;
  std::uint64_t priority;
  Ref left;   // earlier items
  Ref right;  // later items

  [[nodiscard]] static Ref Make(const Node& like, Ref left, Ref right) {
    return std::make_shared<const Node>(
        Node{like.item, like.priority, std::move(left), std::move(right)});
  }
};

void DueIndex::Insert(const DueItem& item) {
  ByteWriter bytes;
  bytes.U64(item.at.value()).Raw(item.key.view());
  const Hash hash = crypto::Sha256(bytes.bytes());
  const auto node =
      std::make_shared<const Node>(Node{item, ByteReader(hash.view()).U64(), nullptr, nullptr});
  root_ = With(root_, node);
  ++size_;
}

void DueIndex::Erase(const DueItem& item) {
  root_ = Without(root_, item);
  --size_;
}

std::optional<Millis> DueIndex::Earliest() const {
  if (root_ == nullptr) return std::nullopt;
  const Node* node = root_.get();
  while (node->left != nullptr) node = node->left.get();
  return node->item.at;
}

std::vector<DueItem> DueIndex::DueUntil(Millis now, std::size_t count_max) const {
  std::vector<DueItem> items;
  std::vector<const Node*> path;  // whose left side is done or on its way
  const Node* node = root_.get();
  while ((node != nullptr || !path.empty()) && items.size() < count_max) {
    for (; node != nullptr; node = node->left.get()) path.push_back(node);
    node = path.back();
    path.pop_back();
    if (node->item.at > now) break;
    items.push_back(node->item);
    node = node->right.get();
  }
  return items;
}

// `item` is a node without children. Rotations keep the highest priority on top.
DueIndex::Ref DueIndex::With(const Ref& node, const Ref& item) {
  if (node == nullptr) return item;
  TB_CHECK(item->item != node->item);
  if (item->item < node->item) {
    const Ref left = With(node->left, item);
    if (left->priority < node->priority) return Node::Make(*node, left, node->right);
    return Node::Make(*left, left->left, Node::Make(*node, left->right, node->right));
  }
  const Ref right = With(node->right, item);
  if (right->priority < node->priority) return Node::Make(*node, node->left, right);
  return Node::Make(*right, Node::Make(*node, node->left, right->left), right->right);
}

DueIndex::Ref DueIndex::Without(const Ref& node, const DueItem& item) {
  TB_CHECK(node != nullptr);
  if (item == node->item) return Joined(node->left, node->right);
  if (item < node->item) return Node::Make(*node, Without(node->left, item), node->right);
  return Node::Make(*node, node->left, Without(node->right, item));
}

DueIndex::Ref DueIndex::Joined(const Ref& low, const Ref& high) {
  if (low == nullptr) return high;
  if (high == nullptr) return low;
  if (low->priority < high->priority) {
    return Node::Make(*high, Joined(low, high->left), high->right);
  }
  return Node::Make(*low, low->left, Joined(low->right, high));
}

}  // namespace timebank::ledger
