// What every short call has in common: the rate limit, the token, the one answer.
#pragma once

#include <string_view>
#include <utility>

#include "api/client/error.h"
#include "base/expected.h"
#include "node/rpc/access.h"
#include "node/rpc/backend.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace timebank::rpc {

// Ends the call of `context`: with `error`, or well when that is null.
grpc::ServerUnaryReactor* EndCall(grpc::CallbackServerContext* context, const client::Error* error);

// Takes one request out of the connection's bucket; RATE_LIMITED when it is empty.
[[nodiscard]] std::optional<client::Error> CheckRate(const Backend& backend,
                                                     const grpc::CallbackServerContext& context);

// Checks the call's token against a final state. NO_TOKEN when there is none.
[[nodiscard]] Expected<Viewer, client::Error> ViewerOf(const Backend& backend,
                                                       const grpc::CallbackServerContext& context,
                                                       const ledger::State& state);

// Answers at once with what `make` returns, an Expected<Response, client::Error>.
template <typename Response, typename Make>
grpc::ServerUnaryReactor* Reply(Backend* backend, grpc::CallbackServerContext* context,
                                Response* response, const Make& make) {
  if (const auto limited = CheckRate(*backend, *context)) return EndCall(context, &*limited);
  auto answer = make();
  if (!answer) return EndCall(context, &answer.error());
  *response = std::move(*answer);
  return EndCall(context, nullptr);
}

}  // namespace timebank::rpc
