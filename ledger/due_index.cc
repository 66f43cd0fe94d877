#include "ledger/due_index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace timebank::ledger {

// Nodes are never changed once linked: Insert and Erase make new ones along their path. The depths
// of both sides differ by one at most.
struct DueIndex::Node {
  DueItem item;
  int depth;
  Ref left;   // earlier items
  Ref right;  // later items
};

void DueIndex::Insert(const DueItem& item) {
  root_ = With(root_, item);
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

int DueIndex::DepthOf(const Ref& node) { return node == nullptr ? 0 : node->depth; }

DueIndex::Ref DueIndex::Make(const DueItem& item, Ref left, Ref right) {
  const int depth = 1 + std::max(DepthOf(left), DepthOf(right));
  return std::make_shared<const Node>(Node{item, depth, std::move(left), std::move(right)});
}

// One side may be deeper by two, as one insertion or removal leaves it: one or two rotations mend
// that.
DueIndex::Ref DueIndex::Balanced(const DueItem& item, const Ref& left, const Ref& right) {
  if (DepthOf(left) > DepthOf(right) + 1) {
    if (DepthOf(left->left) >= DepthOf(left->right)) {
      return Make(left->item, left->left, Make(item, left->right, right));
    }
    const Node& middle = *left->right;
    return Make(middle.item, Make(left->item, left->left, middle.left),
                Make(item, middle.right, right));
  }
  if (DepthOf(right) > DepthOf(left) + 1) {
    if (DepthOf(right->right) >= DepthOf(right->left)) {
      return Make(right->item, Make(item, left, right->left), right->right);
    }
    const Node& middle = *right->left;
    return Make(middle.item, Make(item, left, middle.left),
                Make(right->item, middle.right, right->right));
  }
  return Make(item, left, right);
}

DueIndex::Ref DueIndex::With(const Ref& node, const DueItem& item) {
  if (node == nullptr) return Make(item, nullptr, nullptr);
  TB_CHECK(item != node->item);
  if (item < node->item) return Balanced(node->item, With(node->left, item), node->right);
  return Balanced(node->item, node->left, With(node->right, item));
}

DueIndex::Ref DueIndex::Without(const Ref& node, const DueItem& item) {
  TB_CHECK(node != nullptr);
  if (item < node->item) return Balanced(node->item, Without(node->left, item), node->right);
  if (item != node->item) return Balanced(node->item, node->left, Without(node->right, item));
  if (node->left == nullptr) return node->right;
  if (node->right == nullptr) return node->left;
  const Node* next = node->right.get();
  while (next->left != nullptr) next = next->left.get();
  return Balanced(next->item, node->left, WithoutFirst(node->right));
}

DueIndex::Ref DueIndex::WithoutFirst(const Ref& node) {
  if (node->left == nullptr) return node->right;
  return Balanced(node->item, WithoutFirst(node->left), node->right);
}

}  // namespace timebank::ledger
