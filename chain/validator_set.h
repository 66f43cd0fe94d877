// The validators of one epoch in the order that everything refers to: by raw consensus key.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/ed25519.h"

namespace timebank::chain {

inline constexpr std::size_t kValidatorsMax = 20;  // CONSENSUS 6

// f: how many of n may be faulty in any way.
[[nodiscard]] constexpr std::size_t MaxFaulty(std::size_t n) { return n == 0 ? 0 : (n - 1) / 3; }
// q = n - f, never "2f + 1": at n = 6 that would be 3, and two such quorums need not meet.
[[nodiscard]] constexpr std::size_t Quorum(std::size_t n) { return n - MaxFaulty(n); }

class ValidatorSet {
 public:
  // Sorts `keys`. Empty when there are none, more than kValidatorsMax, or one appears twice.
  [[nodiscard]] static std::optional<ValidatorSet> From(std::vector<crypto::PublicKey> keys);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] std::size_t quorum() const { return Quorum(keys_.size()); }
  [[nodiscard]] std::size_t max_faulty() const { return MaxFaulty(keys_.size()); }
  [[nodiscard]] const std::vector<crypto::PublicKey>& keys() const { return keys_; }
  // Requires: index.value() < size().
  [[nodiscard]] const crypto::PublicKey& key(ReplicaIndex index) const;
  [[nodiscard]] std::optional<ReplicaIndex> IndexOf(const crypto::PublicKey& key) const;
  // H(`timebank/set/v1\0` || n u16 || n x (suite u8 || key 32)), FORMATS 4.
  [[nodiscard]] Hash SetHash() const;
  friend bool operator==(const ValidatorSet&, const ValidatorSet&) = default;

 private:
  explicit ValidatorSet(std::vector<crypto::PublicKey> keys) : keys_(std::move(keys)) {}
  std::vector<crypto::PublicKey> keys_;
};

}  // namespace timebank::chain
