// What waits for the replica thread, by origin, each with its own bound: a flood from one side
// never pushes out the others. Any thread may put; one thread takes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "node/replica/replica.h"

namespace timebank::rpc {

struct InboxLimits {
  std::size_t clients = 8192;                        // submissions; more: INBOX_FULL
  std::size_t client_bytes = std::size_t{64} << 20;  // likewise, of their envelopes
  std::size_t peer_messages = 1024;                  // of one peer; more: its stream is not read
  std::size_t peer_bytes = std::size_t{16} << 20;    // likewise, as they came over the wire
  std::size_t queries = 1024;                        // reads that need the replica itself
  std::size_t clients_a_batch = 1024;                // taken at once: they share one synced write
  std::size_t queries_a_batch = 8;  // likewise: votes must not wait for readers longer than that
};

class Inbox {
 public:
  using Query = std::function<void(replica::Replica&)>;
  struct Batch {
    std::vector<decltype(replica::Event::what)> events;
    std::vector<Query> queries;
  };

  explicit Inbox(InboxLimits limits) : limits_(limits) {}

  // False when full or closed: nothing was taken.
  [[nodiscard]] bool PutClient(replica::Submitted submitted);
  [[nodiscard]] bool PutQuery(Query query);
  // Waits while this peer's share is full. False once closed.
  [[nodiscard]] bool PutPeer(replica::PeerMessageReceived message, std::size_t bytes);
  // Of this node's own making (answers of the verifier, links that came up, ticks): never refused,
  // bounded by what was asked.
  void PutOwn(decltype(replica::Event::what) event);

  // Waits until there is something, `wake_at` (MonotonicMs) has come, or the inbox is closed.
  [[nodiscard]] Batch Take(std::optional<std::uint64_t> wake_at);
  // Nothing more is put; what is inside may still be taken.
  void Close();
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::size_t clients_waiting() const;

 private:
  struct FromPeer {
    std::deque<std::pair<replica::PeerMessageReceived, std::size_t>> messages;
    std::size_t bytes = 0;
  };
  [[nodiscard]] bool EmptyLocked() const;

  const InboxLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable room_;
  std::deque<decltype(replica::Event::what)> own_;
  std::map<replica::PeerKey, FromPeer> peers_;
  std::deque<replica::Submitted> clients_;
  std::size_t client_bytes_ = 0;  // in clients_
  std::deque<Query> queries_;
  bool closed_ = false;
};

}  // namespace timebank::rpc
