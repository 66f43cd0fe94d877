#include "consensus/tally.h"

#include <set>

#include "base/check.h"
#include "consensus/limits.h"

namespace timebank::consensus {

using chain::EvidenceKind;
using chain::VoteKind;

Standing VoteTally::Judge(const Vote& vote) const {
  const auto view = views_.find(vote.position.view);
  if (view == views_.end()) return Standing::kNew;
  const auto slot = view->second.find({vote.signer, vote.position.kind});
  if (slot == view->second.end()) return Standing::kNew;
  for (const Vote& held : slot->second) {
    if (held.position == vote.position) return Standing::kKnown;
  }
  return slot->second.size() < kVotesPerSignerAndKindMax ? Standing::kContradiction
                                                         : Standing::kFull;
}

bool VoteTally::Contradicts(const Vote& vote) const {
  const Standing standing = Judge(vote);
  if (standing != Standing::kNew) return standing == Standing::kContradiction;
  const VoteKind kind = vote.position.kind;
  if (kind == VoteKind::kNotarize) return false;
  return Has(vote.position.view, vote.signer,
             kind == VoteKind::kNullify ? VoteKind::kFinalize : VoteKind::kNullify);
}

std::vector<Contradiction> VoteTally::Add(const Vote& vote) {
  TB_CHECK(vote.signer.value() < n_);
  std::vector<Vote>& slot = views_[vote.position.view][{vote.signer, vote.position.kind}];
  TB_CHECK(slot.size() < kVotesPerSignerAndKindMax);
  std::vector<Contradiction> proven;
  const VoteKind kind = vote.position.kind;
  if (!slot.empty()) {
    const EvidenceKind conflict = kind == VoteKind::kFinalize ? EvidenceKind::kConflictingFinalize
                                                              : EvidenceKind::kConflictingNotarize;
    proven.push_back({conflict, slot.front(), vote});
  }
  slot.push_back(vote);
  if (kind == VoteKind::kNotarize) return proven;
  const VoteKind opposite = kind == VoteKind::kNullify ? VoteKind::kFinalize : VoteKind::kNullify;
  if (const Vote* other = First(vote.position.view, vote.signer, opposite)) {
    const bool nullify_is_new = kind == VoteKind::kNullify;
    proven.push_back({EvidenceKind::kNullifyFinalize, nullify_is_new ? vote : *other,
                      nullify_is_new ? *other : vote});
  }
  return proven;
}

std::optional<chain::Certificate> VoteTally::QuorumOn(const chain::VotePosition& position) const {
  chain::Certificate certificate;
  certificate.position = position;
  certificate.validator_count = static_cast<std::uint8_t>(n_);
  for (std::size_t i = 0; i < n_; ++i) {
    const ReplicaIndex signer(static_cast<std::uint16_t>(i));
    const Vote* vote = First(position.view, signer, position.kind);
    if (vote == nullptr || vote->position != position) continue;
    certificate.votes.push_back({signer, vote->signature});
  }
  if (certificate.votes.size() < quorum_) return std::nullopt;
  return certificate;
}

std::size_t VoteTally::Voters(View view) const {
  const auto votes = views_.find(view);
  if (votes == views_.end()) return 0;
  std::set<ReplicaIndex> voters;
  for (const auto& [slot, held] : votes->second) voters.insert(slot.first);
  return voters.size();
}

bool VoteTally::Has(View view, ReplicaIndex signer, VoteKind kind) const {
  return First(view, signer, kind) != nullptr;
}

std::vector<Vote> VoteTally::VotesOf(ReplicaIndex signer, View floor, std::size_t most) const {
  std::vector<Vote> votes;
  for (auto view = views_.rbegin(); view != views_.rend() && view->first > floor; ++view) {
    for (const VoteKind kind : {VoteKind::kNotarize, VoteKind::kNullify, VoteKind::kFinalize}) {
      const Vote* vote = First(view->first, signer, kind);
      if (vote != nullptr && votes.size() < most) votes.push_back(*vote);
    }
  }
  return votes;
}

void VoteTally::DropBelow(View first_kept) {
  views_.erase(views_.begin(), views_.lower_bound(first_kept));
}

const Vote* VoteTally::First(View view, ReplicaIndex signer, VoteKind kind) const {
  const auto votes = views_.find(view);
  if (votes == views_.end()) return nullptr;
  const auto slot = votes->second.find({signer, kind});
  return slot == votes->second.end() ? nullptr : &slot->second.front();
}

}  // namespace timebank::consensus
