// Which part of the node log a start must read: everything from the first batch that holds a recent
// block, a body above the floor, or a vote or certificate above the floor's Finalization. What lies
// before is the block store, checked when read (CONSENSUS 8, FloorMark).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/strong.h"
#include "consensus/messages.h"
#include "consensus/record.h"
#include "node/storage/log_format.h"

namespace timebank::storage {

// The last blocks whose bodies are checked at start; a damaged one there refuses the start.
inline constexpr std::uint64_t kRecentBlocks = 1024;

// How high a record reaches: a body by its block's height, all others by their view.
struct Reach {
  Height height;
  consensus::Position position;
};
[[nodiscard]] Reach ReachOf(const consensus::Record& record);

// The last committed block: everything at or below is dead weight, but for recent bodies.
struct CommittedPoint {
  Height height;
  consensus::Position position;  // of its Finalization
};
[[nodiscard]] inline bool IsAbove(const Reach& reach, const CommittedPoint& floor) {
  return reach.height > floor.height || reach.position > floor.position;
}

class LiveTail {
 public:
  // Batches come in the order of the log; a batch may be named several times in a row.
  void Add(const LogPosition& batch, const Reach& reach);
  // Forgets the leading batches that hold nothing live below `floor`, and gives the first that
  // does. Empty when none does.
  [[nodiscard]] std::optional<LogPosition> StartFor(const CommittedPoint& floor);

 private:
  struct Entry {
    LogPosition batch;
    Reach reach;  // the highest of the batch, height and position apart
  };
  std::deque<Entry> entries_;
};

}  // namespace timebank::storage
