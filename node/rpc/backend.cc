#include "node/rpc/backend.h"

#include <cstdlib>

#include "ledger/validators.h"

namespace timebank::rpc {

v1::Reason Backend::ClosedBecause() const {
  if (draining) return v1::REASON_SHUTTING_DOWN;
  if (disk_low) return v1::REASON_DISK_LOW;
  return v1::REASON_UNSPECIFIED;
}

client::Error Backend::NotFinal(const Hash& id) const {
  const Standing standing = CurrentStanding();
  const std::size_t count = standing.validators;
  const std::size_t needed = chain::Quorum(count);
  const std::size_t reachable = standing.reachable;
  const std::string detail = std::to_string(reachable) + " of " + std::to_string(count) +
                             " validators reachable, " + std::to_string(needed) +
                             " needed; transaction " + ToHex(id.view()) +
                             " stays queued until its validity ends";
  client::Error error = client::MakeError(
      reachable < needed ? v1::REASON_TOO_FEW_VALIDATORS : v1::REASON_NOT_YET, detail);
  error.retry_after_ms = 1000;
  error.metadata[std::string(client::kTransactionIdKey)] = ToHex(id.view());
  error.metadata[std::string(client::kReachableKey)] = std::to_string(reachable);
  error.metadata[std::string(client::kQuorumKey)] = std::to_string(needed);
  const std::string apart = ClocksApart();
  if (!apart.empty()) error.metadata[std::string(client::kClocksApartKey)] = apart;
  return error;
}

std::string Backend::ClocksApart() const {
  std::string out;
  for (const PeerState& peer : peers->ClocksApart()) {
    const std::int64_t ahead_ms = peer.clock_ahead_ms.value_or(0);
    const auto size = static_cast<std::uint64_t>(std::abs(ahead_ms));
    if (!out.empty()) out += ", ";
    out += peer.name + " " + std::to_string(size / 1000) + "." + std::to_string(size % 1000 / 100) +
           (ahead_ms > 0 ? " s ahead" : " s behind");
  }
  return out;
}

Standing Backend::CurrentStanding() const {
  const auto now = loop->published();
  const ledger::State& state = *now->final.state;
  const auto set = ledger::SetOf(state, Epoch(state.chain().epoch()));
  const std::string own = crypto::SuitedKey(key.public_key());
  Standing out;
  std::vector<std::string> others;
  for (const v1::Validator& validator : set.validators()) {
    if (validator.key() == own) {
      out.is_validator = true;
    } else {
      others.push_back(validator.name());
    }
  }
  out.validators = static_cast<std::size_t>(set.validators_size());
  out.reachable = peers->Reachable(others) + (out.is_validator ? 1U : 0U);
  return out;
}

v1::Voting Backend::CurrentVoting() const {
  if (restored) return v1::VOTING_RESTORED;
  if (loop->published()->status.consensus.unknown_vote) return v1::VOTING_LOST_VOTES;
  return CurrentStanding().is_validator ? v1::VOTING_VOTES : v1::VOTING_NO_VALIDATOR;
}

Gauges Backend::SampleGauges() const {
  const auto now = loop->published();
  Gauges out;
  out.name = name;
  out.height = now->final.header.height.value();
  out.log_size = now->final.header.log_size;
  out.epoch = now->status.consensus.position.epoch.value();
  out.view = now->status.consensus.position.view.value();
  out.pool_transactions = now->status.pool_transactions;
  out.pool_bytes = now->status.pool_bytes;
  out.inbox = inbox->clients_waiting();
  out.evidence_pending = now->status.evidence_pending;
  out.evidence_recorded = now->status.evidence_recorded;
  const Standing standing = CurrentStanding();
  out.validators = standing.validators;
  out.reachable = standing.reachable;
  out.accepting = ClosedBecause() == v1::REASON_UNSPECIFIED;
  return out;
}

}  // namespace timebank::rpc
