// KvStore on RocksDB, which no other file of ours includes.
#pragma once

#include <memory>
#include <string>

#include "node/storage/kv_store.h"

namespace timebank::storage {

// Opens or creates the database in `directory`, which one process at a time may hold. Its own log
// is replayed up to the first record that does not verify. The error says what is damaged.
[[nodiscard]] platform::Result<std::unique_ptr<KvStore>> OpenRocksKv(const std::string& directory);

}  // namespace timebank::storage
