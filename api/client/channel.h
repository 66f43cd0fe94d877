// Channels to nodes: TLS pinned to the key that genesis names for the validator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/genesis.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace timebank::client {

struct NodeAddress {
  std::string name;     // the validator's, as in genesis: its TLS key is pinned there
  std::string address;  // host:port
  // For who is not in genesis, or has another TLS key than there: what to pin instead.
  std::optional<Hash> tls_key = std::nullopt;
};

// A name that genesis does not know, without a TLS key of its own, gets a channel that trusts no
// key, so that the first call fails and says so.
[[nodiscard]] std::shared_ptr<grpc::Channel> ChannelTo(const NodeAddress& node,
                                                       const chain::Genesis& genesis);

}  // namespace timebank::client
