// The body of a block: canonical bytes of v1::BlockBody, named by the roots in the header (FORMATS
// 4).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/validator_set.h"
#include "consensus/event.h"
#include "consensus/messages.h"
#include "node/replica/signed_transaction.h"

namespace timebank::replica {

struct BlockContent {
  std::vector<SharedTransaction> transactions;
  std::vector<std::string> evidence;  // canonical bytes of v1::Evidence
};

struct BlockBody {
  consensus::SharedBytes bytes;
  Hash tx_root;
  Hash extras_root;
};
// `next_set`: of the last block of an epoch.
[[nodiscard]] BlockBody MakeBody(const BlockContent& content,
                                 const std::optional<chain::ValidatorSet>& next_set = std::nullopt);

// A transaction known by the hash of its envelope, or null: what is known is not parsed again.
using FindKnown = std::function<SharedTransaction(const Hash& envelope_hash)>;

// What the block holds, in order. kMismatch: the bytes are not this header's body; kInvalid:
// they are, but hold what no block may hold. Signatures and evidence are not looked at. Requires: a
// body.
[[nodiscard]] Expected<BlockContent, consensus::BodyVerdict> ReadBody(const consensus::Block& block,
                                                                      const FindKnown& find_known);

}  // namespace timebank::replica
