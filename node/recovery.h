// The node's part in a recovery (CONSENSUS 6), of a stopped node: what it has last, from which the
// council's document is made, and the beginning of the new era. `recovery.bin` in the data
// directory is the signed document from then on; a start with it goes on from the block it names.
#pragma once

#include <string>

#include "base/expected.h"
#include "base/strong.h"
#include "chain/genesis.h"
#include "chain/header.h"
#include "node/config.h"
#include "node/node.h"

namespace timebank::node {

struct RecoveryReport {
  Height height;  // of the last certified block here
  Epoch epoch;
  Hash digest;
  Hash state_root;
  chain::Era era;  // that of the block; of what begins, when it does
  Hash chain_id;
};
using RecoveryResult = Expected<RecoveryReport, StartFailure>;

[[nodiscard]] std::string RecoveryPath(const std::string& data_dir);
// Canonical bytes of the Recovery in there, verified; empty: there is none.
[[nodiscard]] Expected<std::string, StartFailure> ReadRecovery(const std::string& data_dir,
                                                               const chain::Genesis& genesis);

// Writes the last certified block with the links that prove it and the council's seats to a new
// file, for `timebank recovery draft`.
[[nodiscard]] RecoveryResult SaveLastBlock(const Config& config, const std::string& file);
// Checks the document, that the last block here is the one it names, and puts it in place.
[[nodiscard]] RecoveryResult BeginEra(const Config& config, const std::string& file);

}  // namespace timebank::node
