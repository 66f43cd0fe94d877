// One SubmitStream: frames of envelopes in, results and receipts out, in whatever order they come.
// Results are gathered while a write is under way, so frames grow with the load. What the node
// keeps for it is bounded: it is read no further while too much is in flight or not taken.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "node/rpc/backend.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

// What the stream needs of gRPC, which lives in the .cc file. Called under the stream's lock; none
// may call back before it returns.
class StreamPort {
 public:
  virtual ~StreamPort() = default;
  virtual void Write(v1::SubmitStreamResponse response) = 0;  // one at a time: see OnWritten
  virtual void Read() = 0;                                    // likewise: see OnFrame
  virtual void Run(std::function<void()> work) = 0;           // later, on a thread of gRPC's
  virtual void Finish(const client::Error* error) = 0;        // null: all is well
};

class SubmitStream final : public FinalityListener,
                           public OpenCall,
                           public std::enable_shared_from_this<SubmitStream> {
 public:
  // `bucket`: whose rate is counted.
  SubmitStream(Backend* backend, StreamPort* port, std::string bucket)
      : backend_(backend), bucket_(std::move(bucket)), port_(port) {}

  // Starts to read; on a node that stops, ends the stream.
  void Begin();
  // Of gRPC: a frame, the end of frames, a write done, the call given up.
  void OnFrame(v1::SubmitStreamRequest frame);
  void OnEnd();
  void OnWritten(bool ok);
  void OnCancel();
  // Ends the stream, unless it has ended.
  void GiveUp(const client::Error& error) override;

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  void Admit(v1::SubmitStreamRequest frame);
  void Submit(std::uint64_t sequence, std::string envelope);
  void OnAnswer(std::uint64_t sequence, const replica::SubmitAnswer& answer);
  void FetchReceipt(const Hash& id, std::size_t attempts);
  void AddReceipt(const Hash& id, const std::string& receipt);

  // These require mutex_ held. The desk's lock may be taken below it, never the other way round.
  void HoldReadsUntil(std::uint64_t at);
  void Result(std::uint64_t sequence, const Hash& id, v1::Reason reason, Height judged);
  // Takes the sequence number off those that wait for `id`.
  void Withdraw(std::uint64_t sequence, const Hash& id);
  // Nobody waits for `id` any more.
  void Settle(const Hash& id);
  // The response under construction, with room for `bytes` more.
  [[nodiscard]] v1::SubmitStreamResponse& Tail(std::size_t bytes);
  [[nodiscard]] bool MayRead() const;
  void Advance();
  void End(const client::Error* error);

  Backend* const backend_;
  const std::string bucket_;
  std::mutex mutex_;
  StreamPort* port_;  // null once the call is over
  std::deque<v1::SubmitStreamResponse> out_;
  std::size_t tail_items_ = 0;  // in out_.back()
  std::size_t tail_bytes_ = 0;
  // Not final yet, with the sequence numbers of each: the same may be sent twice.
  std::map<Hash, std::vector<std::uint64_t>> in_flight_;
  std::size_t unanswered_ = 0;
  std::uint64_t next_sequence_ = 0;  // of Admit alone, which runs once at a time
  bool writing_ = false;
  bool reading_ = false;  // or busy with what was read
  bool held_ = false;     // by the rate limit
  bool ended_ = false;    // the client has sent its last frame
  ClientDesk::Timer hold_;
};

}  // namespace timebank::rpc
