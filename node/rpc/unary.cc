#include "node/rpc/unary.h"

#include <grpcpp/grpcpp.h>

#include "api/client/read_token.h"
#include "platform/clock.h"

namespace timebank::rpc {

grpc::ServerUnaryReactor* EndCall(grpc::CallbackServerContext* context,
                                  const client::Error* error) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(error == nullptr ? grpc::Status::OK : client::ToStatus(*error));
  return reactor;
}

std::optional<client::Error> CheckRate(const Backend& backend,
                                       const grpc::CallbackServerContext& context) {
  if (backend.limit->Allow(BucketOf(context.peer()), kRequestCost, platform::MonotonicMs())) {
    return std::nullopt;
  }
  return client::MakeError(v1::REASON_RATE_LIMITED);
}

Expected<Viewer, client::Error> ViewerOf(const Backend& backend,
                                         const grpc::CallbackServerContext& context,
                                         const ledger::State& state) {
  const auto& metadata = context.client_metadata();
  const auto token = metadata.find(client::kTokenMetadata);
  const std::string_view value = token == metadata.end()
                                     ? std::string_view()
                                     : std::string_view(token->second.data(), token->second.size());
  return CheckToken(value,
                    {.state = state, .audience = backend.name, .now = backend.clock->LedgerNow()});
}

}  // namespace timebank::rpc
