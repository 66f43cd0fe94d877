#include "node/rpc/client_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "platform/clock.h"

namespace timebank::rpc {

ClientDesk::ClientDesk(Metrics* metrics) : metrics_(metrics), thread_([this] { Run(); }) {}

ClientDesk::~ClientDesk() { Stop(); }

void ClientDesk::Begin(Height height) {
  const std::scoped_lock lock(mutex_);
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
      const auto ready = [this] { return stopped_ || !news_.empty(); };
      if (timers_.empty()) {
        changed_.wait(lock, ready);
      } else {
        const std::uint64_t now = platform::MonotonicMs();
        const std::uint64_t at = timers_.begin()->first;
        changed_.wait_for(lock, std::chrono::milliseconds(at > now ? at - now : 0), ready);
      }
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

std::uint64_t ClientDesk::Ask(OnAnswer on_answer) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  asked_.emplace(ticket, std::move(on_answer));
  return ticket;
}

void ClientDesk::Forget(std::uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  asked_.erase(ticket);
}

void ClientDesk::Listen(const Hash& id, const std::shared_ptr<FinalityListener>& listener) {
  const std::scoped_lock lock(mutex_);
  Listeners& listeners = listeners_[id];
  if (std::ranges::find(listeners, listener) == listeners.end()) listeners.push_back(listener);
}

void ClientDesk::StopListening(const Hash& id, const FinalityListener* listener) {
  const std::scoped_lock lock(mutex_);
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  std::erase_if(found->second, [&](const auto& item) { return item.get() == listener; });
  if (found->second.empty()) listeners_.erase(found);
}

void ClientDesk::CallAt(std::uint64_t at, OnTime on_time) {
  {
    const std::scoped_lock lock(mutex_);
    timers_.emplace(at, std::move(on_time));
  }
  changed_.notify_one();
}

void ClientDesk::WhenHeight(Height height, std::uint64_t until, OnHeight on_height) {
  bool reached = false;
  {
    const std::scoped_lock lock(mutex_);
    reached = height_ >= height;
    if (!reached) heights_.emplace(height, HeightWaiter{until, std::move(on_height)});
  }
  if (reached) return on_height(true);
  CallAt(until, [this] { RunHeights(Height(0)); });
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
    const std::scoped_lock lock(mutex_);
    const auto found = asked_.find(news.ticket);
    if (found == asked_.end()) return;
    call = std::move(found->second);
    asked_.erase(found);
  }
  call(news.answer);
}

void ClientDesk::Handle(const Gone& news) {
  metrics_->CountRefusal(news.answer.reason);
  for (const auto& listener : TakeListeners(news.answer.id)) listener->OnDropped(news.answer);
}

void ClientDesk::Handle(const replica::FinalBlock& block) {
  // Few listeners wait for many rows each (streams), so rows are gathered per listener.
  std::map<std::shared_ptr<FinalityListener>, std::vector<std::size_t>> waiting;
  std::uint64_t transactions = 0;
  for (std::size_t row = 0; row < block.rows.size(); ++row) {
    if (!block.rows[row].sweep) ++transactions;
    for (auto& listener : TakeListeners(block.rows[row].id)) {
      waiting[std::move(listener)].push_back(row);
    }
  }
  metrics_->final_transactions += transactions;
  ++metrics_->final_blocks;
  for (const auto& [listener, rows] : waiting) listener->OnFinal(block, rows);
  RunHeights(block.block.block.header().height);
}

ClientDesk::Listeners ClientDesk::TakeListeners(const Hash& id) {
  const std::scoped_lock lock(mutex_);
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
      if (timers_.empty() || timers_.begin()->first > now) return;
      call = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    }
    call();
  }
}

void ClientDesk::RunHeights(Height reached) {
  const std::uint64_t now = platform::MonotonicMs();
  std::vector<std::pair<OnHeight, bool>> calls;
  {
    const std::scoped_lock lock(mutex_);
    height_ = std::max(height_, reached);
    for (auto waiter = heights_.begin(); waiter != heights_.end();) {
      const bool there = waiter->first <= height_;
      if (there || waiter->second.until <= now) {
        calls.emplace_back(std::move(waiter->second.call), there);
        waiter = heights_.erase(waiter);
      } else {
        ++waiter;
      }
    }
  }
  for (const auto& [call, there] : calls) call(there);
}

}  // namespace timebank::rpc
