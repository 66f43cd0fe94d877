#include "api/client/submit_round.h"

#include <grpcpp/grpcpp.h>
#include <algorithm>

#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {

namespace {

// Beyond the wait that the node was asked for, so that its own words arrive.
constexpr std::uint32_t kDeadlineMarginMs = 1000;

struct Call {
  std::unique_ptr<v1::TransactionService::Stub> stub;
  grpc::ClientContext context;
  v1::SubmitResponse response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::SubmitResponse>> reader;
};

class Round {
 public:
  Round(const SubmitPlan& plan, const SignedTransaction& transaction)
      : plan_(plan), transaction_(transaction), agree_(plan.genesis.validators.max_faulty() + 1) {}

  SubmitOutcome Run() {
    for (std::size_t i = 0; i < plan_.at_once; ++i) AskNext();
    std::optional<SubmitOutcome> outcome;
    while (open_ > 0) {
      const Call& call = NextAnswered();
      // Once it is known, the calls still open are given up and only waited for.
      if (outcome) continue;
      outcome = Judge(call);
      if (!outcome) continue;
      for (const auto& other : calls_) other->context.TryCancel();
    }
    queue_.Shutdown();
    return outcome ? std::move(*outcome) : Unknown{transaction_.id, WhyUnknown()};
  }

 private:
  void AskNext() {
    if (calls_.size() >= plan_.nodes.size()) return;
    auto call = std::make_unique<Call>();
    call->stub = v1::TransactionService::NewStub(plan_.nodes[calls_.size()]);
    v1::SubmitRequest request;
    request.set_envelope(transaction_.envelope);
    request.set_wait_ms(plan_.wait_ms);
    request.set_min_height(plan_.min_height.value());
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::milliseconds(plan_.wait_ms + kDeadlineMarginMs));
    call->reader = call->stub->AsyncSubmit(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, call.get());
    calls_.push_back(std::move(call));
    ++open_;
  }

  // Requires: open_ > 0.
  const Call& NextAnswered() {
    void* tag = nullptr;
    bool ok = false;
    TB_CHECK(queue_.Next(&tag, &ok));
    --open_;
    return *static_cast<const Call*>(tag);
  }

  std::optional<SubmitOutcome> Judge(const Call& call) {
    if (call.status.ok()) return Accept(call.response);
    Error error = FromStatus(call.status);
    const bool refusal = error.reason != v1::REASON_UNSPECIFIED && !IsAboutTheNode(error.reason);
    if (refusal) {
      ++refusals_;
      judged_ = std::min(judged_, Height(error.Number(kHeightKey)));
      if (!refused_) refused_ = std::move(error);
      if (refusals_ >= agree_) return Refused{transaction_.id, *refused_, judged_};
    } else if (!last_ || error.reason != v1::REASON_UNSPECIFIED) {
      last_ = std::move(error);  // a node's own words say more than a broken connection
    }
    AskNext();
    return std::nullopt;
  }

  // A receipt counts once it is verified and is of this transaction; any other answer of this node
  // is worth nothing.
  std::optional<SubmitOutcome> Accept(const v1::SubmitResponse& response) {
    auto verified = chain::VerifyReceipt(AsBytes(response.receipt()), plan_.genesis);
    if (verified && verified->transaction_id == transaction_.id) {
      return Recorded{transaction_.id, response.receipt(), std::move(*verified)};
    }
    last_ = MakeError(v1::REASON_NOT_YET,
                      verified ? "a node sent the receipt of another transaction"
                               : "a node sent a receipt that does not verify (" +
                                     std::string(chain::Describe(verified.error())) + ")");
    AskNext();
    return std::nullopt;
  }

  Error WhyUnknown() const {
    if (refused_) {
      Error error = *refused_;
      error.message = std::to_string(refusals_) + " of " + std::to_string(agree_) +
                      " validators that must agree refuse: " + error.message +
                      "; name more nodes or ask again";
      return error;
    }
    return last_.value_or(MakeError(v1::REASON_NOT_YET, "no node answered"));
  }

  const SubmitPlan& plan_;
  const SignedTransaction& transaction_;
  const std::size_t agree_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::size_t open_ = 0;
  std::size_t refusals_ = 0;
  Height judged_{~std::uint64_t{0}};  // the lowest of the refusals
  std::optional<Error> refused_;
  std::optional<Error> last_;
};

}  // namespace

SubmitOutcome SubmitRound(const SubmitPlan& plan, const SignedTransaction& transaction) {
  return Round(plan, transaction).Run();
}

bool IsAboutTheNode(v1::Reason reason) {
  constexpr int kFirstServiceReason = 900;
  return static_cast<int>(reason) >= kFirstServiceReason;
}

}  // namespace timebank::client
