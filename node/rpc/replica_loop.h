// The one thread that runs the replica: takes what waits in the inbox, lets the replica step, and
// publishes the state after it for the threads that read.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "node/replica/replica.h"
#include "node/rpc/inbox.h"
#include "node/rpc/metrics.h"
#include "node/rpc/node_clock.h"

namespace timebank::rpc {

// What readers see: one final state and the status of the same moment. Never changed.
struct Published {
  replica::FinalView final;
  replica::Status status;
};

class ReplicaLoop {
 public:
  // Correctness is lost: what to write for the operator. Called once, on the loop's thread.
  using OnHalt = std::function<void(const std::string& dump)>;

  // What is pointed to outlives the loop.
  ReplicaLoop(std::unique_ptr<replica::Replica> replica, Inbox* inbox, const NodeClock* clock,
              Metrics* metrics, OnHalt on_halt);
  ~ReplicaLoop();

  // Finishes recovery (executes what the log holds above the database) before it returns.
  void Recover();
  void Start();
  // Closes the inbox, handles what is in it, ends.
  void Stop();

  [[nodiscard]] std::shared_ptr<const Published> published() const;

 private:
  void Run();
  void Step(std::vector<decltype(replica::Event::what)> events);
  void Publish();
  // Once, to the operator: this node has become an observer (CONSENSUS 8).
  void TellUnknownVote();

  std::unique_ptr<replica::Replica> replica_;
  Inbox* const inbox_;
  const NodeClock* const clock_;
  Metrics* const metrics_;
  OnHalt on_halt_;
  bool halted_ = false;
  bool unknown_vote_told_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const Published> published_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace timebank::rpc
