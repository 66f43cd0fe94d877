#include "node/rpc/submit_stream.h"

#include <utility>
#include <vector>

#include "node/replica/receipts.h"
#include "node/rpc/transaction_service.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

// Results and proofs of one response: about 1 MiB at most (a proof is about 1 KiB).
constexpr std::size_t kResponseItemsMax = 1000;
constexpr std::size_t kReceiptAttempts = 40;
constexpr std::uint64_t kReceiptRetryMs = 50;
constexpr std::uint64_t kRatePauseMs = 20;

}  // namespace

void SubmitStream::OnFrame(v1::SubmitStreamRequest frame) {
  if (static_cast<std::size_t>(frame.envelopes_size()) > kSubmitFrameTransactionsMax) {
    const client::Error error = client::MakeError(v1::REASON_TOO_MANY_LINES, "frame");
    const std::scoped_lock lock(mutex_);
    return End(&error);
  }
  const Height wanted(frame.min_height());
  const std::uint64_t now = platform::MonotonicMs();
  auto shared = std::make_shared<v1::SubmitStreamRequest>(std::move(frame));
  if (!MayTake(static_cast<std::size_t>(shared->envelopes_size()))) {
    return backend_->desk->CallAt(now + kRatePauseMs, [self = shared_from_this(), shared] {
      self->OnFrame(std::move(*shared));
    });
  }
  backend_->desk->WhenHeight(wanted, now + kMinHeightWaitMs,
                             [self = shared_from_this(), shared](bool reached) {
                               if (reached) return self->Admit(std::move(*shared));
                               const client::Error error = client::MakeError(v1::REASON_NOT_YET);
                               const std::scoped_lock lock(self->mutex_);
                               self->End(&error);
                             });
}

bool SubmitStream::MayTake(std::size_t transactions) const {
  return backend_->limit->Allow(connection_, kRequestCost + transactions * kFrameTransactionCost,
                                platform::MonotonicMs());
}

void SubmitStream::Admit(v1::SubmitStreamRequest frame) {
  for (std::string& envelope : *frame.mutable_envelopes()) {
    Submit(next_sequence_++, std::move(envelope));
  }
  const std::scoped_lock lock(mutex_);
  if (port_ == nullptr) return;
  paused_ = unanswered_ + in_flight_.size() >= kStreamInFlightMax;
  if (!paused_) port_->Read();
  Advance();
}

void SubmitStream::Submit(std::uint64_t sequence, std::string envelope) {
  ++backend_->metrics->submitted;
  v1::Reason reason = backend_->ClosedBecause();
  replica::SharedTransaction transaction;
  if (reason == v1::REASON_UNSPECIFIED) {
    auto read = replica::ReadTransaction(std::move(envelope), backend_->genesis.chain_id);
    if (read) {
      transaction = std::move(*read);
    } else {
      reason = read.error();
    }
  }
  if (!transaction) {
    backend_->metrics->CountRefusal(reason);
    const std::scoped_lock lock(mutex_);
    return Result(sequence, Hash{}, reason, Height(0));
  }
  const Hash id = transaction->transaction.id;
  {
    const std::scoped_lock lock(mutex_);
    if (port_ == nullptr) return;
    in_flight_.emplace(id, sequence);
    ++unanswered_;
  }
  backend_->desk->Listen(id, shared_from_this());
  const std::uint64_t ticket = backend_->desk->Ask(
      [self = shared_from_this(), sequence](const replica::SubmitAnswer& answer) {
        self->OnAnswer(sequence, answer);
      });
  if (backend_->inbox->PutClient({.ticket = ticket, .transaction = std::move(transaction)})) {
    return;
  }
  backend_->desk->Forget(ticket);
  OnAnswer(sequence, {.id = id, .reason = v1::REASON_INBOX_FULL});
}

void SubmitStream::OnAnswer(std::uint64_t sequence, const replica::SubmitAnswer& answer) {
  if (answer.reason != v1::REASON_UNSPECIFIED) {
    backend_->metrics->CountRefusal(answer.reason);
    backend_->desk->StopListening(answer.id, this);
  }
  {
    const std::scoped_lock lock(mutex_);
    --unanswered_;
    Result(sequence, answer.id, answer.final_height ? v1::REASON_UNSPECIFIED : answer.reason,
           answer.judged_height);
    if (answer.reason != v1::REASON_UNSPECIFIED && !answer.final_height) Settle(answer.id);
    Advance();
  }
  if (answer.final_height) FetchReceipt(answer.id, kReceiptAttempts);
}

void SubmitStream::OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) {
  if (!block.proven_by) {
    for (const std::size_t row : rows) FetchReceipt(block.rows[row].id, kReceiptAttempts);
    return;
  }
  const auto header = block.proven_by->Encode();
  const Bytes finalization = block.block.finalization.Encode();
  const std::scoped_lock lock(mutex_);
  v1::BlockReceipts* receipts = nullptr;
  v1::SubmitStreamResponse* of = nullptr;
  for (const std::size_t row : rows) {
    v1::SubmitStreamResponse& tail = Tail();
    if (of != &tail) {
      of = &tail;
      receipts = tail.add_receipts();
      receipts->set_header(ToString(header));
      receipts->set_finalization(ToString(finalization));
    }
    *receipts->add_proofs() = ProofOf(block, row);
    Settle(block.rows[row].id);
  }
  Advance();
}

void SubmitStream::OnDropped(const replica::SubmitAnswer& answer) {
  const std::scoped_lock lock(mutex_);
  const auto found = in_flight_.find(answer.id);
  if (found == in_flight_.end()) return;
  Result(found->second, answer.id, answer.reason, answer.judged_height);
  Settle(answer.id);
  Advance();
}

void SubmitStream::FetchReceipt(const Hash& id, std::size_t attempts) {
  const bool asked = backend_->inbox->PutQuery([self = shared_from_this(), id,
                                                attempts](replica::Replica& replica) {
    const auto receipt = replica.FindReceipt(id, {});
    if (receipt) return self->AddReceipt(id, *receipt);
    if (attempts > 0) {
      self->backend_->desk->CallAt(platform::MonotonicMs() + kReceiptRetryMs,
                                   [self, id, attempts] { self->FetchReceipt(id, attempts - 1); });
      return;
    }
    self->OnDropped({.id = id, .reason = v1::REASON_NOT_YET});
  });
  if (!asked) OnDropped({.id = id, .reason = v1::REASON_NOT_YET});
}

void SubmitStream::AddReceipt(const Hash& id, const std::string& receipt) {
  v1::Receipt parsed;
  if (!parsed.ParseFromString(receipt)) return;
  const std::scoped_lock lock(mutex_);
  v1::BlockReceipts* receipts = Tail().add_receipts();
  receipts->set_header(parsed.header());
  receipts->set_finalization(parsed.finalization());
  v1::TransactionProof* proof = receipts->add_proofs();
  proof->set_transaction_id(id.str());
  proof->set_log_index(parsed.log_index());
  *proof->mutable_log_path() = parsed.log_path();
  proof->set_line_count(static_cast<std::uint32_t>(parsed.lines_size()));
  for (const v1::ReceiptLine& line : parsed.lines()) proof->add_lines(line.line());
  Settle(id);
  Advance();
}

void SubmitStream::OnEnd() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  Advance();
}

void SubmitStream::OnWritten(bool ok) {
  const std::scoped_lock lock(mutex_);
  writing_ = false;
  if (!ok) return;  // OnCancel follows
  Advance();
}

void SubmitStream::OnCancel() {
  std::map<Hash, std::uint64_t> in_flight;
  {
    const std::scoped_lock lock(mutex_);
    in_flight.swap(in_flight_);
    const client::Error error = client::MakeError(v1::REASON_NOT_YET, "the call was given up");
    End(&error);
  }
  for (const auto& [id, sequence] : in_flight) backend_->desk->StopListening(id, this);
}

void SubmitStream::Result(std::uint64_t sequence, const Hash& id, v1::Reason reason,
                          Height judged) {
  v1::SubmitResult* result = Tail().add_results();
  result->set_sequence(sequence);
  if (!id.IsZero()) result->set_transaction_id(id.str());
  result->set_reason(reason);
  result->set_judged_height(judged.value());
}

v1::SubmitStreamResponse& SubmitStream::Tail() {
  if (out_.empty() || tail_items_ >= kResponseItemsMax) {
    out_.emplace_back();
    tail_items_ = 0;
  }
  ++tail_items_;
  return out_.back();
}

void SubmitStream::Settle(const Hash& id) { in_flight_.erase(id); }

void SubmitStream::Advance() {
  if (port_ == nullptr) return;
  const std::size_t open = unanswered_ + in_flight_.size();
  if (!writing_ && !out_.empty()) {
    writing_ = true;
    v1::SubmitStreamResponse response = std::move(out_.front());
    out_.pop_front();
    port_->Write(std::move(response));
  }
  if (paused_ && open < kStreamInFlightMax / 2) {
    paused_ = false;
    port_->Read();
  }
  if (ended_ && open == 0 && !writing_ && out_.empty()) End(nullptr);
}

void SubmitStream::End(const client::Error* error) {
  if (port_ == nullptr) return;
  StreamPort* port = std::exchange(port_, nullptr);
  out_.clear();
  port->Finish(error);
}

}  // namespace timebank::rpc
