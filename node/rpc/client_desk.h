// Where calls wait for the replica: for the verdict on a submission, for a transaction to become
// final, for a height, for a moment. The replica thread only drops its news here; a thread of the
// desk builds what callers see. Thread-safe; callbacks run on the desk's thread, one at a time, so
// they must be short: all receipts go through it.
#pragma once

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "node/replica/ports.h"
#include "node/rpc/metrics.h"

namespace timebank::rpc {

// Somebody who waits for transactions to become final.
class FinalityListener {
 public:
  virtual ~FinalityListener() = default;
  // `rows`: which of the block's rows it waits for.
  virtual void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) = 0;
  // No longer possible: the answer says why.
  virtual void OnDropped(const replica::SubmitAnswer& answer) = 0;
};

// What may wait for heights at once, as the waiters state it; each counts as so much more.
inline constexpr std::size_t kHeightBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kHeightWaiterBytes = 1024;

class ClientDesk final : public replica::ClientSink {
 public:
  using OnAnswer = std::function<void(const replica::SubmitAnswer&)>;
  using OnTime = std::function<void()>;
  // `reached`: false when the time was over first.
  using OnHeight = std::function<void(bool reached)>;
  // Names a timer. Default: none.
  struct Timer {
    std::uint64_t at = 0;
    std::uint64_t number = 0;
    friend auto operator<=>(const Timer&, const Timer&) = default;
  };

  // `metrics` outlives the desk.
  explicit ClientDesk(Metrics* metrics);
  ~ClientDesk() override;
  // The height that was final at the start.
  void Begin(Height height);
  void Stop();

  // Before the Submitted event with the ticket is put into the inbox.
  [[nodiscard]] std::uint64_t Ask(OnAnswer on_answer);
  // The event was not put: the callback is forgotten.
  void Forget(std::uint64_t ticket);

  // The listener hears of `id` once, then no more. Listening twice for one id counts once.
  void Listen(const Hash& id, const std::shared_ptr<FinalityListener>& listener);
  void StopListening(const Hash& id, const FinalityListener* listener);

  // `at`: MonotonicMs.
  Timer CallAt(std::uint64_t at, OnTime on_time);
  // Forgets the timer and what it holds, unless it has run. Callers end timers that they no longer
  // need: else those of finished calls would pile up.
  void CallOff(const Timer& timer);
  [[nodiscard]] bool HasReached(Height height);
  // Calls back within this call when the height is reached already, or when what waits, with these
  // `bytes` (what on_height keeps alive), is more than kHeightBytesMax: then as if the time was
  // over.
  void WhenHeight(Height height, std::uint64_t until, std::size_t bytes, OnHeight on_height);

  // Of the replica, on its thread.
  void Answer(std::uint64_t ticket, const replica::SubmitAnswer& answer) override;
  void Dropped(const replica::SubmitAnswer& answer) override;
  void Final(const replica::FinalBlock& block) override;

 private:
  struct Answered {
    std::uint64_t ticket;
    replica::SubmitAnswer answer;
  };
  struct Gone {
    replica::SubmitAnswer answer;
  };
  using News = std::variant<Answered, Gone, replica::FinalBlock>;
  using Listeners = std::map<const FinalityListener*, std::shared_ptr<FinalityListener>>;
  using HeightKey = std::pair<Height, std::uint64_t>;  // the second tells waiters apart
  struct HeightWaiter {
    std::size_t bytes;
    OnHeight call;
    Timer expiry;
  };

  void Put(News news);
  void Run();
  // Until there is news, a timer is due, or the desk stops.
  void WaitForWork(std::unique_lock<std::mutex>& lock);
  void Handle(const Answered& news);
  void Handle(const Gone& news);
  void Handle(const replica::FinalBlock& block);
  void RunTimers();
  void RunHeights(Height reached);
  void ExpireHeight(const HeightKey& key);
  [[nodiscard]] Listeners TakeListeners(const Hash& id);

  Metrics* const metrics_;
  // Who waits for what. Never held by the replica thread; may be held when mutex_ is taken.
  std::mutex waiting_mutex_;
  std::map<std::uint64_t, OnAnswer> asked_;
  std::map<Hash, Listeners> listeners_;
  std::map<HeightKey, HeightWaiter> heights_;
  std::size_t height_bytes_ = 0;
  Height height_;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t next_waiter_ = 1;
  // What the desk's thread has to do. Held only for moments: the replica thread takes it.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<News> news_;
  std::map<Timer, OnTime> timers_;
  std::uint64_t next_timer_ = 1;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace timebank::rpc
