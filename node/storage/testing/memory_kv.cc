#include "node/storage/testing/memory_kv.h"

#include <algorithm>

namespace timebank::storage::testing {
namespace {

using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

void Apply(std::span<const KvWrite> writes, MemoryKvDisk::Rows& rows) {
  for (const KvWrite& write : writes) {
    auto& column = rows.at(static_cast<std::size_t>(write.column));
    if (write.value) {
      column[write.key] = *write.value;
    } else {
      column.erase(write.key);
    }
  }
}

}  // namespace

void MemoryKvDisk::Crash(std::size_t kept) {
  for (std::size_t i = 0; i < std::min(kept, unsynced.size()); ++i) Apply(unsynced[i], durable);
  unsynced.clear();
}

MemoryKv::MemoryKv(MemoryKvDisk& disk) : disk_(disk), rows_(disk.durable) {
  for (const auto& batch : disk.unsynced) Apply(batch, rows_);
}

Result<std::optional<Bytes>> MemoryKv::Get(Column column, ByteView key) const {
  if (Status fault = Fault(); !fault) return Fail(fault.error());
  const auto& rows = rows_.at(static_cast<std::size_t>(column));
  const auto found = rows.find(ToBytes(key));
  if (found == rows.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(found->second);
}

Status MemoryKv::Visit(Column column, ByteView from, const Visitor& visit) const {
  if (Status fault = Fault(); !fault) return fault;
  const auto& rows = rows_.at(static_cast<std::size_t>(column));
  for (auto row = rows.lower_bound(ToBytes(from)); row != rows.end(); ++row) {
    if (!visit(row->first, row->second)) break;
  }
  return Done{};
}

Status MemoryKv::Write(std::span<const KvWrite> writes) {
  if (Status fault = Fault(); !fault) return fault;
  Apply(writes, rows_);
  disk_.unsynced.emplace_back(writes.begin(), writes.end());
  return Done{};
}

Status MemoryKv::Sync() {
  if (Status fault = Fault(); !fault) return fault;
  disk_.Crash(disk_.unsynced.size());
  return Done{};
}

Status MemoryKv::Flush() { return Sync(); }

Status MemoryKv::CopyTo(const std::string& directory) const {
  return Fail("a database in memory has no files to copy to " + directory);
}

Status MemoryKv::Verify() const { return Fault(); }

Status MemoryKv::Fault() const {
  if (disk_.fault) return Fail(*disk_.fault);
  return Done{};
}

}  // namespace timebank::storage::testing
