#include "node/rpc/transaction_service.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "chain/transaction.h"
#include "node/rpc/services.h"
#include "node/rpc/submit_call.h"
#include "node/rpc/submit_frame.h"
#include "node/rpc/submit_stream.h"
#include "node/rpc/unary.h"
#include "platform/clock.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc {

namespace {

// Answers are sent so long before the caller's deadline that our own words arrive, not gRPC's.
constexpr std::uint64_t kDeadlineMarginMs = 150;
// Of parsed requests, with room for fields of later versions.
constexpr std::size_t kSubmitBytesMax = chain::kEnvelopeSizeMax + 1024;
constexpr std::size_t kGetReceiptBytesMax = 4096;

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

// gRPC's side of one unary call. Lives until OnDone.
class CallReactor final : public grpc::ServerUnaryReactor, public UnaryPort {
 public:
  // Before anything can end the call.
  void Hold(std::shared_ptr<LiveCall> call) { call_ = std::move(call); }
  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override { delete this; }
  void Finish(const client::Error* error) override {
    ServerUnaryReactor::Finish(error == nullptr ? grpc::Status::OK : client::ToStatus(*error));
  }

 private:
  std::shared_ptr<LiveCall> call_;
};

// gRPC's side of one SubmitStream, raw: frames are measured before they are parsed. Lives until
// OnDone.
class StreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                            public StreamPort {
 public:
  StreamReactor(Backend* backend, std::string bucket)
      : stream_(std::make_shared<SubmitStream>(backend, this, std::move(bucket))) {
    stream_->Begin();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return stream_->OnEnd();
    grpc::Slice bytes;
    auto frame =
        request_.DumpToSingleSlice(&bytes).ok()
            ? ReadFrame(ByteView(reinterpret_cast<const std::byte*>(bytes.begin()), bytes.size()))
            : std::nullopt;
    request_.Clear();
    if (!frame) {
      return stream_->GiveUp(
          client::MakeError(v1::REASON_BAD_FIELD, "not a frame, or too many fields in it"));
    }
    stream_->OnFrame(std::move(*frame));
  }
  void OnWriteDone(bool ok) override { stream_->OnWritten(ok); }
  void OnCancel() override { stream_->OnCancel(); }
  void OnDone() override { delete this; }

  void Write(v1::SubmitStreamResponse response) override {
    bool own_buffer = false;
    response_.Clear();
    const grpc::Status made = grpc::SerializationTraits<v1::SubmitStreamResponse>::Serialize(
        response, &response_, &own_buffer);
    TB_CHECK(made.ok());  // fails for messages above 2 GiB only
    StartWrite(&response_);
  }
  void Read() override { StartRead(&request_); }
  void Run(std::function<void()> work) override {
    auto* alarm = new grpc::Alarm;
    alarm->Set(std::chrono::system_clock::now(), [alarm, work = std::move(work)](bool /*ok*/) {
      work();
      delete alarm;
    });
  }
  void Finish(const client::Error* error) override {
    ServerBidiReactor::Finish(error == nullptr ? grpc::Status::OK : client::ToStatus(*error));
  }

 private:
  std::shared_ptr<SubmitStream> stream_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

using Base = v1::TransactionService::WithCallbackMethod_Submit<
    v1::TransactionService::WithRawCallbackMethod_SubmitStream<
        v1::TransactionService::WithCallbackMethod_GetReceipt<v1::TransactionService::Service>>>;

class Service final : public Base {
 public:
  explicit Service(Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitResponse* response) override {
    if (const auto refused = Precheck(*context, *request, kSubmitBytesMax)) {
      return EndCall(context, &*refused);
    }
    // Without a wait the verdict is still waited for.
    const std::uint64_t wait = request->wait_ms() > 0 ? request->wait_ms() : kWaitMsMax;
    auto* reactor = new CallReactor;
    const auto call = std::make_shared<SubmitCall>(backend_, reactor, *request, response);
    reactor->Hold(call);
    call->Begin(AnswerBy(*context, wait));
    return reactor;
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* SubmitStream(
      grpc::CallbackServerContext* context) override {
    return new StreamReactor(backend_, BucketOf(context->peer()));
  }

  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const v1::GetReceiptRequest* request,
                                       v1::GetReceiptResponse* response) override {
    if (const auto refused = Precheck(*context, *request, kGetReceiptBytesMax)) {
      return EndCall(context, &*refused);
    }
    const auto id = Hash::From(request->transaction_id());
    const bool ascending =
        std::ranges::adjacent_find(request->lines(), std::ranges::greater_equal{}) ==
        request->lines().end();
    if (!id || !ascending) {
      const client::Error error =
          client::MakeError(v1::REASON_BAD_FIELD, "transaction_id has 32 bytes, lines ascend");
      return EndCall(context, &error);
    }
    const auto now = backend_->loop->published();
    const bool wait = request->wait_ms() > 0;
    auto* reactor = new CallReactor;
    const auto call = std::make_shared<ReceiptCall>(
        backend_, reactor,
        ReceiptCall::Request{.id = *id,
                             .lines = {request->lines().begin(), request->lines().end()},
                             .viewer = ViewerOf(*backend_, *context, *now->final.state),
                             .wait = wait},
        response);
    reactor->Hold(call);
    call->Begin(AnswerBy(*context, wait ? request->wait_ms() : kWaitMsMax));
    return reactor;
  }

 private:
  // The rate limit, and the size of the parsed request, which lives as long as its call: fields
  // that we do not know take more room than they took on the wire.
  [[nodiscard]] std::optional<client::Error> Precheck(const grpc::CallbackServerContext& context,
                                                      const google::protobuf::Message& request,
                                                      std::size_t bytes_max) const {
    if (auto limited = CheckRate(*backend_, context)) return limited;
    if (request.ByteSizeLong() <= bytes_max) return std::nullopt;
    return client::MakeError(v1::REASON_OVERSIZE, "request");
  }

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
