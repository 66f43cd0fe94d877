// Ed25519 of transactions on threads of its own, so that the replica thread never waits for it.
// A good result is remembered by the hash of the whole envelope (FORMATS 3), so a transaction costs
// its signatures once, however often gossip and blocks bring it. Only good results: a key id names
// one key for good, but may not be known yet.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "node/replica/replica.h"
#include "node/rpc/metrics.h"

namespace timebank::rpc {

class VerifyPool final : public replica::Verifier {
 public:
  // What is wrong with the signatures of a transaction under the keys in a state, else UNSPECIFIED.
  using Check = std::function<v1::Reason(const ledger::State&, const replica::SignedTransaction&)>;
  using Answer = std::function<void(replica::SignaturesVerified)>;

  // Requires: threads > 0. `metrics` outlives the pool.
  VerifyPool(std::size_t threads, Check check, Metrics* metrics);
  ~VerifyPool() override;

  // Set once, before the first job.
  void SetAnswer(Answer answer) { answer_ = std::move(answer); }
  void Verify(replica::VerifyJob job) override;
  // Jobs not yet begun are forgotten; returns when no thread runs any more.
  void Stop();

 private:
  struct Running;
  struct Chunk {
    std::shared_ptr<Running> job;
    std::size_t first = 0;
    std::size_t count = 0;
  };
  void Work();
  void Run(const Chunk& chunk);
  [[nodiscard]] bool IsKnown(const Hash& envelope_hash);
  void Remember(const Hash& envelope_hash);

  const Check check_;
  Metrics* const metrics_;
  Answer answer_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Chunk> urgent_;  // a block waits for them
  std::deque<Chunk> normal_;
  bool stopped_ = false;
  std::mutex cache_mutex_;
  // Two generations: when the young one is full it becomes the old one, which is dropped.
  std::set<Hash> young_;
  std::set<Hash> old_;
  std::vector<std::thread> threads_;
};

}  // namespace timebank::rpc
