// One unary Submit or GetReceipt from its arrival to its one answer. Shared by those who may end
// it: the verdict, finality, the time limit, the client who gives up, the node that stops.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/rpc/access.h"
#include "node/rpc/backend.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

// gRPC's side of a call, which lives in transaction_service.cc until it is finished.
class UnaryPort {
 public:
  virtual ~UnaryPort() = default;
  virtual void Finish(const client::Error* error) = 0;  // null: all is well
};

// What ends exactly once. Once it has, nothing in the node waits for it any more: neither memory
// nor work outlives a call that its client has given up.
class LiveCall : public FinalityListener,
                 public OpenCall,
                 public std::enable_shared_from_this<LiveCall> {
 public:
  LiveCall(Backend* backend, UnaryPort* port) : backend_(backend), port_(port) {}

  void GiveUp(const client::Error& error) override { Fail(error); }
  // Of gRPC.
  void OnCancel();

 protected:
  [[nodiscard]] Backend& backend() const { return *backend_; }
  // Enters the list of open calls and sets the time limit (MonotonicMs), at which OnTime is called.
  // False when the node is stopping: the call is over.
  [[nodiscard]] bool Open(std::uint64_t until);
  virtual void OnTime() = 0;
  void Listen(const Hash& id);
  // A ticket whose answer comes to `on_answer`; empty when the call has ended.
  [[nodiscard]] std::optional<std::uint64_t> Ask(ClientDesk::OnAnswer on_answer);
  // Calls back a little later, unless the call has ended by then.
  void Retry(std::function<void()> again);
  [[nodiscard]] bool ended() const;
  // True for the first who asks: only that one may fill the response, then it calls Finish.
  [[nodiscard]] bool Claim();
  void Finish() { port_->Finish(nullptr); }
  void Fail(const client::Error& error);

 private:
  Backend* const backend_;
  UnaryPort* const port_;
  mutable std::mutex mutex_;
  bool ended_ = false;
  ClientDesk::Timer limit_;
  ClientDesk::Timer retry_;
  std::optional<Hash> listening_;
  std::optional<std::uint64_t> ticket_;
};

class SubmitCall final : public LiveCall {
 public:
  SubmitCall(Backend* backend, UnaryPort* port, const v1::SubmitRequest& request,
             v1::SubmitResponse* response);
  // `until`: MonotonicMs by which the call has to be answered.
  void Begin(std::uint64_t until);

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  void OnTime() override;
  void Admit();
  void OnAnswer(const replica::SubmitAnswer& answer);
  void Refuse(const replica::SubmitAnswer& answer);
  void FetchReceipt(std::size_t attempts);
  void Succeed(const std::string& receipt);
  [[nodiscard]] std::shared_ptr<SubmitCall> Self();

  // Copied: the request is gone once the call has ended, news may come later.
  std::string envelope_;
  const bool wait_;
  const Height min_height_;
  v1::SubmitResponse* const response_;
  replica::SharedTransaction transaction_;
  std::atomic<std::uint64_t> judged_height_{0};
};

class ReceiptCall final : public LiveCall {
 public:
  struct Request {
    Hash id;
    std::vector<std::uint32_t> lines;        // ascending
    Expected<Viewer, client::Error> viewer;  // an error where no token was sent, or no good one
    bool wait = false;
  };
  ReceiptCall(Backend* backend, UnaryPort* port, Request request, v1::GetReceiptResponse* response);
  void Begin(std::uint64_t until);

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  void OnTime() override;
  // Looks whether it is final and who may see it.
  void Look(std::size_t attempts);
  // Asks the replica, which has the log of all transactions, for the proof.
  void Fetch(std::vector<std::uint32_t> lines, std::size_t attempts);
  [[nodiscard]] std::shared_ptr<ReceiptCall> Self();

  const Request request_;
  v1::GetReceiptResponse* const response_;
};

}  // namespace timebank::rpc
