// The services of a node for applications, each behind its own file. `backend` outlives them.
#pragma once

#include <memory>

namespace grpc {
class Service;
}  // namespace grpc

namespace timebank::rpc {

struct Backend;

[[nodiscard]] std::unique_ptr<grpc::Service> NewTransactionService(Backend* backend);
[[nodiscard]] std::unique_ptr<grpc::Service> NewLedgerService(Backend* backend);
[[nodiscard]] std::unique_ptr<grpc::Service> NewChainService(Backend* backend);
[[nodiscard]] std::unique_ptr<grpc::Service> NewNodeService(Backend* backend);

}  // namespace timebank::rpc
