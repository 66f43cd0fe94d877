#include "node/rpc/submit_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "node/replica/receipts.h"
#include "node/rpc/receipt_access.h"
#include "node/rpc/transaction_service.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

// Results and proofs of one response; at least one, however large (a proof of one line is about
// 1 KiB, of a list up to 100 KiB).
constexpr std::size_t kResponseItemsMax = 1000;
constexpr std::size_t kResponseBytesMax = std::size_t{1} << 20;
constexpr std::size_t kResultBytes = 64;

}  // namespace

void SubmitStream::Begin() {
  if (!backend_->calls.Add(shared_from_this())) {
    return GiveUp(client::MakeError(v1::REASON_SHUTTING_DOWN));
  }
  const std::scoped_lock lock(mutex_);
  Advance();
}

// On gRPC's thread, and so is all the work that a frame makes: the desk's thread delivers
// everybody's receipts. A frame over the rate is taken as a debt, and the next one is read when
// that is paid.
void SubmitStream::OnFrame(v1::SubmitStreamRequest frame) {
  const auto count = static_cast<std::size_t>(frame.envelopes_size());
  if (count > kSubmitFrameTransactionsMax) {
    return GiveUp(client::MakeError(v1::REASON_TOO_MANY_LINES, "frame"));
  }
  const std::uint64_t now = platform::MonotonicMs();
  const std::uint64_t debt_ms =
      backend_->limit->Charge(bucket_, kRequestCost + count * kFrameTransactionCost, now);
  if (debt_ms > 0) {
    const std::scoped_lock lock(mutex_);
    HoldReadsUntil(now + debt_ms);
  }
  const Height wanted(frame.min_height());
  if (backend_->desk->HasReached(wanted)) return Admit(std::move(frame));
  const std::size_t bytes = frame.ByteSizeLong();
  auto shared = std::make_shared<v1::SubmitStreamRequest>(std::move(frame));
  backend_->desk->WhenHeight(
      wanted, now + kMinHeightWaitMs, bytes, [self = shared_from_this(), shared](bool reached) {
        if (!reached) return self->GiveUp(client::MakeError(v1::REASON_NOT_YET));
        const std::scoped_lock lock(self->mutex_);
        if (self->port_ == nullptr) return;
        self->port_->Run([self, shared] { self->Admit(std::move(*shared)); });
      });
}

void SubmitStream::HoldReadsUntil(std::uint64_t at) {
  if (port_ == nullptr) return;
  held_ = true;
  hold_ = backend_->desk->CallAt(at, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const std::scoped_lock lock(self->mutex_);
    self->held_ = false;
    self->Advance();
  });
}

void SubmitStream::Admit(v1::SubmitStreamRequest frame) {
  for (std::string& envelope : *frame.mutable_envelopes()) {
    Submit(next_sequence_++, std::move(envelope));
  }
  const std::scoped_lock lock(mutex_);
  reading_ = false;
  Advance();
}

void SubmitStream::Submit(std::uint64_t sequence, std::string envelope) {
  ++backend_->metrics->submitted;
  v1::Reason reason = backend_->ClosedBecause();
  replica::SharedTransaction transaction;
  if (reason == v1::REASON_UNSPECIFIED) {
    auto read = replica::ReadTransaction(std::move(envelope), backend_->chain_id);
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
    in_flight_[id].push_back(sequence);
    ++unanswered_;
    backend_->desk->Listen(id, shared_from_this());
  }
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
  const bool is_final = answer.final_height.has_value();
  if (answer.reason != v1::REASON_UNSPECIFIED) backend_->metrics->CountRefusal(answer.reason);
  {
    const std::scoped_lock lock(mutex_);
    --unanswered_;
    Result(sequence, answer.id, is_final ? v1::REASON_UNSPECIFIED : answer.reason,
           answer.judged_height);
    if (answer.reason != v1::REASON_UNSPECIFIED && !is_final) Withdraw(sequence, answer.id);
    Advance();
  }
  if (is_final) FetchReceipt(answer.id, kReceiptAttempts);
}

void SubmitStream::OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) {
  if (!block.proven_by || block.epochs == nullptr) {
    for (const std::size_t row : rows) FetchReceipt(block.rows[row].id, kReceiptAttempts);
    return;
  }
  const auto header = block.proven_by->Encode();
  const Bytes finalization = block.block.finalization.Encode();
  const std::scoped_lock lock(mutex_);
  v1::BlockReceipts* receipts = nullptr;
  v1::SubmitStreamResponse* of = nullptr;
  for (const std::size_t row : rows) {
    if (port_ == nullptr) return;
    v1::TransactionProof proof = ProofOf(block, row);
    v1::SubmitStreamResponse& tail = Tail(proof.ByteSizeLong());
    if (of != &tail) {
      of = &tail;
      receipts = tail.add_receipts();
      receipts->set_header(ToString(header));
      receipts->set_finalization(ToString(finalization));
      *receipts->mutable_epochs() = replica::LinksBefore(*block.proven_by, *block.epochs);
    }
    *receipts->add_proofs() = std::move(proof);
    Settle(block.rows[row].id);
  }
  Advance();
}

void SubmitStream::OnDropped(const replica::SubmitAnswer& answer) {
  const std::scoped_lock lock(mutex_);
  const auto found = in_flight_.find(answer.id);
  if (found == in_flight_.end()) return;
  for (const std::uint64_t sequence : found->second) {
    Result(sequence, answer.id, answer.reason, answer.judged_height);
  }
  Settle(answer.id);
  Advance();
}

void SubmitStream::FetchReceipt(const Hash& id, std::size_t attempts) {
  {
    const std::scoped_lock lock(mutex_);
    if (port_ == nullptr) return;
  }
  const bool asked = backend_->inbox->PutQuery(
      [self = shared_from_this(), id, attempts](replica::Replica& replica) {
        const auto receipt = replica.FindReceipt(id, {});
        if (receipt) return self->AddReceipt(id, *receipt);
        const v1::Reason why = WhyNoReceipt(*self->backend_->index, id).reason;
        if (attempts == 0 || why == v1::REASON_BLOCK_DAMAGED) {
          return self->OnDropped({.id = id, .reason = why});
        }
        self->backend_->desk->CallAt(platform::MonotonicMs() + kReceiptRetryMs,
                                     [weak = std::weak_ptr(self), id, attempts] {
                                       const auto stream = weak.lock();
                                       if (stream) stream->FetchReceipt(id, attempts - 1);
                                     });
      });
  if (!asked) OnDropped({.id = id, .reason = v1::REASON_NOT_YET});
}

void SubmitStream::AddReceipt(const Hash& id, const std::string& receipt) {
  v1::Receipt parsed;
  if (!parsed.ParseFromString(receipt)) {
    return OnDropped({.id = id, .reason = v1::REASON_BLOCK_DAMAGED});
  }
  const std::scoped_lock lock(mutex_);
  if (port_ == nullptr) return;
  v1::BlockReceipts* receipts = Tail(receipt.size()).add_receipts();
  receipts->set_header(parsed.header());
  receipts->set_finalization(parsed.finalization());
  *receipts->mutable_epochs() = parsed.epochs();
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
  reading_ = false;
  Advance();
}

void SubmitStream::OnWritten(bool ok) {
  const std::scoped_lock lock(mutex_);
  writing_ = false;
  if (!ok) return;  // OnCancel follows
  Advance();
}

void SubmitStream::OnCancel() {
  GiveUp(client::MakeError(v1::REASON_NOT_YET, "the call was given up"));
}

void SubmitStream::GiveUp(const client::Error& error) {
  const std::scoped_lock lock(mutex_);
  End(&error);
}

void SubmitStream::Result(std::uint64_t sequence, const Hash& id, v1::Reason reason,
                          Height judged) {
  if (port_ == nullptr) return;
  v1::SubmitResult* result = Tail(kResultBytes).add_results();
  result->set_sequence(sequence);
  if (!id.IsZero()) result->set_transaction_id(id.str());
  result->set_reason(reason);
  result->set_judged_height(judged.value());
}

void SubmitStream::Withdraw(std::uint64_t sequence, const Hash& id) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  std::erase(found->second, sequence);
  if (found->second.empty()) Settle(id);
}

void SubmitStream::Settle(const Hash& id) {
  if (in_flight_.erase(id) != 0) backend_->desk->StopListening(id, this);
}

v1::SubmitStreamResponse& SubmitStream::Tail(std::size_t bytes) {
  if (out_.empty() || tail_items_ >= kResponseItemsMax || tail_bytes_ + bytes > kResponseBytesMax) {
    out_.emplace_back();
    tail_items_ = 0;
    tail_bytes_ = 0;
  }
  ++tail_items_;
  tail_bytes_ += bytes;
  return out_.back();
}

bool SubmitStream::MayRead() const {
  return !reading_ && !held_ && !ended_ && unanswered_ + in_flight_.size() < kStreamInFlightMax &&
         out_.size() < kStreamResponsesMax;
}

void SubmitStream::Advance() {
  if (port_ == nullptr) return;
  if (!writing_ && !out_.empty()) {
    writing_ = true;
    v1::SubmitStreamResponse response = std::move(out_.front());
    out_.pop_front();
    port_->Write(std::move(response));
  }
  if (MayRead()) {
    reading_ = true;
    port_->Read();
  }
  const bool settled = unanswered_ + in_flight_.size() == 0;
  if (ended_ && settled && !writing_ && out_.empty()) End(nullptr);
}

void SubmitStream::End(const client::Error* error) {
  if (port_ == nullptr) return;
  StreamPort* port = std::exchange(port_, nullptr);
  out_.clear();
  for (const auto& [id, sequences] : in_flight_) backend_->desk->StopListening(id, this);
  in_flight_.clear();
  backend_->desk->CallOff(hold_);
  backend_->calls.Remove(this);
  port->Finish(error);
}

}  // namespace timebank::rpc
