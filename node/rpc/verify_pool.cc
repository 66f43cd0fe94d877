#include "node/rpc/verify_pool.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"

namespace timebank::rpc {

namespace {

// Small enough that two threads share a block, large enough that the queue costs nothing beside it.
constexpr std::size_t kChunk = 16;
// At 1,500 transactions a second the two generations span more than a minute.
constexpr std::size_t kGenerationMax = std::size_t{1} << 16;

}  // namespace

struct VerifyPool::Running {
  replica::VerifyJob job;
  std::vector<v1::Reason> verdicts;
  std::atomic<std::size_t> left{0};
};

VerifyPool::VerifyPool(std::size_t threads, Check check, Metrics* metrics)
    : check_(std::move(check)), metrics_(metrics) {
  TB_CHECK(threads > 0);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

VerifyPool::~VerifyPool() { Stop(); }

void VerifyPool::Verify(replica::VerifyJob job) {
  auto running = std::make_shared<Running>();
  const std::size_t count = job.transactions.size();
  const bool urgent = job.urgent;
  running->job = std::move(job);
  running->verdicts.assign(count, v1::REASON_UNSPECIFIED);
  if (count == 0) return answer_({.ticket = running->job.ticket, .verdicts = {}});
  running->left = (count + kChunk - 1) / kChunk;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    std::deque<Chunk>& queue = urgent ? urgent_ : normal_;
    for (std::size_t first = 0; first < count; first += kChunk) {
      queue.push_back({running, first, std::min(kChunk, count - first)});
    }
  }
  arrived_.notify_all();
}

void VerifyPool::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    urgent_.clear();
    normal_.clear();
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void VerifyPool::Work() {
  for (;;) {
    Chunk chunk;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopped_ || !urgent_.empty() || !normal_.empty(); });
      if (stopped_) return;
      std::deque<Chunk>& queue = urgent_.empty() ? normal_ : urgent_;
      chunk = std::move(queue.front());
      queue.pop_front();
    }
    const StageTimer timer(metrics_, Stage::kVerify);
    Run(chunk);
  }
}

void VerifyPool::Run(const Chunk& chunk) {
  Running& running = *chunk.job;
  for (std::size_t i = chunk.first; i < chunk.first + chunk.count; ++i) {
    const replica::SignedTransaction& transaction = *running.job.transactions[i];
    const Hash& hash = transaction.transaction.envelope_hash;
    if (IsKnown(hash)) continue;
    running.verdicts[i] = check_(*running.job.state, transaction);
    if (running.verdicts[i] == v1::REASON_UNSPECIFIED) Remember(hash);
  }
  if (running.left.fetch_sub(1) != 1) return;
  answer_({.ticket = running.job.ticket, .verdicts = std::move(running.verdicts)});
}

bool VerifyPool::IsKnown(const Hash& envelope_hash) {
  const std::scoped_lock lock(cache_mutex_);
  return young_.contains(envelope_hash) || old_.contains(envelope_hash);
}

void VerifyPool::Remember(const Hash& envelope_hash) {
  const std::scoped_lock lock(cache_mutex_);
  young_.insert(envelope_hash);
  if (young_.size() < kGenerationMax) return;
  old_ = std::move(young_);
  young_.clear();
}

}  // namespace timebank::rpc
