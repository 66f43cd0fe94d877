// One transaction sent to several nodes, until what they say is enough: one verified receipt, f + 1
// refusals, or nobody left to ask. No more nodes get it than it takes, and who took it is waited
// for before it counts as refused: each that holds it may still record it (docs/adr/0008).
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

// True for what no change of the ledger can mend.
[[nodiscard]] bool IsAboutTheBytes(v1::Reason reason);
// True for what a node says about itself, not about the transaction.
[[nodiscard]] bool IsAboutTheNode(v1::Reason reason);

}  // namespace timebank::client
