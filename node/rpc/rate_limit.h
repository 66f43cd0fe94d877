// How much one address may ask of this node: a bucket of tokens that fills at a steady rate, two
// seconds' worth at most. Thread-safe.
//
// A bucket belongs to an address, not to a connection, so that connecting anew gains nothing: an
// IPv4 address, or the /64 network of an IPv6 address, which is what one subscriber gets. The
// default rate leaves room for a community centre behind one address. On the loopback interface
// each connection has its own: there, programs of this machine share one address (gateways, load).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace timebank::rpc {

// Buckets remembered; beyond it, those that have not asked for longest are forgotten.
inline constexpr std::size_t kBucketsMax = 4096;

// Whose bucket a call takes from, by gRPC's name of its peer ("ipv4:192.0.2.7:50123").
[[nodiscard]] std::string BucketOf(std::string_view peer);

class RateLimit {
 public:
  // `per_second`: requests.
  explicit RateLimit(std::uint64_t per_second) : per_second_(per_second) {}
  // Takes `cost` (thousandths of a request) out of `bucket`; false when it is not in there.
  [[nodiscard]] bool Allow(const std::string& bucket, std::uint64_t cost, std::uint64_t now_ms);
  // Takes `cost` even when it is not in there, as a debt. In how many milliseconds the bucket is
  // out of debt: until then nothing more must be taken up.
  [[nodiscard]] std::uint64_t Charge(const std::string& bucket, std::uint64_t cost,
                                     std::uint64_t now_ms);

 private:
  struct Bucket {
    std::int64_t level = 0;  // thousandths; below zero: debt
    std::uint64_t at_ms = 0;
  };
  // Filled up to now. Requires mutex_ held.
  [[nodiscard]] Bucket& Find(const std::string& bucket, std::uint64_t now_ms);
  void ForgetOldest();
  const std::uint64_t per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

inline constexpr std::uint64_t kRequestCost = 1000;
// Of each transaction in a frame: what bulk saves over single calls.
inline constexpr std::uint64_t kFrameTransactionCost = kRequestCost / 50;

}  // namespace timebank::rpc
