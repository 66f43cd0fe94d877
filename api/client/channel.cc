#include "api/client/channel.h"

#include <grpcpp/grpcpp.h>

#include <optional>

#include "api/client/tls.h"

namespace timebank::client {
namespace {

constexpr int kMessageBytesMax = 64 << 20;

}  // namespace

std::shared_ptr<grpc::Channel> ChannelTo(const NodeAddress& node, const chain::Genesis& genesis) {
  Hash key = node.tls_key.value_or(Hash{});
  for (const v1::Validator& validator : genesis.message.validators()) {
    if (node.tls_key || validator.name() != node.name) continue;
    if (const auto hash = Hash::From(validator.tls_key_hash())) key = *hash;
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  return grpc::CreateCustomChannel(node.address, PinnedChannel(key, std::nullopt), arguments);
}

}  // namespace timebank::client
