#include "node/rpc/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace timebank::rpc {

namespace {

constexpr std::size_t kNetworkBytes = 8;  // of an IPv6 address: /64

// The host of "192.0.2.7:50123", "[2001:db8::7]:50123" and "%5B2001:db8::7%5D:50123".
std::string HostOf(std::string_view address) {
  std::string host(address.substr(0, address.rfind(':')));
  for (const std::string_view bracket : {"[", "]", "%5B", "%5D"}) {
    const auto at = host.find(bracket);
    if (at != std::string::npos) host.erase(at, bracket.size());
  }
  return host.substr(0, host.find('%'));  // without the zone of a link-local address
}

}  // namespace

std::string BucketOf(std::string_view peer) {
  constexpr std::string_view kV4 = "ipv4:";
  constexpr std::string_view kV6 = "ipv6:";
  if (peer.starts_with(kV4)) {
    const std::string host = HostOf(peer.substr(kV4.size()));
    return host.starts_with("127.") ? std::string(peer) : host;
  }
  if (!peer.starts_with(kV6)) return std::string(peer);
  const std::string host = HostOf(peer.substr(kV6.size()));
  std::array<std::byte, sizeof(in6_addr)> address{};
  if (host == "::1" || inet_pton(AF_INET6, host.c_str(), address.data()) != 1) {
    return std::string(peer);
  }
  return ToHex(ByteView(address).first(kNetworkBytes)) + "/64";
}

bool RateLimit::Allow(const std::string& bucket, std::uint64_t cost, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  Bucket& mine = Find(bucket, now_ms);
  const bool allowed = mine.level >= static_cast<std::int64_t>(cost);
  if (allowed) mine.level -= static_cast<std::int64_t>(cost);
  return allowed;
}

std::uint64_t RateLimit::Charge(const std::string& bucket, std::uint64_t cost,
                                std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  Bucket& mine = Find(bucket, now_ms);
  mine.level -= static_cast<std::int64_t>(cost);
  if (mine.level >= 0) return 0;
  // Thousandths of a request: per_second_ of them arrive each millisecond.
  const auto rate = static_cast<std::int64_t>(std::max<std::uint64_t>(per_second_, 1));
  return static_cast<std::uint64_t>((rate - 1 - mine.level) / rate);
}

RateLimit::Bucket& RateLimit::Find(const std::string& bucket, std::uint64_t now_ms) {
  const auto full = static_cast<std::int64_t>(2 * per_second_ * kRequestCost);
  auto found = buckets_.find(bucket);
  if (found == buckets_.end()) {
    if (buckets_.size() >= kBucketsMax) ForgetOldest();
    found = buckets_.emplace(bucket, Bucket{full, now_ms}).first;
  }
  Bucket& mine = found->second;
  if (now_ms > mine.at_ms) {
    mine.level =
        std::min(full, mine.level + static_cast<std::int64_t>((now_ms - mine.at_ms) * per_second_));
    mine.at_ms = now_ms;
  }
  return mine;
}

void RateLimit::ForgetOldest() {
  const auto oldest = std::min_element(
      buckets_.begin(), buckets_.end(),
      [](const auto& a, const auto& b) { return a.second.at_ms < b.second.at_ms; });
  buckets_.erase(oldest);
}

}  // namespace timebank::rpc
