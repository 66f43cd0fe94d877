// Storage as the replica sees it, with its cost counted.
#pragma once

#include "node/replica/ports.h"
#include "node/rpc/metrics.h"

namespace timebank::rpc {

class TimedStorage final : public replica::Storage {
 public:
  // Both outlive this object.
  TimedStorage(replica::Storage* storage, Metrics* metrics)
      : storage_(storage), metrics_(metrics) {}

  [[nodiscard]] std::optional<consensus::CommittedBlock> Floor() override;
  void VisitState(const std::function<void(ByteView, ByteView)>& visit) override;
  void VisitLogLeaves(const std::function<void(const Hash&)>& visit) override;
  [[nodiscard]] std::vector<consensus::Record> TakeRecords() override;
  void Append(std::span<const consensus::Record> records, bool sync) override;
  void CommitBlock(const replica::CommitBatch& batch) override;
  void MaybeSync(Millis steady_ms) override;
  [[nodiscard]] std::optional<consensus::CommittedBlock> ReadBlock(Height height) override;
  [[nodiscard]] std::optional<Height> HeightOf(const Hash& digest) override;
  [[nodiscard]] std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override;

 private:
  replica::Storage* const storage_;
  Metrics* const metrics_;
};

}  // namespace timebank::rpc
