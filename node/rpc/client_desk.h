// Where calls wait for the replica: for the verdict on a submission, for a transaction to become
// final, for a height, for a moment. The replica thread only drops its news here; a thread of the
// desk builds what callers see. Thread-safe; callbacks run on the desk's thread, one at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
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

class ClientDesk final : public replica::ClientSink {
 public:
  using OnAnswer = std::function<void(const replica::SubmitAnswer&)>;
  using OnTime = std::function<void()>;
  // `reached`: false when the time was over first.
  using OnHeight = std::function<void(bool reached)>;

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
  void CallAt(std::uint64_t at, OnTime on_time);
  void WhenHeight(Height height, std::uint64_t until, OnHeight on_height);

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
  using Listeners = std::vector<std::shared_ptr<FinalityListener>>;
  struct HeightWaiter {
    std::uint64_t until;
    OnHeight call;
  };

  void Put(News news);
  void Run();
  void Handle(const Answered& news);
  void Handle(const Gone& news);
  void Handle(const replica::FinalBlock& block);
  void RunTimers();
  void RunHeights(Height reached);
  [[nodiscard]] Listeners TakeListeners(const Hash& id);

  Metrics* const metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<News> news_;
  std::map<std::uint64_t, OnAnswer> asked_;
  std::map<Hash, Listeners> listeners_;
  std::multimap<std::uint64_t, OnTime> timers_;
  std::multimap<Height, HeightWaiter> heights_;
  Height height_;
  std::uint64_t next_ticket_ = 1;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace timebank::rpc
