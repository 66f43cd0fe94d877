#include "node/rpc/rate_limit.h"

#include <algorithm>

namespace timebank::rpc {

bool RateLimit::Allow(const std::string& connection, std::uint64_t cost, std::uint64_t now_ms) {
  const std::uint64_t full = 2 * per_second_ * kRequestCost;
  const std::scoped_lock lock(mutex_);
  const auto [bucket, fresh] = buckets_.try_emplace(connection, Bucket{full, now_ms});
  Bucket& mine = bucket->second;
  if (now_ms > mine.at_ms) {
    // Thousandths of a request: per_second_ of them arrive each millisecond.
    mine.level = std::min(full, mine.level + (now_ms - mine.at_ms) * per_second_);
    mine.at_ms = now_ms;
  }
  const bool allowed = mine.level >= cost;
  if (allowed) mine.level -= cost;
  if (fresh && buckets_.size() > kConnectionsMax) ForgetOldest();
  return allowed;
}

void RateLimit::ForgetOldest() {
  const auto oldest = std::min_element(
      buckets_.begin(), buckets_.end(),
      [](const auto& a, const auto& b) { return a.second.at_ms < b.second.at_ms; });
  buckets_.erase(oldest);
}

}  // namespace timebank::rpc
