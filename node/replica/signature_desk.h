// Which envelopes have good signatures: hands the unknown ones to the Verifier once and remembers
// the good ones by H(whole envelope), never by transaction id (FORMATS 3).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "node/replica/ports.h"

namespace timebank::replica {

inline constexpr std::size_t kKnownSignaturesMax = 65'536;

class SignatureDesk {
 public:
  using Ticket = std::uint64_t;
  explicit SignatureDesk(Verifier& verifier) : verifier_(verifier) {}

  [[nodiscard]] bool Knows(const SharedTransaction& transaction) const {
    return known_.contains(transaction->transaction.envelope_hash);
  }
  // Requires: at least one transaction.
  Ticket Ask(std::vector<SharedTransaction> transactions,
             std::shared_ptr<const ledger::State> state, bool urgent);
  // The transactions of an answered job, in the order of the verdicts. Empty: no such job.
  // Requires: one verdict per transaction.
  [[nodiscard]] std::vector<SharedTransaction> Take(Ticket ticket,
                                                    const std::vector<v1::Reason>& verdicts);

 private:
  Verifier& verifier_;
  Ticket next_ = 1;
  std::map<Ticket, std::vector<SharedTransaction>> jobs_;
  std::set<Hash> known_;
  std::deque<Hash> oldest_;  // of known_, in order of arrival
};

}  // namespace timebank::replica
