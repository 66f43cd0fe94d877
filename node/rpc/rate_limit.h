// How much one connection may ask of this node: a bucket of tokens that fills at a steady rate, two
// seconds' worth at most. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace timebank::rpc {

// Connections remembered; beyond it, those that have not asked for longest are forgotten.
inline constexpr std::size_t kConnectionsMax = 4096;

class RateLimit {
 public:
  explicit RateLimit(std::uint64_t per_second) : per_second_(per_second) {}
  // Takes `cost` (thousandths of a request) out of the bucket of `connection`; false when it is not
  // in there.
  [[nodiscard]] bool Allow(const std::string& connection, std::uint64_t cost, std::uint64_t now_ms);

 private:
  struct Bucket {
    std::uint64_t level = 0;  // thousandths
    std::uint64_t at_ms = 0;
  };
  void ForgetOldest();
  const std::uint64_t per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

inline constexpr std::uint64_t kRequestCost = 1000;
// Of each transaction in a frame: what bulk saves over single calls.
inline constexpr std::uint64_t kFrameTransactionCost = kRequestCost / 50;

}  // namespace timebank::rpc
