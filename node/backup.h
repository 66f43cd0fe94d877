// Backups of a node: made while it works or is stopped, checked, restored. A backup holds database
// and log as of one moment, genesis and the public half of the node's key; no secret. What is
// restored follows the others and never votes with that key again (restored_mark.h).
#pragma once

#include <cstdint>
#include <string>

#include "node/config.h"
#include "platform/status.h"

namespace timebank::node {

enum class BackupAction : std::uint8_t {
  // Into a folder that must not exist, and checks it. A node that works is asked for a copy of its
  // database (checkpoint.h); of one that is stopped the files are copied, and it cannot start
  // meanwhile.
  kMake,
  // Every file against the list of hashes; then it is restored beside the backup, opened, proven
  // against the configured genesis, and removed again, which takes its space once more.
  kVerify,
  // Into the data directory, which must be absent, empty or of a restore that was cut short.
  // Neither
  // the key of the backup nor the configured one votes from there.
  kRestore,
  // Likewise, for a configured key that has never voted and is in no set yet: it may.
  kRestoreForNewKey,
};

// What to tell the operator; the error names the file at fault and what to do.
[[nodiscard]] platform::Result<std::string> RunBackupAction(const Config& config,
                                                            BackupAction action,
                                                            const std::string& folder,
                                                            const std::string& version);

}  // namespace timebank::node
