#include "node/rpc/transaction_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "node/rpc/services.h"
#include "node/rpc/submit_call.h"
#include "node/rpc/submit_stream.h"
#include "node/rpc/unary.h"
#include "platform/clock.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc {

namespace {

// Answers are sent so long before the caller's deadline that our own words arrive, not gRPC's.
constexpr std::uint64_t kDeadlineMarginMs = 150;

// When a call that may wait `wait_ms` has to be answered, by MonotonicMs.
std::uint64_t AnswerBy(const grpc::CallbackServerContext& context, std::uint64_t wait_ms) {
  const std::uint64_t now = platform::MonotonicMs();
  std::uint64_t left = std::min(wait_ms, kWaitMsMax);
  const auto until_deadline = std::chrono::duration_cast<std::chrono::milliseconds>(
                                  context.deadline() - std::chrono::system_clock::now())
                                  .count();
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    const auto millis = static_cast<std::uint64_t>(std::max<std::int64_t>(until_deadline, 0));
    left = std::min(left, millis > 2 * kDeadlineMarginMs ? millis - kDeadlineMarginMs : millis / 2);
  }
  return now + left;
}

// gRPC's side of one SubmitStream. Lives until OnDone.
class StreamReactor final
    : public grpc::ServerBidiReactor<v1::SubmitStreamRequest, v1::SubmitStreamResponse>,
      public StreamPort {
 public:
  StreamReactor(Backend* backend, std::string connection)
      : stream_(std::make_shared<SubmitStream>(backend, this, std::move(connection))) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return stream_->OnEnd();
    stream_->OnFrame(std::move(request_));
  }
  void OnWriteDone(bool ok) override { stream_->OnWritten(ok); }
  void OnCancel() override { stream_->OnCancel(); }
  void OnDone() override { delete this; }

  void Write(v1::SubmitStreamResponse response) override {
    response_ = std::move(response);
    StartWrite(&response_);
  }
  void Read() override {
    request_.Clear();
    StartRead(&request_);
  }
  void Finish(const client::Error* error) override {
    ServerBidiReactor::Finish(error == nullptr ? grpc::Status::OK : client::ToStatus(*error));
  }

 private:
  std::shared_ptr<SubmitStream> stream_;
  v1::SubmitStreamRequest request_;
  v1::SubmitStreamResponse response_;
};

class Service final : public v1::TransactionService::CallbackService {
 public:
  explicit Service(Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitResponse* response) override {
    if (const auto limited = CheckRate(*backend_, *context)) return EndCall(context, &*limited);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    // Without a wait the verdict is still waited for.
    const std::uint64_t wait = request->wait_ms() > 0 ? request->wait_ms() : kWaitMsMax;
    std::make_shared<SubmitCall>(backend_, reactor, *request, response)
        ->Begin(AnswerBy(*context, wait));
    return reactor;
  }

  grpc::ServerBidiReactor<v1::SubmitStreamRequest, v1::SubmitStreamResponse>* SubmitStream(
      grpc::CallbackServerContext* context) override {
    return new StreamReactor(backend_, context->peer());
  }

  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const v1::GetReceiptRequest* request,
                                       v1::GetReceiptResponse* response) override {
    if (const auto limited = CheckRate(*backend_, *context)) return EndCall(context, &*limited);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const auto id = Hash::From(request->transaction_id());
    const bool ascending =
        std::ranges::adjacent_find(request->lines(), std::ranges::greater_equal{}) ==
        request->lines().end();
    if (!id || !ascending) {
      reactor->Finish(client::ToStatus(
          client::MakeError(v1::REASON_BAD_FIELD, "transaction_id has 32 bytes, lines ascend")));
      return reactor;
    }
    std::make_shared<ReceiptCall>(
        backend_, reactor, *id,
        std::vector<std::uint32_t>(request->lines().begin(), request->lines().end()), response)
        ->Begin(AnswerBy(*context, request->wait_ms()), request->wait_ms() > 0);
    return reactor;
  }

 private:
  Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewTransactionService(Backend* backend) {
  return std::make_unique<Service>(backend);
}

v1::TransactionProof ProofOf(const replica::FinalBlock& block, std::size_t row) {
  v1::TransactionProof out;
  const replica::TransactionRow& from = block.rows[row];
  out.set_transaction_id(from.id.str());
  out.set_log_index(from.log_index);
  for (const Hash& hash : block.log_paths[row]) out.add_log_path(hash.str());
  out.set_line_count(static_cast<std::uint32_t>(from.lines.size()));
  for (const std::string& line : from.lines) out.add_lines(line);
  return out;
}

}  // namespace timebank::rpc
