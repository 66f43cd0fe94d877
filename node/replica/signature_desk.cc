#include "node/replica/signature_desk.h"

#include <utility>

#include "base/check.h"

namespace timebank::replica {

SignatureDesk::Ticket SignatureDesk::Ask(std::vector<SharedTransaction> transactions,
                                         std::shared_ptr<const ledger::State> state, bool urgent) {
  TB_CHECK(!transactions.empty());
  const Ticket ticket = next_++;
  jobs_.emplace(ticket, transactions);
  verifier_.Verify({ticket, std::move(state), std::move(transactions), urgent});
  return ticket;
}

std::vector<SharedTransaction> SignatureDesk::Take(Ticket ticket,
                                                   const std::vector<v1::Reason>& verdicts) {
  const auto job = jobs_.find(ticket);
  if (job == jobs_.end()) return {};
  std::vector<SharedTransaction> transactions = std::move(job->second);
  jobs_.erase(job);
  TB_CHECK(transactions.size() == verdicts.size());
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const Hash& name = transactions[i]->transaction.envelope_hash;
    if (verdicts[i] != v1::REASON_UNSPECIFIED || !known_.insert(name).second) continue;
    oldest_.push_back(name);
    if (oldest_.size() > kKnownSignaturesMax) {
      known_.erase(oldest_.front());
      oldest_.pop_front();
    }
  }
  return transactions;
}

}  // namespace timebank::replica
