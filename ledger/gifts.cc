// Gifts: donations to an organisation's POOL, held for a while and revocable, and transfers to kin
// (DOMAIN 5).
#include "base/civil.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/entry_checks.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

HoldName NameOf(const v1::Hold& donation) {
  return {As<HoldId>(donation.hold()), As<MemberId>(donation.owner()), v1::HOLD_PURPOSE_DONATION};
}

bool IsKin(const v1::Member& member, std::string_view relative) {
  for (const v1::KinLink& link : member.kin()) {
    if (link.relative() == relative) return true;
  }
  return false;
}

// The giver, who signs as a member; null with F15 otherwise.
Expected<Signer, Reason> Giver(TxContext& tx) {
  auto signer = OnlySigner(tx);
  if (signer && signer->role != v1::ROLE_MEMBER) return Unexpected{v1::REASON_F15_WRONG_SCOPE};
  return signer;
}

// The same id again: equal content stands as it is.
Reason JudgeKnownHold(TxContext& tx, const v1::Hold& hold, const Signer& giver,
                      const v1::Donate& message) {
  const bool equal = hold.purpose() == v1::HOLD_PURPOSE_DONATION &&
                     hold.owner() == giver.member.text() && hold.beneficiary() == message.org() &&
                     HeldMinutes(tx, As<HoldId>(message.hold())) == message.minutes();
  tx.line().set_outcome(v1::OUTCOME_ALREADY_RECORDED);
  return equal ? kOk : v1::REASON_CONFLICT;
}

}  // namespace

Reason CheckForm(const v1::Donate& message) {
  if (AnyEmpty({message.hold(), message.org()})) return v1::REASON_MISSING_FIELD;
  if (message.minutes() <= 0) return v1::REASON_AMOUNT_NOT_POSITIVE;
  return IsZeroId(message.hold()) ? v1::REASON_BAD_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::Donate& message) {
  if (tx.Find<v1::Organisation>(As<OrgId>(message.org())) == nullptr) {
    return v1::REASON_UNKNOWN_ORGANISATION;
  }
  const auto giver = Giver(tx);
  if (!giver) return giver.error();
  const HoldId id = As<HoldId>(message.hold());
  tx.BeginLine(id.view());
  if (const auto* hold = tx.Find<v1::Hold>(id)) return JudgeKnownHold(tx, *hold, *giver, message);
  if (!IdIsFree(tx, id)) return v1::REASON_CONFLICT;
  const Policy policy = tx.PolicyOf(As<OrgId>(tx.Find<v1::Member>(giver->member)->home_org()));
  if (const Reason r = CheckIdTime(tx, policy, id.view()); r != kOk) return r;
  if (!policy.Enabled(v1::POLICY_PARAMETER_DONATION_ENABLED)) return v1::REASON_DISABLED_BY_POLICY;
  const std::uint64_t lasts = policy.Ms(v1::POLICY_PARAMETER_DONATION_HOLD_MS);
  const Reason held = PlaceHold(tx, {.name = {id, giver->member, v1::HOLD_PURPOSE_DONATION},
                                     .minutes = message.minutes(),
                                     .expires = Millis(tx.now_ms() + lasts),
                                     .sources = HoldSources::kEarnedOnly,
                                     .beneficiary = As<OrgId>(message.org())});
  return held != kOk ? held : RequireKeyAge(tx, *giver);
}

Reason CheckForm(const v1::RevokeDonation& message) {
  return AnyEmpty({message.hold()}) ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::RevokeDonation& message) {
  const HoldId id = As<HoldId>(message.hold());
  const auto* hold = tx.Find<v1::Hold>(id);
  if (hold == nullptr) return v1::REASON_UNKNOWN_HOLD;
  if (const Reason r = RequireMember(tx, As<MemberId>(hold->owner())); r != kOk) return r;
  if (hold->purpose() != v1::HOLD_PURPOSE_DONATION) return v1::REASON_WRONG_STATE;
  if (hold->expires_ms() <= tx.now_ms()) return v1::REASON_DEADLINE_PASSED;
  tx.BeginLine(id.view());
  return ReleaseHold(tx, NameOf(*hold));
}

Reason SweepDonation(TxContext& tx, const HoldId& id) {
  const auto* hold = tx.Find<v1::Hold>(id);
  if (hold == nullptr) return v1::REASON_UNKNOWN_HOLD;
  tx.BeginLine(id.view());
  const HoldName name = NameOf(*hold);
  const auto* owner = tx.Find<v1::Member>(name.owner);
  // Who came into debt meanwhile gives nothing away.
  const bool in_debt = owner != nullptr && BalanceOf(*owner, v1::ACCOUNT_KIND_DEBT) < 0;
  if (in_debt) return ReleaseHold(tx, name);
  const Account pool = Account::Of(As<OrgId>(hold->beneficiary()), v1::ACCOUNT_KIND_POOL);
  return CaptureHold(tx, name, HeldMinutes(tx, id), pool, /*paid=*/nullptr);
}

Reason CheckForm(const v1::Transfer& message) {
  if (AnyEmpty({message.to()})) return v1::REASON_MISSING_FIELD;
  return message.minutes() > 0 ? kOk : v1::REASON_AMOUNT_NOT_POSITIVE;
}

Reason Execute(TxContext& tx, const v1::Transfer& message) {
  const MemberId to = As<MemberId>(message.to());
  if (tx.Find<v1::Member>(to) == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const auto giver = Giver(tx);
  if (giver && giver->member == to) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  if (!giver) return giver.error();
  const v1::Member& from = *tx.Find<v1::Member>(giver->member);
  const Policy policy = tx.PolicyOf(As<OrgId>(from.home_org()));
  if (!policy.Enabled(v1::POLICY_PARAMETER_KIN_TRANSFER_ENABLED)) {
    return v1::REASON_DISABLED_BY_POLICY;
  }
  if (!IsKin(from, message.to())) return v1::REASON_NOT_KIN;
  const CounterId year = MemberCounter(giver->member, v1::COUNTER_SCOPE_TRANSFER_YEAR,
                                       LocalYear(tx.now(), tx.civil_offset()));
  const std::int64_t cap = policy.Get(v1::POLICY_PARAMETER_KIN_TRANSFER_YEAR_MINUTES);
  if (!FitsUnderCap(tx, year, message.minutes(), cap)) return v1::REASON_F5_CAP;
  if (const Reason r = AddToCounter(tx, year, {.minutes = message.minutes()}); r != kOk) return r;
  if (BalanceOf(from, v1::ACCOUNT_KIND_DEBT) < 0) return v1::REASON_DEBT;
  tx.BeginLine(to.view());
  const Reason moved = tx.Move(Account::Of(giver->member, v1::ACCOUNT_KIND_EARNED),
                               Account::Of(to, v1::ACCOUNT_KIND_RECEIVED), message.minutes());
  if (moved != kOk) return moved;
  tx.AddParty(to);
  return RequireKeyAge(tx, *giver);
}

}  // namespace timebank::ledger
