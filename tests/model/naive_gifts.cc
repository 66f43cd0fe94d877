// Donations and transfers to kin in the naive ledger.
#include "base/civil.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {

v1::Reason NaiveLedger::Do(const v1::Donate& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  const v1::Signer& signer = by_.front();
  const Id& donor = signer.member();
  if (by_.size() != 1 || !SignsAsMember(signer, donor)) return v1::REASON_F15_WRONG_SCOPE;
  if (holds_.contains(tx.hold())) {
    const HeldMinutes& old = holds_.at(tx.hold());
    const bool same = old.purpose == v1::HOLD_PURPOSE_DONATION && old.owner == donor &&
                      old.beneficiary == tx.org() && old.lines.front().minutes == tx.minutes();
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_CONFLICT;
  }
  if (IsTaken(tx.hold())) return v1::REASON_CONFLICT;
  const Id home = HomeOf(donor);
  if (const auto reason = CheckIdTime(tx.hold(), home); reason != v1::REASON_UNSPECIFIED) {
    return reason;
  }
  if (Param(home, v1::POLICY_PARAMETER_DONATION_ENABLED, now_) == 0) {
    return v1::REASON_DISABLED_BY_POLICY;
  }
  if (InDebt(donor)) return v1::REASON_DEBT;
  if (BalanceOf(donor, v1::ACCOUNT_KIND_EARNED) < tx.minutes()) return v1::REASON_F13_INSUFFICIENT;
  if (KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(donor)) return v1::REASON_F14_PARTY_BLOCKED;
  HeldMinutes hold{.owner = donor, .purpose = v1::HOLD_PURPOSE_DONATION};
  hold.expires_ms =
      now_ + static_cast<Time>(Param(home, v1::POLICY_PARAMETER_DONATION_HOLD_MS, now_));
  hold.beneficiary = tx.org();
  PlaceHold(tx.hold(), hold, tx.minutes(), /*earned_only=*/true);
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::RevokeDonation& tx) {
  const auto hold = holds_.find(tx.hold());
  if (hold == holds_.end()) return v1::REASON_UNKNOWN_HOLD;
  if (by_.size() != 1 || !SignsAsMember(by_.front(), hold->second.owner)) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (hold->second.purpose != v1::HOLD_PURPOSE_DONATION) return v1::REASON_WRONG_STATE;
  if (hold->second.expires_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  ReleaseHold(tx.hold());
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::Transfer& tx) {
  if (!people_.contains(tx.to())) return v1::REASON_UNKNOWN_MEMBER;
  const v1::Signer& signer = by_.front();
  const Id& from = signer.member();
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;  // of two nobody knows who gives
  if (tx.to() == from) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (!SignsAsMember(signer, from)) return v1::REASON_F15_WRONG_SCOPE;
  const Id home = HomeOf(from);
  if (Param(home, v1::POLICY_PARAMETER_KIN_TRANSFER_ENABLED, now_) == 0) {
    return v1::REASON_DISABLED_BY_POLICY;
  }
  if (!people_.at(from).kin.contains(tx.to())) return v1::REASON_NOT_KIN;
  std::int64_t room = Param(home, v1::POLICY_PARAMETER_KIN_TRANSFER_YEAR_MINUTES, now_);
  const auto year = LocalYear(Millis(now_), civil_offset_minutes_);
  for (const Gift& gift : gifts_) {
    const bool this_year = LocalYear(Millis(gift.at_ms), civil_offset_minutes_) == year;
    if (gift.from == from && this_year) room -= gift.minutes;
  }
  if (tx.minutes() > room) return v1::REASON_F5_CAP;
  if (InDebt(from)) return v1::REASON_DEBT;
  if (BalanceOf(from, v1::ACCOUNT_KIND_EARNED) < tx.minutes()) return v1::REASON_F13_INSUFFICIENT;
  if (KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  if (Blocked(from) || Blocked(tx.to())) return v1::REASON_F14_PARTY_BLOCKED;
  Post(from, v1::ACCOUNT_KIND_EARNED, 0, -tx.minutes());
  Post(tx.to(), v1::ACCOUNT_KIND_RECEIVED, 0, tx.minutes());
  gifts_.push_back({.from = from, .at_ms = now_, .minutes = tx.minutes()});
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
