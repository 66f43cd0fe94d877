#include "api/client/submit_round.h"

#include <grpcpp/grpcpp.h>
#include <algorithm>

#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "chain/transaction.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {

namespace {

// Beyond the wait that the node was asked for, so that its own words arrive.
constexpr std::uint32_t kDeadlineMarginMs = 1000;
// Without an answer for so long, one more node is asked; or, where enough have refused, who is
// silent is not waited for any longer.
constexpr std::chrono::milliseconds kPatience(1000);

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
    while (open_ > 0 && !outcome) {
      const Call* call = NextAnswered(std::chrono::system_clock::now() + kPatience);
      outcome = call != nullptr ? Judge(*call) : LosePatience();
    }
    // Once it is known, the calls still open are given up and only waited for.
    for (const auto& call : calls_) call->context.TryCancel();
    while (open_ > 0) (void)NextAnswered(std::chrono::system_clock::time_point::max());
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

  // Null when nobody answered until then. Requires: open_ > 0.
  const Call* NextAnswered(std::chrono::system_clock::time_point until) {
    void* tag = nullptr;
    bool ok = false;
    const auto next = queue_.AsyncNext(&tag, &ok, until);
    TB_CHECK(next != grpc::CompletionQueue::SHUTDOWN);
    if (next == grpc::CompletionQueue::TIMEOUT) return nullptr;
    --open_;
    return static_cast<const Call*>(tag);
  }

  std::optional<SubmitOutcome> Judge(const Call& call) {
    if (call.status.ok()) return Accept(call.response);
    Error error = FromStatus(call.status);
    const bool refusal = error.reason != v1::REASON_UNSPECIFIED && !IsAboutTheNode(error.reason);
    if (refusal) {
      ++refusals_;
      judged_ = std::min(judged_, Height(error.Number(kHeightKey)));
      may_pass_ = may_pass_ || !IsAboutTheBytes(error.reason);
      if (!refused_) refused_ = std::move(error);
    } else if (!last_ || error.reason != v1::REASON_UNSPECIFIED) {
      last_ = std::move(error);  // a node's own words say more than a broken connection
    }
    if (refusals_ >= agree_) return open_ == 0 ? Refuse() : std::nullopt;
    // While those who were asked can still agree, nobody else gets the transaction.
    if (!refusal || refusals_ + open_ < agree_) AskNext();
    return std::nullopt;
  }

  std::optional<SubmitOutcome> LosePatience() {
    if (refusals_ >= agree_) return Refuse();
    AskNext();
    return std::nullopt;
  }

  std::optional<SubmitOutcome> Refuse() const {
    Refused out{transaction_.id, *refused_, judged_, std::nullopt};
    const auto parsed =
        chain::ParseEnvelope(AsBytes(transaction_.envelope), plan_.genesis.chain_id);
    if (parsed && may_pass_) out.open_until = Millis(parsed->body.valid_until_ms());
    return out;
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
  bool may_pass_ = false;             // one of the refusals is of how things stand
  std::optional<Error> refused_;
  std::optional<Error> last_;
};

}  // namespace

SubmitOutcome SubmitRound(const SubmitPlan& plan, const SignedTransaction& transaction) {
  return Round(plan, transaction).Run();
}

bool IsAboutTheBytes(v1::Reason reason) {
  constexpr int kFirstReasonOfTheState = 100;
  return static_cast<int>(reason) < kFirstReasonOfTheState;
}

bool IsAboutTheNode(v1::Reason reason) {
  constexpr int kFirstServiceReason = 900;
  return static_cast<int>(reason) >= kFirstServiceReason;
}

}  // namespace timebank::client
