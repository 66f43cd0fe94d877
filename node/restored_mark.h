// The file `restored` of a data directory: its data come from a backup, and the keys named there
// must not vote from here. What they voted after the backup was made nobody here knows, and a
// second vote could contradict it (CONSENSUS 8).
#pragma once

#include <string>
#include <vector>

#include "crypto/ed25519.h"
#include "platform/status.h"

namespace timebank::node {

// Empty: the data were never restored. An unreadable mark is an error, never "no mark".
[[nodiscard]] platform::Result<std::vector<crypto::PublicKey>> ReadRestoredMark(
    const std::string& data_dir);
[[nodiscard]] platform::Status WriteRestoredMark(const std::string& data_dir,
                                                 const std::vector<crypto::PublicKey>& keys);

}  // namespace timebank::node
