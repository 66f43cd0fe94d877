// Appending, roots, paths and their verification, as RFC 9162, section 2.1, has them.
#include "chain/log_tree.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

constexpr std::byte kLeafTag{0x00};
constexpr std::byte kNodeTag{0x01};

// The largest power of two smaller than `count`: where RFC 9162 splits. Requires: count > 1.
std::uint64_t SplitPoint(std::uint64_t count) { return std::bit_floor(count - 1); }

}  // namespace

Hash LogLeafHash(ByteView data) { return crypto::Sha256({ByteView(&kLeafTag, 1), data}); }

Hash LogNodeHash(const Hash& left, const Hash& right) {
  std::array<std::byte, 1 + 2 * Hash::kSize> node{kNodeTag};
  std::copy(left.data.begin(), left.data.end(), node.begin() + 1);
  std::copy(right.data.begin(), right.data.end(), node.begin() + 1 + Hash::kSize);
  return crypto::Sha256(node);
}

LogFrontier::LogFrontier(std::uint64_t size, std::vector<Hash> peaks)
    : size_(size), peaks_(std::move(peaks)) {
  TB_CHECK(peaks_.size() == static_cast<std::size_t>(std::popcount(size_)));
}

void LogFrontier::Append(const Hash& leaf_hash) {
  Hash node = leaf_hash;
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    node = LogNodeHash(peaks_.back(), node);
    peaks_.pop_back();
  }
  peaks_.push_back(node);
  ++size_;
}

Hash LogFrontier::Root() const {
  if (peaks_.empty()) return crypto::Sha256(ByteView{});
  Hash root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i > 0; --i) root = LogNodeHash(peaks_[i - 1], root);
  return root;
}

Hash MerkleRoot(std::span<const ByteView> leaves) {
  LogFrontier frontier;
  for (ByteView leaf : leaves) frontier.Append(LogLeafHash(leaf));
  return frontier.Root();
}

void LogTree::Append(const Hash& leaf_hash) {
  Hash node = leaf_hash;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    std::vector<Hash>& row = levels_[level];
    row.push_back(node);
    if (row.size() % 2 != 0) return;
    node = LogNodeHash(row[row.size() - 2], row.back());
  }
}

Hash LogTree::Root(std::uint64_t size) const {
  TB_CHECK(size <= this->size());
  return size == 0 ? crypto::Sha256(ByteView{}) : Subtree(0, size);
}

Hash LogTree::Subtree(std::uint64_t start, std::uint64_t count) const {
  if (std::has_single_bit(count)) {
    const auto level = static_cast<std::size_t>(std::countr_zero(count));
    return levels_[level][start >> level];
  }
  const std::uint64_t left = SplitPoint(count);
  return LogNodeHash(Subtree(start, left), Subtree(start + left, count - left));
}

std::vector<Hash> LogTree::InclusionPath(std::uint64_t index, std::uint64_t size) const {
  TB_CHECK(index < size);
  TB_CHECK(size <= this->size());
  std::vector<Hash> path;  // filled from the root down
  std::uint64_t start = 0;
  std::uint64_t count = size;
  while (count > 1) {
    const std::uint64_t left = SplitPoint(count);
    if (index - start < left) {
      path.push_back(Subtree(start + left, count - left));
      count = left;
    } else {
      path.push_back(Subtree(start, left));
      start += left;
      count -= left;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<Hash> LogTree::ConsistencyProof(std::uint64_t first, std::uint64_t second) const {
  TB_CHECK(first > 0);
  TB_CHECK(first <= second);
  TB_CHECK(second <= size());
  std::vector<Hash> proof;  // filled from the root down
  std::uint64_t start = 0;
  std::uint64_t count = second;
  // While the old log ends inside this subtree, its border goes on downwards.
  while (first - start < count) {
    const std::uint64_t left = SplitPoint(count);
    if (first - start <= left) {
      proof.push_back(Subtree(start + left, count - left));
      count = left;
    } else {
      proof.push_back(Subtree(start, left));
      start += left;
      count -= left;
    }
  }
  // The old log ends with this subtree; if it is the whole old log, the verifier has its root.
  if (start > 0) proof.push_back(Subtree(start, count));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

// RFC 9162, section 2.1.3.2.
bool VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                     std::span<const Hash> path, const Hash& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : path) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = LogNodeHash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = LogNodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162, section 2.1.4.2; a log of size 0 is the beginning of every log.
bool VerifyConsistency(const LogHead& first, const LogHead& second, std::span<const Hash> proof) {
  if (first.size > second.size) return false;
  if (first.size == 0) return proof.empty() && first.root == LogFrontier().Root();
  if (first.size == second.size) return proof.empty() && first.root == second.root;
  const bool first_is_perfect = std::has_single_bit(first.size);
  if (!first_is_perfect && proof.empty()) return false;
  const int skipped = std::countr_one(first.size - 1);
  std::uint64_t node = (first.size - 1) >> skipped;
  std::uint64_t last = (second.size - 1) >> skipped;
  Hash old_hash = first_is_perfect ? first.root : proof.front();
  Hash new_hash = old_hash;
  for (const Hash& sibling : first_is_perfect ? proof : proof.subspan(1)) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = LogNodeHash(sibling, old_hash);
      new_hash = LogNodeHash(sibling, new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = LogNodeHash(new_hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == first.root && new_hash == second.root;
}

}  // namespace timebank::chain
