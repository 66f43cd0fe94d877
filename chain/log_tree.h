// Merkle trees as in RFC 9162, section 2.1: the transaction log, tx_root, extras_root and effects
// digests (FORMATS 4, 6). Empty tree = H of nothing, leaf = H(0x00 || data), node = H(0x01 || l ||
// r).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace timebank::chain {

[[nodiscard]] Hash LogLeafHash(ByteView data);
[[nodiscard]] Hash LogNodeHash(const Hash& left, const Hash& right);

// The append-only log as a small value: its size and the roots of its perfect subtrees, largest
// (leftmost) first. Enough to append and to know the root; at most 64 hashes.
class LogFrontier {
 public:
  LogFrontier() = default;
  // Rebuilds what size() and peaks() told. Requires: one peak per set bit of `size`.
  LogFrontier(std::uint64_t size, std::vector<Hash> peaks);

  void Append(const Hash& leaf_hash);
  [[nodiscard]] Hash Root() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Hash>& peaks() const { return peaks_; }
  friend bool operator==(const LogFrontier&, const LogFrontier&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> peaks_;
};

// The root over `leaves`, given as leaf data.
[[nodiscard]] Hash MerkleRoot(std::span<const ByteView> leaves);

// The whole log with every perfect subtree's hash, for roots and proofs at any past size.
class LogTree {
 public:
  void Append(const Hash& leaf_hash);
  [[nodiscard]] std::uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  // Requires: size <= size().
  [[nodiscard]] Hash Root(std::uint64_t size) const;
  [[nodiscard]] Hash Root() const { return Root(size()); }
  // PATH(index, D[size]), nearest sibling first. Requires: index < size <= size().
  [[nodiscard]] std::vector<Hash> InclusionPath(std::uint64_t index, std::uint64_t size) const;
  // PROOF(first, D[second]). Requires: 0 < first <= second <= size().
  [[nodiscard]] std::vector<Hash> ConsistencyProof(std::uint64_t first, std::uint64_t second) const;

 private:
  // Root of the leaves [start, start + count). Requires: start is a multiple of the smallest power
  // of two >= count, as in every split of RFC 9162.
  [[nodiscard]] Hash Subtree(std::uint64_t start, std::uint64_t count) const;

  // levels_[k][i] is the root of the perfect subtree of leaves [i * 2^k, (i + 1) * 2^k).
  std::vector<std::vector<Hash>> levels_;
};

// True when `path` proves that the leaf is at `index` of the tree with `size` leaves and `root`.
[[nodiscard]] bool VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                                   std::span<const Hash> path, const Hash& root);

struct LogHead {
  std::uint64_t size = 0;
  Hash root;
};

// True when `proof` proves that the log at `first` is the beginning of the log at `second`.
[[nodiscard]] bool VerifyConsistency(const LogHead& first, const LogHead& second,
                                     std::span<const Hash> proof);

}  // namespace timebank::chain
