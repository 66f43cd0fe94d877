// The node's view of ledger time: the wall clock plus, on a development network, an offset that a
// signed command sets (forward only) and that survives kill -9 in a file of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/strong.h"
#include "platform/status.h"

namespace timebank::rpc {

class NodeClock {
 public:
  // Reads the offset from `data_dir`; none there: `first_offset_ms`, kept from now on. On other
  // than development networks there must be neither.
  [[nodiscard]] static platform::Result<std::unique_ptr<NodeClock>> Open(
      const std::string& data_dir, bool development, std::int64_t first_offset_ms);

  // Never goes back while the process runs.
  [[nodiscard]] Millis LedgerNow() const;
  [[nodiscard]] std::int64_t offset_ms() const { return offset_ms_; }
  // Durable when it returns. Fails below the current offset and when the file cannot be written.
  // Requires: a development network.
  [[nodiscard]] platform::Status SetOffset(std::int64_t offset_ms);

 private:
  [[nodiscard]] platform::Status Keep(std::int64_t offset_ms);
  explicit NodeClock(std::string path) : path_(std::move(path)) {}
  const std::string path_;
  std::mutex mutex_;  // one change at a time
  std::atomic<std::int64_t> offset_ms_{0};
  mutable std::atomic<std::uint64_t> latest_{0};
};

}  // namespace timebank::rpc
