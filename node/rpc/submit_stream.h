// One SubmitStream: frames of envelopes in, results and receipts out, in whatever order they come.
// Results are gathered while a write is under way, so frames grow with the load.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "node/rpc/backend.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

// What the stream needs of gRPC, which lives in the .cc file. Called under the stream's lock; none
// may call back.
class StreamPort {
 public:
  virtual ~StreamPort() = default;
  virtual void Write(v1::SubmitStreamResponse response) = 0;  // one at a time: see OnWritten
  virtual void Read() = 0;
  virtual void Finish(const client::Error* error) = 0;  // null: all is well
};

class SubmitStream final : public FinalityListener,
                           public std::enable_shared_from_this<SubmitStream> {
 public:
  // `connection`: whose rate is counted.
  SubmitStream(Backend* backend, StreamPort* port, std::string connection)
      : backend_(backend), connection_(std::move(connection)), port_(port) {}

  // Of gRPC: a frame, the end of frames, a write done, the call given up.
  void OnFrame(v1::SubmitStreamRequest frame);
  void OnEnd();
  void OnWritten(bool ok);
  void OnCancel();

  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override;
  void OnDropped(const replica::SubmitAnswer& answer) override;

 private:
  // True when the connection may send a frame of so many now. Else it is taken up again a little
  // later; until then the stream is not read, which slows its client down.
  [[nodiscard]] bool MayTake(std::size_t transactions) const;
  void Admit(v1::SubmitStreamRequest frame);
  void Submit(std::uint64_t sequence, std::string envelope);
  void OnAnswer(std::uint64_t sequence, const replica::SubmitAnswer& answer);
  void FetchReceipt(const Hash& id, std::size_t attempts);
  void AddReceipt(const Hash& id, const std::string& receipt);

  // These require mutex_ held.
  void Result(std::uint64_t sequence, const Hash& id, v1::Reason reason, Height judged);
  [[nodiscard]] v1::SubmitStreamResponse& Tail();
  void Settle(const Hash& id);
  void Advance();
  void End(const client::Error* error);

  Backend* const backend_;
  const std::string connection_;
  std::mutex mutex_;
  StreamPort* port_;  // null once the call is over
  std::deque<v1::SubmitStreamResponse> out_;
  std::size_t tail_items_ = 0;               // in out_.back()
  std::map<Hash, std::uint64_t> in_flight_;  // and the sequence number of each
  std::size_t unanswered_ = 0;
  std::uint64_t next_sequence_ = 0;
  bool writing_ = false;
  bool paused_ = false;  // not reading: too much in flight
  bool ended_ = false;   // the client has sent its last frame
};

}  // namespace timebank::rpc
