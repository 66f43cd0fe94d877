#include "node/rpc/inbox.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "platform/clock.h"

namespace timebank::rpc {

namespace {

std::size_t BytesOf(const replica::Submitted& submitted) {
  return submitted.transaction ? submitted.transaction->envelope.size() : 0;
}

}  // namespace

Inbox::Batch Inbox::Take(std::optional<std::uint64_t> wake_at) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return closed_ || !EmptyLocked(); };
  if (!wake_at) {
    arrived_.wait(lock, ready);
  } else {
    const std::uint64_t now = platform::MonotonicMs();
    const std::uint64_t wait = *wake_at > now ? *wake_at - now : 0;
    arrived_.wait_for(lock, std::chrono::milliseconds(wait), ready);
  }

  Batch batch;
  for (auto& event : own_) batch.events.push_back(std::move(event));
  own_.clear();
  for (auto& [peer, from] : peers_) {
    for (auto& [message, bytes] : from.messages) batch.events.emplace_back(std::move(message));
    from = {};
  }
  const std::size_t clients = std::min(clients_.size(), limits_.clients_a_batch);
  for (std::size_t i = 0; i < clients; ++i) {
    client_bytes_ -= BytesOf(clients_.front());
    batch.events.emplace_back(std::move(clients_.front()));
    clients_.pop_front();
  }
  const std::size_t queries = std::min(queries_.size(), limits_.queries_a_batch);
  for (std::size_t i = 0; i < queries; ++i) {
    batch.queries.push_back(std::move(queries_.front()));
    queries_.pop_front();
  }
  lock.unlock();
  room_.notify_all();
  return batch;
}

bool Inbox::PutClient(replica::Submitted submitted) {
  const std::scoped_lock lock(mutex_);
  const std::size_t bytes = BytesOf(submitted);
  if (closed_ || clients_.size() >= limits_.clients ||
      client_bytes_ + bytes > limits_.client_bytes) {
    return false;
  }
  client_bytes_ += bytes;
  clients_.push_back(std::move(submitted));
  arrived_.notify_one();
  return true;
}

bool Inbox::PutQuery(Query query) {
  const std::scoped_lock lock(mutex_);
  if (closed_ || queries_.size() >= limits_.queries) return false;
  queries_.push_back(std::move(query));
  arrived_.notify_one();
  return true;
}

bool Inbox::PutPeer(replica::PeerMessageReceived message, std::size_t bytes) {
  std::unique_lock lock(mutex_);
  // One message always fits into an empty share.
  room_.wait(lock, [&] {
    const FromPeer& from = peers_[message.from];
    return closed_ || from.messages.empty() ||
           (from.messages.size() < limits_.peer_messages &&
            from.bytes + bytes <= limits_.peer_bytes);
  });
  if (closed_) return false;
  FromPeer& from = peers_[message.from];
  from.bytes += bytes;
  from.messages.emplace_back(std::move(message), bytes);
  arrived_.notify_one();
  return true;
}

void Inbox::PutOwn(decltype(replica::Event::what) event) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  own_.push_back(std::move(event));
  arrived_.notify_one();
}

void Inbox::Close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
  room_.notify_all();
}

bool Inbox::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

std::size_t Inbox::clients_waiting() const {
  const std::scoped_lock lock(mutex_);
  return clients_.size();
}

bool Inbox::EmptyLocked() const {
  if (!own_.empty() || !clients_.empty() || !queries_.empty()) return false;
  for (const auto& [peer, from] : peers_) {
    if (!from.messages.empty()) return false;
  }
  return true;
}

}  // namespace timebank::rpc
