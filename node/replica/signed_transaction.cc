#include "node/replica/signed_transaction.h"

#include <utility>

namespace timebank::replica {

Expected<SharedTransaction, v1::Reason> ReadTransaction(std::string envelope,
                                                        const Hash& chain_id) {
  auto transaction = chain::ParseEnvelope(AsBytes(envelope), chain_id);
  if (!transaction) return Unexpected{transaction.error()};
  return std::make_shared<const SignedTransaction>(
      SignedTransaction{std::move(envelope), std::move(*transaction)});
}

}  // namespace timebank::replica
