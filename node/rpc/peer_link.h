// One stream to one peer: a bounded queue in two lanes, drained by a thread that writes frames and
// connects again, ever more slowly, when the stream breaks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "node/rpc/peer_clock.h"
#include "node/rpc/peer_links.h"

namespace timebank::rpc {

inline constexpr std::size_t kFrameBytesMax = std::size_t{1} << 20;
// A frame holds at least one message, of whatever size.
inline constexpr std::size_t kFrameMessageBytesMax =
    kFrameBytesMax + replica::kPeerMessageBytesMax + 1024;
// Far above what a frame of votes holds. Without it a frame of millions of empty messages would
// take twenty times its size as objects.
inline constexpr int kFrameMessagesMax = 4096;
inline constexpr std::size_t kLaneBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kLaneMessagesMax = 16'384;
// Pings find a link whose other end is silent.
inline constexpr int kPeerPingMs = 2000;

class PeerLinks::Link {
 public:
  // What is pointed to outlives the link.
  Link(replica::Peer peer, const PeerLinksConfig& config, const PeerPenalties* penalties,
       Inbox* inbox, Metrics* metrics);
  ~Link();

  void Start();
  // Breaks the stream for good and does not wait; Join does, until the thread is gone.
  void End();
  void Join();
  void Put(const replica::SharedMessage& message, replica::Lane lane);
  // Breaks the stream; the thread connects again after a pause, or when the penalty is over.
  void Break();
  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] const replica::Peer& peer() const { return peer_; }
  [[nodiscard]] PeerClock& clock() { return clock_; }

 private:
  struct Stream;
  struct Lane {
    std::deque<replica::SharedMessage> messages;
    std::size_t bytes = 0;
  };
  void Run();
  // Until the stream breaks. True when it was up at all.
  [[nodiscard]] bool RunStream();
  // Waits for messages; votes first. Empty: stopped or broken.
  [[nodiscard]] std::vector<replica::SharedMessage> TakeFrame();

  const replica::Peer peer_;
  const PeerLinksConfig& config_;
  const PeerPenalties* const penalties_;
  Inbox* const inbox_;
  Metrics* const metrics_;
  std::atomic<bool> up_{false};
  PeerClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Lane consensus_;
  Lane bulk_;
  Stream* stream_ = nullptr;  // while one runs; guarded by mutex_
  bool broken_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace timebank::rpc
