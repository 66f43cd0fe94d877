#include "node/rpc/submit_call.h"

#include <grpcpp/support/server_callback.h>

#include <utility>

#include "node/replica/receipts.h"
#include "node/rpc/transaction_service.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

// A block may become final through a descendant that is not here yet: its receipt follows soon.
constexpr std::size_t kReceiptAttempts = 40;
constexpr std::uint64_t kReceiptRetryMs = 50;
constexpr std::size_t kFirstAttempts = 2;

std::uint64_t HeightOf(const std::string& receipt) {
  v1::Receipt parsed;
  if (!parsed.ParseFromString(receipt)) return 0;
  const auto header = chain::DecodeHeader(AsBytes(parsed.header()));
  return header ? header->height.value() : 0;
}

}  // namespace

void CallEnd::Finish() { reactor_->Finish(grpc::Status::OK); }
void CallEnd::Fail(const client::Error& error) { reactor_->Finish(client::ToStatus(error)); }

SubmitCall::SubmitCall(Backend* backend, grpc::ServerUnaryReactor* reactor,
                       const v1::SubmitRequest& request, v1::SubmitResponse* response)
    : backend_(backend),
      end_(reactor),
      envelope_(request.envelope()),
      wait_(request.wait_ms() > 0),
      min_height_(request.min_height()),
      response_(response) {}

void SubmitCall::Begin(std::uint64_t until) {
  until_ = until;
  ++backend_->metrics->submitted;
  const v1::Reason closed = backend_->ClosedBecause();
  if (closed != v1::REASON_UNSPECIFIED) return Fail(client::MakeError(closed));
  auto transaction = replica::ReadTransaction(std::move(envelope_), backend_->genesis.chain_id);
  if (!transaction) {
    backend_->metrics->CountRefusal(transaction.error());
    return Fail(client::MakeError(transaction.error()));
  }
  transaction_ = std::move(*transaction);
  const std::uint64_t wait = std::min(until_, platform::MonotonicMs() + kMinHeightWaitMs);
  backend_->desk->WhenHeight(min_height_, wait, [self = shared_from_this()](bool reached) {
    if (reached) return self->Admit();
    self->Fail(client::MakeError(
        v1::REASON_NOT_YET,
        "this node has not reached height " + std::to_string(self->min_height_.value())));
  });
}

void SubmitCall::Admit() {
  const Hash id = transaction_->transaction.id;
  if (wait_) {
    backend_->desk->Listen(id, shared_from_this());
    backend_->desk->CallAt(
        until_, [self = shared_from_this(), id] { self->Fail(self->backend_->NotFinal(id)); });
  }
  const std::uint64_t ticket = backend_->desk->Ask(
      [self = shared_from_this()](const replica::SubmitAnswer& answer) { self->OnAnswer(answer); });
  if (backend_->inbox->PutClient({.ticket = ticket, .transaction = transaction_})) return;
  backend_->desk->Forget(ticket);
  Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

void SubmitCall::OnAnswer(const replica::SubmitAnswer& answer) {
  judged_height_ = answer.judged_height.value();
  if (answer.final_height) return FetchReceipt(kReceiptAttempts);
  if (answer.reason != v1::REASON_UNSPECIFIED) {
    backend_->metrics->CountRefusal(answer.reason);
    return Refuse(answer);
  }
  if (wait_) return;  // the receipt follows
  if (!end_.Claim()) return;
  response_->set_transaction_id(answer.id.str());
  response_->set_judged_height(answer.judged_height.value());
  end_.Finish();
}

void SubmitCall::Refuse(const replica::SubmitAnswer& answer) {
  client::Error error = client::MakeError(answer.reason);
  error.metadata[std::string(client::kTransactionIdKey)] = ToHex(answer.id.view());
  error.metadata[std::string(client::kHeightKey)] = std::to_string(answer.judged_height.value());
  Fail(error);
}

void SubmitCall::OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) {
  const auto receipt = replica::MakeReceipt(block, rows.front(), {});
  if (!receipt) return FetchReceipt(kReceiptAttempts);
  if (!end_.Claim()) return;
  response_->set_transaction_id(transaction_->transaction.id.str());
  response_->set_receipt(*receipt);
  response_->set_judged_height(judged_height_);
  end_.Finish();
}

void SubmitCall::OnDropped(const replica::SubmitAnswer& answer) { Refuse(answer); }

void SubmitCall::FetchReceipt(std::size_t attempts) {
  const Hash id = transaction_->transaction.id;
  const bool asked = backend_->inbox->PutQuery(
      [self = shared_from_this(), id, attempts](replica::Replica& replica) {
        const auto receipt = replica.FindReceipt(id, {});
        if (receipt) {
          if (!self->end_.Claim()) return;
          self->response_->set_transaction_id(id.str());
          self->response_->set_receipt(*receipt);
          self->response_->set_judged_height(self->judged_height_);
          return self->end_.Finish();
        }
        if (attempts == 0 || platform::MonotonicMs() >= self->until_) {
          return self->Fail(self->backend_->NotFinal(id));
        }
        self->backend_->desk->CallAt(platform::MonotonicMs() + kReceiptRetryMs,
                                     [self, attempts] { self->FetchReceipt(attempts - 1); });
      });
  if (!asked) Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

void SubmitCall::Fail(const client::Error& error) {
  if (!end_.Claim()) return;
  if (transaction_) backend_->desk->StopListening(transaction_->transaction.id, this);
  end_.Fail(error);
}

ReceiptCall::ReceiptCall(Backend* backend, grpc::ServerUnaryReactor* reactor, const Hash& id,
                         std::vector<std::uint32_t> lines, v1::GetReceiptResponse* response)
    : backend_(backend), end_(reactor), id_(id), lines_(std::move(lines)), response_(response) {}

void ReceiptCall::Begin(std::uint64_t until, bool wait) {
  if (wait) {
    backend_->desk->Listen(id_, shared_from_this());
    backend_->desk->CallAt(
        until, [self = shared_from_this()] { self->Fail(self->backend_->NotFinal(self->id_)); });
  }
  Fetch(kFirstAttempts, /*last=*/!wait);
}

void ReceiptCall::OnFinal(const replica::FinalBlock& /*block*/,
                          std::span<const std::size_t> /*rows*/) {
  Fetch(kReceiptAttempts, /*last=*/true);
}

void ReceiptCall::OnDropped(const replica::SubmitAnswer& answer) {
  Fail(client::MakeError(answer.reason));
}

void ReceiptCall::Fetch(std::size_t attempts, bool last) {
  const bool asked = backend_->inbox->PutQuery(
      [self = shared_from_this(), attempts, last](replica::Replica& replica) {
        const auto receipt = replica.FindReceipt(self->id_, self->lines_);
        if (receipt) {
          if (!self->end_.Claim()) return;
          self->response_->set_receipt(*receipt);
          self->response_->set_height(HeightOf(*receipt));
          return self->end_.Finish();
        }
        if (attempts > 0) {
          self->backend_->desk->CallAt(platform::MonotonicMs() + kReceiptRetryMs,
                                       [self, attempts, last] { self->Fetch(attempts - 1, last); });
          return;
        }
        if (last) {
          self->Fail(client::MakeError(v1::REASON_NOT_FOUND,
                                       "no final transaction " + ToHex(self->id_.view())));
        }
      });
  if (!asked) Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

void ReceiptCall::Fail(const client::Error& error) {
  if (!end_.Claim()) return;
  backend_->desk->StopListening(id_, this);
  end_.Fail(error);
}

}  // namespace timebank::rpc
