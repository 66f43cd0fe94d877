#include "consensus/rounds.h"

#include "base/check.h"

namespace timebank::consensus {

using chain::VoteKind;

const Round& Rounds::operator[](View view) const {
  static const Round kNothing;
  const auto round = rounds_.find(view);
  return round == rounds_.end() ? kNothing : round->second;
}

void Rounds::NoteMine(const Vote& vote) {
  Round& round = rounds_[vote.position.view];
  switch (vote.position.kind) {
    case VoteKind::kNotarize:
      TB_CHECK(!round.my_notarize || round.my_notarize->position == vote.position);  // I1
      round.my_notarize = vote;
      return;
    case VoteKind::kNullify:
      TB_CHECK(!round.my_finalize);  // I2
      round.my_nullify = vote;
      return;
    case VoteKind::kFinalize:
      TB_CHECK(!round.my_nullify);  // I2
      TB_CHECK(!round.my_finalize || round.my_finalize->position == vote.position);
      round.my_finalize = vote;
      return;
  }
}

bool Rounds::Store(const chain::Certificate& certificate) {
  TB_CHECK(certificate.position.kind != VoteKind::kFinalize);
  Round& round = rounds_[certificate.position.view];
  if (certificate.position.kind == VoteKind::kNullify) {
    if (!round.nullification) round.nullification = certificate;
    return true;
  }
  if (!round.notarization) round.notarization = certificate;
  return round.notarization->position == certificate.position;
}

bool Rounds::Holds(const chain::VotePosition& position) const {
  const Round& round = (*this)[position.view];
  if (position.kind == VoteKind::kNullify) return round.nullification.has_value();
  if (position.kind == VoteKind::kFinalize) return false;
  return round.notarization && round.notarization->position == position;
}

const chain::Certificate* Rounds::HighestNotarization() const {
  for (auto round = rounds_.rbegin(); round != rounds_.rend(); ++round) {
    if (round->second.notarization) return &*round->second.notarization;
  }
  return nullptr;
}

bool Rounds::IsNotarized(const Hash& digest) const {
  for (const auto& [view, round] : rounds_) {
    if (round.notarization && round.notarization->position.digest == digest) return true;
  }
  return false;
}

void Rounds::DropThrough(View floor) { rounds_.erase(rounds_.begin(), rounds_.upper_bound(floor)); }

}  // namespace timebank::consensus
