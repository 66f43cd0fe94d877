#include "node/replica/pool.h"

#include <string>

namespace timebank::replica {
namespace {

const std::string& FirstSigner(const SignedTransaction& transaction) {
  return transaction.transaction.body.signers(0).member();
}

}  // namespace

Pool::Added Pool::Add(SharedTransaction transaction, Millis flood_at) {
  const Hash id = transaction->transaction.id;
  if (by_id_.contains(id)) return Added::kKnown;
  const std::size_t size = transaction->envelope.size();
  if (entries_.size() >= limits_.transactions || bytes_ + size > limits_.bytes) return Added::kFull;
  std::size_t& of_member = by_member_[FirstSigner(*transaction)];
  if (of_member >= limits_.per_member) return Added::kFull;
  ++of_member;
  bytes_ += size;
  const Arrival arrival = next_arrival_++;
  by_id_.emplace(id, arrival);
  by_envelope_.emplace(transaction->transaction.envelope_hash, arrival);
  floods_.emplace(flood_at, arrival);
  entries_.emplace(arrival, Entry{std::move(transaction), flood_at});
  return Added::kAdded;
}

void Pool::Remove(const Hash& id) {
  const auto known = by_id_.find(id);
  if (known != by_id_.end()) Erase(entries_.find(known->second));
}

SharedTransaction Pool::FindEnvelope(const Hash& envelope_hash) const {
  const auto known = by_envelope_.find(envelope_hash);
  return known == by_envelope_.end() ? nullptr : entries_.at(known->second).transaction;
}

std::vector<Pool::Refused> Pool::JudgeAgain(const Judge& judge) {
  std::vector<Refused> refused;
  // Judges the entry and steps to the next. True when it may stay.
  const auto judge_at = [&](std::map<Arrival, Entry>::iterator& at) {
    const auto here = at++;
    const v1::Reason reason = judge(*here->second.transaction);
    if (reason == v1::REASON_UNSPECIFIED) return true;
    refused.push_back({here->second.transaction, reason});
    Erase(here);
    return false;
  };
  auto front = entries_.begin();
  while (front != entries_.end() && !judge_at(front)) {
  }
  auto at = entries_.lower_bound(std::max(judge_from_, front == entries_.end() ? 0 : front->first));
  for (std::size_t judged = 0; judged < kJudgedAgainMax && at != entries_.end(); ++judged) {
    judge_at(at);
  }
  judge_from_ = at == entries_.end() ? 0 : at->first;
  return refused;
}

void Pool::ForEach(const std::function<bool(const SharedTransaction&)>& visit) const {
  for (const auto& [arrival, entry] : entries_) {
    if (!visit(entry.transaction)) return;
  }
}

std::vector<SharedTransaction> Pool::TakeFlood(Millis now, std::size_t count_max,
                                               std::size_t bytes_max) {
  std::vector<SharedTransaction> out;
  std::size_t bytes = 0;
  while (!floods_.empty() && floods_.begin()->first <= now && out.size() < count_max) {
    const Arrival arrival = floods_.begin()->second;
    Entry& entry = entries_.at(arrival);
    bytes += entry.transaction->envelope.size();
    if (bytes > bytes_max && !out.empty()) break;
    floods_.erase(floods_.begin());
    entry.flood_at = Millis(now.value() + kFloodAgainMs);
    floods_.emplace(entry.flood_at, arrival);
    out.push_back(entry.transaction);
  }
  return out;
}

std::optional<Millis> Pool::next_flood() const {
  if (floods_.empty()) return std::nullopt;
  return floods_.begin()->first;
}

void Pool::Erase(std::map<Arrival, Entry>::iterator at) {
  const SignedTransaction& gone = *at->second.transaction;
  const auto of_member = by_member_.find(FirstSigner(gone));
  if (--of_member->second == 0) by_member_.erase(of_member);
  bytes_ -= gone.envelope.size();
  by_id_.erase(gone.transaction.id);
  by_envelope_.erase(gone.transaction.envelope_hash);
  floods_.erase({at->second.flood_at, at->first});
  entries_.erase(at);
}

}  // namespace timebank::replica
