#include "api/client/dev_clock.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "chain/domains.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {
namespace {

constexpr std::uint32_t kDeadlineMs = 10'000;

struct Call {
  grpc::ClientContext context;
  grpc::Status status;
  v1::SetClockResponse response;
};

}  // namespace

class DevClock::Impl {
 public:
  Impl(std::span<const NodeAddress> nodes, const chain::Genesis& genesis, crypto::SecretKey dev_key)
      : chain_id_(genesis.chain_id), dev_key_(std::move(dev_key)) {
    for (const NodeAddress& node : nodes) {
      stubs_.push_back(v1::NodeService::NewStub(ChannelTo(node, genesis)));
    }
  }

  // All nodes at once: a leader whose clock runs ahead of the voters' would lose its view.
  Expected<std::int64_t, Error> SetOffset(std::int64_t offset_ms) {
    v1::ClockCommand command;
    command.set_version(1);
    command.set_offset_ms(offset_ms);
    v1::SetClockRequest request;
    request.set_command(command.SerializeAsString());
    request.set_signature(crypto::SuitedSignature(dev_key_.Sign(
        chain::SignedBytes(chain::kDevClockDomain, chain_id_, {AsBytes(request.command())}))));
    grpc::CompletionQueue queue;
    std::deque<Call> calls;
    std::vector<std::unique_ptr<grpc::ClientAsyncResponseReader<v1::SetClockResponse>>> readers;
    for (const auto& stub : stubs_) {
      Call& call = calls.emplace_back();
      call.context.set_deadline(std::chrono::system_clock::now() +
                                std::chrono::milliseconds(kDeadlineMs));
      readers.push_back(stub->AsyncSetClock(&call.context, request, &queue));
      readers.back()->Finish(&call.response, &call.status, &call);
    }
    void* tag = nullptr;
    bool ok = false;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (!queue.Next(&tag, &ok)) break;
    }
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
    for (const Call& call : calls) {
      if (!call.status.ok()) return Unexpected{FromStatus(call.status)};
    }
    return offset_ms;
  }

 private:
  const Hash chain_id_;
  const crypto::SecretKey dev_key_;
  std::vector<std::unique_ptr<v1::NodeService::Stub>> stubs_;
};

DevClock::DevClock(std::span<const NodeAddress> nodes, const chain::Genesis& genesis,
                   crypto::SecretKey dev_key)
    : impl_(std::make_unique<Impl>(nodes, genesis, std::move(dev_key))) {}
DevClock::~DevClock() = default;

Expected<std::int64_t, Error> DevClock::SetOffset(std::int64_t offset_ms) {
  return impl_->SetOffset(offset_ms);
}

Expected<std::int64_t, Error> DevClock::SetLedgerTime(Millis ledger_now) {
  const std::uint64_t wall = platform::WallTime().value();
  return SetOffset(static_cast<std::int64_t>(ledger_now.value()) - static_cast<std::int64_t>(wall));
}

}  // namespace timebank::client
