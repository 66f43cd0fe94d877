#include "node/rpc/submit_call.h"

#include <utility>

#include "node/replica/receipts.h"
#include "node/rpc/receipt_access.h"
#include "node/rpc/transaction_service.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

// A reader may ask for what another node has just made final.
constexpr std::size_t kFirstAttempts = 2;

std::uint64_t HeightOf(const std::string& receipt) {
  v1::Receipt parsed;
  if (!parsed.ParseFromString(receipt)) return 0;
  const auto header = chain::DecodeHeader(AsBytes(parsed.header()));
  return header ? header->height.value() : 0;
}

}  // namespace

// ---- LiveCall. Its lock may be held when the desk's is taken, never the other way round ----

bool LiveCall::Open(std::uint64_t until) {
  if (!backend_->calls.Add(shared_from_this())) {
    Fail(client::MakeError(v1::REASON_SHUTTING_DOWN));
    return false;
  }
  const std::scoped_lock lock(mutex_);
  if (ended_) return false;
  limit_ = backend_->desk->CallAt(until, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTime();
  });
  return true;
}

void LiveCall::OnCancel() { Fail(client::MakeError(v1::REASON_NOT_YET, "the call was given up")); }

void LiveCall::Listen(const Hash& id) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return;
  listening_ = id;
  backend_->desk->Listen(id, shared_from_this());
}

std::optional<std::uint64_t> LiveCall::Ask(ClientDesk::OnAnswer on_answer) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return std::nullopt;
  ticket_ = backend_->desk->Ask(std::move(on_answer));
  return ticket_;
}

void LiveCall::Retry(std::function<void()> again) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return;
  retry_ = backend_->desk->CallAt(platform::MonotonicMs() + kReceiptRetryMs, std::move(again));
}

bool LiveCall::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

bool LiveCall::Claim() {
  const std::scoped_lock lock(mutex_);
  if (ended_) return false;
  ended_ = true;
  backend_->desk->CallOff(limit_);
  backend_->desk->CallOff(retry_);
  if (listening_) backend_->desk->StopListening(*listening_, this);
  if (ticket_) backend_->desk->Forget(*ticket_);
  backend_->calls.Remove(this);
  return true;
}

void LiveCall::Fail(const client::Error& error) {
  if (Claim()) port_->Finish(&error);
}

// ---- SubmitCall ----

SubmitCall::SubmitCall(Backend* backend, UnaryPort* port, const v1::SubmitRequest& request,
                       v1::SubmitResponse* response)
    : LiveCall(backend, port),
      envelope_(request.envelope()),
      wait_(request.wait_ms() > 0),
      min_height_(request.min_height()),
      response_(response) {}

std::shared_ptr<SubmitCall> SubmitCall::Self() {
  return std::static_pointer_cast<SubmitCall>(shared_from_this());
}

void SubmitCall::Begin(std::uint64_t until) {
  ++backend().metrics->submitted;
  const v1::Reason closed = backend().ClosedBecause();
  if (closed != v1::REASON_UNSPECIFIED) return Fail(client::MakeError(closed));
  auto transaction = replica::ReadTransaction(std::move(envelope_), backend().chain_id);
  if (!transaction) {
    backend().metrics->CountRefusal(transaction.error());
    return Fail(client::MakeError(transaction.error()));
  }
  transaction_ = std::move(*transaction);
  if (!Open(until)) return;
  const std::uint64_t wait = std::min(until, platform::MonotonicMs() + kMinHeightWaitMs);
  backend().desk->WhenHeight(
      min_height_, wait, transaction_->envelope.size(), [self = Self()](bool reached) {
        if (reached) return self->Admit();
        self->Fail(client::MakeError(
            v1::REASON_NOT_YET,
            "this node has not reached height " + std::to_string(self->min_height_.value())));
      });
}

void SubmitCall::OnTime() { Fail(backend().NotFinal(transaction_->transaction.id)); }

void SubmitCall::Admit() {
  if (wait_) Listen(transaction_->transaction.id);
  const auto ticket =
      Ask([self = Self()](const replica::SubmitAnswer& answer) { self->OnAnswer(answer); });
  if (!ticket) return;
  if (backend().inbox->PutClient({.ticket = *ticket, .transaction = transaction_})) return;
  Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

void SubmitCall::OnAnswer(const replica::SubmitAnswer& answer) {
  judged_height_ = answer.judged_height.value();
  if (answer.final_height) return FetchReceipt(kReceiptAttempts);
  if (answer.reason != v1::REASON_UNSPECIFIED) {
    backend().metrics->CountRefusal(answer.reason);
    return Refuse(answer);
  }
  if (wait_) return;  // the receipt follows
  if (!Claim()) return;
  response_->set_transaction_id(answer.id.str());
  response_->set_judged_height(answer.judged_height.value());
  Finish();
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
  Succeed(*receipt);
}

void SubmitCall::OnDropped(const replica::SubmitAnswer& answer) { Refuse(answer); }

void SubmitCall::Succeed(const std::string& receipt) {
  if (!Claim()) return;
  response_->set_transaction_id(transaction_->transaction.id.str());
  response_->set_receipt(receipt);
  response_->set_judged_height(judged_height_);
  Finish();
}

void SubmitCall::FetchReceipt(std::size_t attempts) {
  const bool asked =
      backend().inbox->PutQuery([self = Self(), attempts](replica::Replica& replica) {
        if (self->ended()) return;
        const Hash& id = self->transaction_->transaction.id;
        const auto receipt = replica.FindReceipt(id, {});
        if (receipt) return self->Succeed(*receipt);
        const client::Error why = WhyNoReceipt(*self->backend().index, id);
        if (attempts == 0 || why.reason == v1::REASON_BLOCK_DAMAGED) return self->Fail(why);
        self->Retry([weak = std::weak_ptr(self), attempts] {
          if (const auto call = weak.lock()) call->FetchReceipt(attempts - 1);
        });
      });
  if (!asked) Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

// ---- ReceiptCall ----

ReceiptCall::ReceiptCall(Backend* backend, UnaryPort* port, Request request,
                         v1::GetReceiptResponse* response)
    : LiveCall(backend, port), request_(std::move(request)), response_(response) {}

std::shared_ptr<ReceiptCall> ReceiptCall::Self() {
  return std::static_pointer_cast<ReceiptCall>(shared_from_this());
}

void ReceiptCall::Begin(std::uint64_t until) {
  if (!Open(until)) return;
  if (request_.wait) Listen(request_.id);
  Look(kFirstAttempts);
}

void ReceiptCall::OnTime() {
  Fail(request_.wait ? backend().NotFinal(request_.id) : NoReceipt(request_.id));
}

void ReceiptCall::OnFinal(const replica::FinalBlock& /*block*/,
                          std::span<const std::size_t> /*rows*/) {
  Look(kReceiptAttempts);
}

void ReceiptCall::OnDropped(const replica::SubmitAnswer& answer) {
  Fail(client::MakeError(answer.reason));
}

void ReceiptCall::Look(std::size_t attempts) {
  const auto row = backend().index->FindTransaction(request_.id);
  const auto now = backend().loop->published();
  // The database may be a block ahead of the published state, by which the viewer is judged.
  if (!row || row->height > now->final.header.height) {
    if (attempts > 0) {
      return Retry([weak = std::weak_ptr(Self()), attempts] {
        if (const auto self = weak.lock()) self->Look(attempts - 1);
      });
    }
    if (!request_.wait) Fail(NoReceipt(request_.id));
    return;
  }
  auto lines = LinesToShow({.row = *row,
                            .wanted = request_.lines,
                            .viewer = request_.viewer,
                            .state = *now->final.state},
                           *backend().index);
  if (!lines) return Fail(lines.error());
  Fetch(std::move(*lines), kReceiptAttempts);
}

void ReceiptCall::Fetch(std::vector<std::uint32_t> lines, std::size_t attempts) {
  const bool asked = backend().inbox->PutQuery(
      [self = Self(), lines = std::move(lines), attempts](replica::Replica& replica) {
        if (self->ended()) return;
        const auto receipt = replica.FindReceipt(self->request_.id, lines);
        if (receipt) {
          if (!self->Claim()) return;
          self->response_->set_receipt(*receipt);
          self->response_->set_height(HeightOf(*receipt));
          return self->Finish();
        }
        const client::Error why = WhyNoReceipt(*self->backend().index, self->request_.id);
        if (attempts == 0 || why.reason == v1::REASON_BLOCK_DAMAGED) return self->Fail(why);
        self->Retry([weak = std::weak_ptr(self), lines, attempts] {
          if (const auto call = weak.lock()) call->Fetch(lines, attempts - 1);
        });
      });
  if (!asked) Fail(client::MakeError(v1::REASON_INBOX_FULL));
}

}  // namespace timebank::rpc
