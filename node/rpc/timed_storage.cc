#include "node/rpc/timed_storage.h"

#include "platform/clock.h"

namespace timebank::rpc {

void TimedStorage::Append(std::span<const consensus::Record> records, bool sync) {
  const StageTimer timer(metrics_, Stage::kStorage);
  const std::uint64_t began = platform::MonotonicUs();
  storage_->Append(records, sync);
  if (sync) metrics_->CountSync(platform::MonotonicUs() - began);
}

void TimedStorage::CommitBlock(const replica::CommitBatch& batch) {
  const StageTimer timer(metrics_, Stage::kStorage);
  storage_->CommitBlock(batch);
}

void TimedStorage::MaybeSync(Millis steady_ms) {
  const StageTimer timer(metrics_, Stage::kStorage);
  storage_->MaybeSync(steady_ms);
}

std::optional<consensus::CommittedBlock> TimedStorage::ReadBlock(Height height) {
  const StageTimer timer(metrics_, Stage::kStorage);
  return storage_->ReadBlock(height);
}

std::optional<Height> TimedStorage::HeightOf(const Hash& digest) {
  const StageTimer timer(metrics_, Stage::kStorage);
  return storage_->HeightOf(digest);
}

std::optional<replica::TransactionRow> TimedStorage::FindTransaction(const Hash& id) {
  const StageTimer timer(metrics_, Stage::kStorage);
  return storage_->FindTransaction(id);
}

// At start only, before anything is measured.
std::optional<consensus::CommittedBlock> TimedStorage::Floor() { return storage_->Floor(); }
void TimedStorage::VisitState(const std::function<void(ByteView, ByteView)>& visit) {
  storage_->VisitState(visit);
}
void TimedStorage::VisitLogLeaves(const std::function<void(const Hash&)>& visit) {
  storage_->VisitLogLeaves(visit);
}
std::vector<consensus::Record> TimedStorage::TakeRecords() { return storage_->TakeRecords(); }

}  // namespace timebank::rpc
