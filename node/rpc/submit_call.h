// One unary Submit or GetReceipt from its arrival to its one answer. Shared by those who may end
// it: the verdict, finality, the time limit.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "node/rpc/backend.h"
#include "timebank/v1/query.pb.h"

namespace grpc {
class ServerUnaryReactor;
}  // namespace grpc

namespace timebank::rpc {

// Ends a call exactly once. The response must not be touched afterwards.
class CallEnd {
 public:
  explicit CallEnd(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  // True for the first who asks: only that one may fill the response, then Finish.
  [[nodiscard]] bool Claim() { return !claimed_.exchange(true); }
  void Finish();
  void Fail(const client::Error& error);

 private:
  grpc::ServerUnaryReactor* const reactor_;
  std::atomic<bool> claimed_{false};
};

class SubmitCall final : public FinalityListener, public std::enable_shared_from_this<SubmitCall> {
 public:
  SubmitCall(Backend* backend, grpc::ServerUnaryReactor* reactor, const v1::SubmitRequest& request,
             v1::SubmitResponse* response);
  // `until`: MonotonicMs by which the call has to be answered.
  void Begin(std::uint64_t until);

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  void Admit();
  void OnAnswer(const replica::SubmitAnswer& answer);
  void Refuse(const replica::SubmitAnswer& answer);
  void FetchReceipt(std::size_t attempts);
  void Fail(const client::Error& error);

  Backend* const backend_;
  CallEnd end_;
  // Copied: the request is gone once the call has ended, news may come later.
  std::string envelope_;
  const bool wait_;
  const Height min_height_;
  v1::SubmitResponse* const response_;
  replica::SharedTransaction transaction_;
  std::uint64_t until_ = 0;
  std::atomic<std::uint64_t> judged_height_{0};
};

class ReceiptCall final : public FinalityListener,
                          public std::enable_shared_from_this<ReceiptCall> {
 public:
  ReceiptCall(Backend* backend, grpc::ServerUnaryReactor* reactor, const Hash& id,
              std::vector<std::uint32_t> lines, v1::GetReceiptResponse* response);
  void Begin(std::uint64_t until, bool wait);

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  void Fetch(std::size_t attempts, bool last);
  void Fail(const client::Error& error);

  Backend* const backend_;
  CallEnd end_;
  const Hash id_;
  const std::vector<std::uint32_t> lines_;
  v1::GetReceiptResponse* const response_;
};

}  // namespace timebank::rpc
