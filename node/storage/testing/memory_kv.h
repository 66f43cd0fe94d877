// KvStore in memory: ordered maps, and crashes that keep any prefix of the unsynced batches.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/storage/kv_store.h"

namespace timebank::storage::testing {

// What survives the process; a MemoryKv is one process's view of it.
struct MemoryKvDisk {
  using Rows = std::array<std::map<Bytes, Bytes>, kColumns>;
  Rows durable;
  std::vector<std::vector<KvWrite>> unsynced;  // batches in order
  std::optional<std::string> fault;            // every operation fails with this sentence

  // The power fails: the first `kept` of the unsynced batches survive.
  void Crash(std::size_t kept);
};

class MemoryKv final : public KvStore {
 public:
  explicit MemoryKv(MemoryKvDisk& disk);
  [[nodiscard]] platform::Result<std::optional<Bytes>> Get(Column column,
                                                           ByteView key) const override;
  [[nodiscard]] platform::Status Visit(Column column, ByteView from,
                                       const Visitor& visit) const override;
  [[nodiscard]] platform::Status Write(std::span<const KvWrite> writes) override;
  [[nodiscard]] platform::Status Sync() override;
  [[nodiscard]] platform::Status Flush() override;
  // Fails: there are no files.
  [[nodiscard]] platform::Status CopyTo(const std::string& directory) const override;
  [[nodiscard]] platform::Status Verify() const override;

 private:
  [[nodiscard]] platform::Status Fault() const;
  MemoryKvDisk& disk_;
  MemoryKvDisk::Rows rows_;
};

}  // namespace timebank::storage::testing
