#include "node/rpc/client_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "platform/clock.h"

namespace timebank::rpc {

ClientDesk::ClientDesk(Metrics* metrics) : metrics_(metrics), thread_([this] { Run(); }) {}

ClientDesk::~ClientDesk() { Stop(); }

void ClientDesk::Begin(Height height) {
  const std::scoped_lock lock(waiting_mutex_);
  height_ = std::max(height_, height);
}

void ClientDesk::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ClientDesk::Run() {
  for (;;) {
    std::deque<News> news;
    {
      std::unique_lock lock(mutex_);
      WaitForWork(lock);
      // What has been said already is still passed on: a drained node keeps no answer back.
      if (stopped_ && news_.empty()) return;
      news.swap(news_);
    }
    for (const News& item : news) {
      std::visit([this](const auto& what) { Handle(what); }, item);
    }
    RunTimers();
  }
}

void ClientDesk::WaitForWork(std::unique_lock<std::mutex>& lock) {
  while (!stopped_ && news_.empty()) {
    if (timers_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const std::uint64_t now = platform::MonotonicMs();
    const std::uint64_t at = timers_.begin()->first.at;
    if (at <= now) return;
    changed_.wait_for(lock, std::chrono::milliseconds(at - now));
  }
}

std::uint64_t ClientDesk::Ask(OnAnswer on_answer) {
  const std::scoped_lock lock(waiting_mutex_);
  const std::uint64_t ticket = next_ticket_++;
  asked_.emplace(ticket, std::move(on_answer));
  return ticket;
}

void ClientDesk::Forget(std::uint64_t ticket) {
  OnAnswer forgotten;  // may be the last to hold its call: destroyed without the lock
  const std::scoped_lock lock(waiting_mutex_);
  const auto found = asked_.find(ticket);
  if (found == asked_.end()) return;
  forgotten = std::move(found->second);
  asked_.erase(found);
}

void ClientDesk::Listen(const Hash& id, const std::shared_ptr<FinalityListener>& listener) {
  const std::scoped_lock lock(waiting_mutex_);
  listeners_[id].emplace(listener.get(), listener);
}

void ClientDesk::StopListening(const Hash& id, const FinalityListener* listener) {
  std::shared_ptr<FinalityListener> stopped;  // destroyed without the lock
  const std::scoped_lock lock(waiting_mutex_);
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  const auto mine = found->second.find(listener);
  if (mine == found->second.end()) return;
  stopped = std::move(mine->second);
  found->second.erase(mine);
  if (found->second.empty()) listeners_.erase(found);
}

ClientDesk::Timer ClientDesk::CallAt(std::uint64_t at, OnTime on_time) {
  Timer timer{.at = at};
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    timer.number = next_timer_++;
    timers_.emplace(timer, std::move(on_time));
    first = timers_.begin()->first == timer;
  }
  if (first) changed_.notify_one();
  return timer;
}

void ClientDesk::CallOff(const Timer& timer) {
  OnTime forgotten;  // destroyed without the lock
  const std::scoped_lock lock(mutex_);
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  forgotten = std::move(found->second);
  timers_.erase(found);
}

bool ClientDesk::HasReached(Height height) {
  const std::scoped_lock lock(waiting_mutex_);
  return height_ >= height;
}

void ClientDesk::WhenHeight(Height height, std::uint64_t until, std::size_t bytes,
                            OnHeight on_height) {
  bytes += kHeightWaiterBytes;
  bool reached = false;
  {
    const std::scoped_lock lock(waiting_mutex_);
    reached = height_ >= height;
    if (!reached && height_bytes_ + bytes <= kHeightBytesMax) {
      const HeightKey key(height, next_waiter_++);
      height_bytes_ += bytes;
      const Timer expiry = CallAt(until, [this, key] { ExpireHeight(key); });
      heights_.emplace(key, HeightWaiter{bytes, std::move(on_height), expiry});
      return;
    }
  }
  on_height(reached);
}

void ClientDesk::Answer(std::uint64_t ticket, const replica::SubmitAnswer& answer) {
  Put(Answered{ticket, answer});
}

void ClientDesk::Dropped(const replica::SubmitAnswer& answer) { Put(Gone{answer}); }

void ClientDesk::Final(const replica::FinalBlock& block) { Put(block); }

void ClientDesk::Put(News news) {
  {
    const std::scoped_lock lock(mutex_);
    news_.push_back(std::move(news));
  }
  changed_.notify_one();
}

void ClientDesk::Handle(const Answered& news) {
  OnAnswer call;
  {
    const std::scoped_lock lock(waiting_mutex_);
    const auto found = asked_.find(news.ticket);
    if (found == asked_.end()) return;
    call = std::move(found->second);
    asked_.erase(found);
  }
  call(news.answer);
}

void ClientDesk::Handle(const Gone& news) {
  metrics_->CountRefusal(news.answer.reason);
  for (const auto& [key, listener] : TakeListeners(news.answer.id)) {
    listener->OnDropped(news.answer);
  }
}

void ClientDesk::Handle(const replica::FinalBlock& block) {
  // Few listeners wait for many rows each (streams), so rows are gathered per listener.
  std::map<std::shared_ptr<FinalityListener>, std::vector<std::size_t>> waiting;
  std::uint64_t transactions = 0;
  for (std::size_t row = 0; row < block.rows.size(); ++row) {
    if (!block.rows[row].sweep) ++transactions;
    for (auto& [key, listener] : TakeListeners(block.rows[row].id)) {
      waiting[std::move(listener)].push_back(row);
    }
  }
  metrics_->final_transactions += transactions;
  ++metrics_->final_blocks;
  for (const auto& [listener, rows] : waiting) listener->OnFinal(block, rows);
  RunHeights(block.block.block.header().height);
}

ClientDesk::Listeners ClientDesk::TakeListeners(const Hash& id) {
  const std::scoped_lock lock(waiting_mutex_);
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return {};
  Listeners out = std::move(found->second);
  listeners_.erase(found);
  return out;
}

void ClientDesk::RunTimers() {
  const std::uint64_t now = platform::MonotonicMs();
  for (;;) {
    OnTime call;
    {
      const std::scoped_lock lock(mutex_);
      if (timers_.empty() || timers_.begin()->first.at > now) return;
      call = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    }
    call();
  }
}

void ClientDesk::RunHeights(Height reached) {
  std::vector<HeightWaiter> waiters;
  {
    const std::scoped_lock lock(waiting_mutex_);
    height_ = std::max(height_, reached);
    while (!heights_.empty() && heights_.begin()->first.first <= height_) {
      height_bytes_ -= heights_.begin()->second.bytes;
      waiters.push_back(std::move(heights_.begin()->second));
      heights_.erase(heights_.begin());
    }
  }
  for (const HeightWaiter& waiter : waiters) {
    CallOff(waiter.expiry);
    waiter.call(true);
  }
}

void ClientDesk::ExpireHeight(const HeightKey& key) {
  OnHeight call;
  {
    const std::scoped_lock lock(waiting_mutex_);
    const auto found = heights_.find(key);
    if (found == heights_.end()) return;
    height_bytes_ -= found->second.bytes;
    call = std::move(found->second.call);
    heights_.erase(found);
  }
  call(false);
}

}  // namespace timebank::rpc
