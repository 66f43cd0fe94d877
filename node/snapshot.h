// Snapshots of a stopped node (format: node/replica/snapshot.h): saved to a file, verified against
// the genesis file alone, restored into an empty data directory. A restored directory holds no
// votes, so it is for a key that has never voted: a new validator's, or one after a rotation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "node/config.h"
#include "node/node.h"

namespace timebank::node {

struct SnapshotReport {
  Height height;
  Epoch epoch;
  Hash digest;
  Hash state_root;
  std::uint64_t records = 0;
  std::uint64_t transactions = 0;
  std::uint64_t bytes = 0;
};
using SnapshotResult = Expected<SnapshotReport, StartFailure>;
// Told now and then what has been done so far.
using SnapshotProgress = std::function<void(const std::string&)>;

// The node must be stopped. `file` must not exist; it is there only once it was read back whole.
[[nodiscard]] SnapshotResult SaveSnapshot(const Config& config, const std::string& file,
                                          const SnapshotProgress& progress);
[[nodiscard]] SnapshotResult VerifySnapshot(const std::string& genesis_file,
                                            const std::string& file,
                                            const SnapshotProgress& progress);
// The data directory must be absent or empty, and the configured key in no set of validators that
// the snapshot tells of. After a failure there is none.
[[nodiscard]] SnapshotResult RestoreSnapshot(const Config& config, const std::string& file,
                                             const SnapshotProgress& progress);

}  // namespace timebank::node
