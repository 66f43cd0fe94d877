#include "node/rpc/replica_loop.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "platform/clock.h"

namespace timebank::rpc {

ReplicaLoop::ReplicaLoop(std::unique_ptr<replica::Replica> replica, Inbox* inbox,
                         const NodeClock* clock, Metrics* metrics, OnHalt on_halt)
    : replica_(std::move(replica)),
      inbox_(inbox),
      clock_(clock),
      metrics_(metrics),
      on_halt_(std::move(on_halt)) {
  Publish();
}

ReplicaLoop::~ReplicaLoop() { Stop(); }

void ReplicaLoop::Recover() {
  std::vector<decltype(replica::Event::what)> events;
  events.emplace_back(replica::Started{});
  Step(std::move(events));
}

void ReplicaLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ReplicaLoop::Stop() {
  inbox_->Close();
  if (thread_.joinable()) thread_.join();
}

void ReplicaLoop::Run() {
  for (;;) {
    const auto wake_at = replica_->wake_at();
    Inbox::Batch batch =
        inbox_->Take(wake_at ? std::optional(wake_at->value()) : std::optional<std::uint64_t>());
    const bool closed = inbox_->closed();
    if (closed && batch.events.empty() && batch.queries.empty()) return;
    if (wake_at && wake_at->value() <= platform::MonotonicMs()) {
      batch.events.emplace_back(replica::Tick{});
    }
    Step(std::move(batch.events));
    for (const Inbox::Query& query : batch.queries) query(*replica_);
    if (closed) return;
  }
}

void ReplicaLoop::Step(std::vector<decltype(replica::Event::what)> whats) {
  if (whats.empty()) return;
  const consensus::Now now{.steady_ms = Millis(platform::MonotonicMs()),
                           .ledger_ms = clock_->LedgerNow()};
  std::vector<replica::Event> events;
  events.reserve(whats.size());
  for (auto& what : whats) events.push_back({.now = now, .what = std::move(what)});

  const auto storage = static_cast<std::size_t>(Stage::kStorage);
  const std::uint64_t storage_before = metrics_->cpu_us[storage];
  const std::uint64_t cpu_before = ThreadCpuUs();
  replica_->Step(events);
  const std::uint64_t in_storage = metrics_->cpu_us[storage] - storage_before;
  const std::uint64_t total = ThreadCpuUs() - cpu_before;
  metrics_->cpu_us[static_cast<std::size_t>(Stage::kReplica)] +=
      total > in_storage ? total - in_storage : 0;

  Publish();
  TellUnknownVote();
  if (replica_->halted() && !std::exchange(halted_, true)) {
    on_halt_(replica::DumpText(*replica_->halted()));
  }
}

void ReplicaLoop::TellUnknownVote() {
  const auto vote = replica_->status().consensus.unknown_vote;
  if (!vote || std::exchange(unknown_vote_told_, true)) return;
  spdlog::critical(
      "this node votes no more: somebody holds a vote of its key in epoch {} view {} that its log "
      "does not hold. The log was lost or restored from a backup, or a second process uses the "
      "key. It goes on following the others; see 'A validator that lost its data' in the runbook",
      vote->epoch.value(), vote->view.value());
}

void ReplicaLoop::Publish() {
  auto next = std::make_shared<const Published>(
      Published{.final = replica_->final_view(), .status = replica_->status()});
  const std::scoped_lock lock(mutex_);
  published_.swap(next);
}

std::shared_ptr<const Published> ReplicaLoop::published() const {
  const std::scoped_lock lock(mutex_);
  return published_;
}

}  // namespace timebank::rpc
