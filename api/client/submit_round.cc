#include "api/client/submit_round.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {

namespace {

// Beyond the wait that the node was asked for, so that its own words arrive.
constexpr std::uint32_t kDeadlineMarginMs = 1000;

// One call; shared with gRPC, which may answer after the round is over.
struct Call {
  std::unique_ptr<v1::TransactionService::Stub> stub;
  grpc::ClientContext context;
  v1::SubmitRequest request;
  v1::SubmitResponse response;
};

struct Reply {
  grpc::Status status;
  v1::SubmitResponse response;
};

// Replies in the order in which they come.
struct Replies {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Reply> waiting;
};

class Round {
 public:
  Round(const SubmitPlan& plan, const SignedTransaction& transaction)
      : plan_(plan),
        transaction_(transaction),
        agree_(plan.genesis.validators.max_faulty() + 1),
        replies_(std::make_shared<Replies>()) {}

  SubmitOutcome Run() {
    for (std::size_t i = 0; i < plan_.at_once; ++i) AskNext();
    while (open_ > 0) {
      const Reply reply = Next();
      --open_;
      if (auto verdict = Judge(reply)) {
        for (const auto& call : calls_) call->context.TryCancel();
        return std::move(*verdict);
      }
    }
    return Unknown{transaction_.id, WhyUnknown()};
  }

 private:
  void AskNext() {
    if (calls_.size() >= plan_.nodes.size()) return;
    auto call = std::make_shared<Call>();
    call->stub = v1::TransactionService::NewStub(plan_.nodes[calls_.size()]);
    call->request.set_envelope(transaction_.envelope);
    call->request.set_wait_ms(plan_.wait_ms);
    call->request.set_min_height(plan_.min_height.value());
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::milliseconds(plan_.wait_ms + kDeadlineMarginMs));
    calls_.push_back(call);
    ++open_;
    call->stub->async()->Submit(&call->context, &call->request, &call->response,
                                [call, replies = replies_](const grpc::Status& status) {
                                  const std::scoped_lock lock(replies->mutex);
                                  replies->waiting.push_back({status, std::move(call->response)});
                                  replies->arrived.notify_one();
                                });
  }

  Reply Next() {
    std::unique_lock lock(replies_->mutex);
    replies_->arrived.wait(lock, [this] { return !replies_->waiting.empty(); });
    Reply reply = std::move(replies_->waiting.front());
    replies_->waiting.erase(replies_->waiting.begin());
    return reply;
  }

  std::optional<SubmitOutcome> Judge(const Reply& reply) {
    if (reply.status.ok()) return Accept(reply.response);
    Error error = FromStatus(reply.status);
    const bool refusal = error.reason != v1::REASON_UNSPECIFIED && !IsAboutTheNode(error.reason);
    if (refusal) {
      ++refusals_;
      if (!refused_) refused_ = std::move(error);
      if (refusals_ >= agree_) return Refused{transaction_.id, *refused_};
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
  std::shared_ptr<Replies> replies_;
  std::vector<std::shared_ptr<Call>> calls_;
  std::size_t open_ = 0;
  std::size_t refusals_ = 0;
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
