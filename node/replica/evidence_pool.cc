#include "node/replica/evidence_pool.h"

#include <algorithm>

#include "ledger/evidence.h"
#include "node/replica/pool.h"

namespace timebank::replica {

using ledger::EvidenceRefusal;

EvidencePool::Added EvidencePool::Add(const std::string& evidence, const ledger::State& final_state,
                                      Millis flood_at) {
  const auto decoded = chain::DecodeEvidence(AsBytes(evidence));
  if (!decoded) return Added::kBad;
  const Key key{decoded->epoch(), decoded->validator, decoded->kind};
  if (pending_.contains(key)) return Added::kKnown;
  if (const auto refusal = ledger::JudgeEvidence(final_state, AsBytes(evidence))) {
    switch (*refusal) {
      case EvidenceRefusal::kKnown:
        return Added::kKnown;
      case EvidenceRefusal::kNotNow:
        return Added::kNotNow;
      case EvidenceRefusal::kForm:
      case EvidenceRefusal::kNotProven:
        return Added::kBad;
    }
  }
  flood_at_ = pending_.empty() ? flood_at : std::min(flood_at_, flood_at);
  pending_.emplace(key, evidence);
  return Added::kAdded;
}

void EvidencePool::JudgeAgain(const ledger::State& final_state) {
  std::erase_if(pending_, [&final_state](const auto& item) {
    return ledger::JudgeEvidence(final_state, AsBytes(item.second)).has_value();
  });
}

std::vector<std::string> EvidencePool::Pending() const {
  std::vector<std::string> all;
  for (const auto& [key, evidence] : pending_) all.push_back(evidence);
  return all;
}

std::vector<std::string> EvidencePool::TakeFlood(Millis now, std::size_t most) {
  if (pending_.empty() || now < flood_at_) return {};
  flood_at_ = Millis(now.value() + kFloodAgainMs);
  std::vector<std::string> flood = Pending();
  if (flood.size() > most) flood.resize(most);
  return flood;
}

std::optional<Millis> EvidencePool::next_flood() const {
  return pending_.empty() ? std::nullopt : std::optional(flood_at_);
}

}  // namespace timebank::replica
