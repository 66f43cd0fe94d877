// One transaction sent to several nodes at once, until what they say is enough: one verified
// receipt, f + 1 refusals, or nobody left to ask.
#pragma once

#include <memory>
#include <vector>

#include "api/client/client.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace timebank::client {

struct SubmitPlan {
  const chain::Genesis& genesis;
  std::vector<std::shared_ptr<grpc::Channel>> nodes;  // in order of preference
  std::size_t at_once = 2;
  std::uint32_t wait_ms = 0;
  Height min_height;  // of the caller's last receipt
};

[[nodiscard]] SubmitOutcome SubmitRound(const SubmitPlan& plan,
                                        const SignedTransaction& transaction);

// True for what a node says about itself, not about the transaction.
[[nodiscard]] bool IsAboutTheNode(v1::Reason reason);

}  // namespace timebank::client
