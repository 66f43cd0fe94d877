// Reads of records that are not public: --as reads in the first of its capacities that is entitled.
#pragma once

#include <vector>

#include "wallet-cli/context.h"

namespace timebank::cli {

// As oneself first, then in each office (only in --role, when it is given).
[[nodiscard]] Result<std::vector<client::Reader>> Capacities(Context& context);
// True where another capacity might be told more.
[[nodiscard]] bool MayAskAgain(const client::Error& error);

template <typename Response, typename Request>
[[nodiscard]] Result<Response> Read(Context& context, const Request& request) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const auto capacities = Capacities(context);
  if (!capacities) return Unexpected{capacities.error()};
  client::Error last;
  for (const client::Reader& reader : *capacities) {
    auto answer = (*client)->Get(request, reader);
    if (answer) return std::move(*answer);
    last = answer.error();
    if (!MayAskAgain(last)) break;
  }
  return Unexpected{FailureOf(last, context.language())};
}

// Public records.
template <typename Response, typename Request>
[[nodiscard]] Result<Response> ReadPublic(Context& context, const Request& request) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  auto answer = (*client)->Get(request);
  if (!answer) return Unexpected{FailureOf(answer.error(), context.language())};
  return std::move(*answer);
}

[[nodiscard]] Result<v1::Entry> ReadEntry(Context& context, const std::string& id);
[[nodiscard]] Result<v1::Member> ReadMember(Context& context, const MemberId& id);

}  // namespace timebank::cli
