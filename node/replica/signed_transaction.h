// A transaction on its way through the node: parsed once, shared by pool, gossip and blocks.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/transaction.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::replica {

// A transaction whose form is in order, with the very bytes that hold it. Parsed once, on any
// thread, then shared and never changed. Its signatures are not verified yet.
struct SignedTransaction {
  std::string envelope;
  chain::Transaction transaction;
};
using SharedTransaction = std::shared_ptr<const SignedTransaction>;
// ParseEnvelope, keeping the bytes. Says why not.
[[nodiscard]] Expected<SharedTransaction, v1::Reason> ReadTransaction(std::string envelope,
                                                                      const Hash& chain_id);

}  // namespace timebank::replica
