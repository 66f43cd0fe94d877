#include "ledger/holds.h"

#include <algorithm>

#include "ledger/org_tree.h"

namespace timebank::ledger {
namespace {

using HoldLines = google::protobuf::RepeatedPtrField<v1::HoldLine>;

Account HeldBy(const v1::Hold& hold) {
  return Account::Of(As<MemberId>(hold.owner()), v1::ACCOUNT_KIND_HELD);
}

// Where a line's minutes go when they go back.
Account SourceOf(TxContext& tx, const MemberId& owner, const v1::HoldLine& line) {
  if (line.account() == v1::ACCOUNT_KIND_POOL) {
    return Account::Of(As<OrgId>(line.owner()), v1::ACCOUNT_KIND_POOL);
  }
  if (line.account() == v1::ACCOUNT_KIND_GRANT && IsLapsed(tx, line.lot())) {
    const auto* member = tx.Find<v1::Member>(owner);
    const OrgId home = member == nullptr ? OrgId{} : As<OrgId>(member->home_org());
    return Account::Of(DistrictOf(tx.records(), home), v1::ACCOUNT_KIND_SINK);
  }
  return Account::Of(owner, line.account(), line.lot());
}

// EARNED lines leave the owner's holds: they no longer count towards the cap as held.
void NoLongerHeld(TxContext& tx, const v1::Hold& hold) {
  std::int64_t earned = 0;
  for (const v1::HoldLine& line : hold.lines()) {
    if (line.account() == v1::ACCOUNT_KIND_EARNED) earned += line.minutes();
  }
  if (earned == 0) return;
  v1::Member* owner = tx.Edit<v1::Member>(As<MemberId>(hold.owner()));
  if (owner != nullptr) owner->set_held_earned_minutes(owner->held_earned_minutes() - earned);
}

// The accounts that pay for a hold, in order.
std::vector<Account> SourcesInOrder(const TxContext& tx, const v1::Member& owner,
                                    HoldSources sources) {
  std::vector<Account> accounts;
  const MemberId id = As<MemberId>(owner.member());
  if (sources == HoldSources::kSpendingOrder) {
    for (const v1::Balance& balance : owner.balances()) {  // ascending by lot
      const bool usable = balance.account() == v1::ACCOUNT_KIND_GRANT &&
                          balance.asset() == v1::ASSET_TIME && !IsLapsed(tx, balance.lot());
      if (usable) accounts.push_back(Account::Of(id, v1::ACCOUNT_KIND_GRANT, balance.lot()));
    }
    accounts.push_back(Account::Of(id, v1::ACCOUNT_KIND_RECEIVED));
  }
  accounts.push_back(Account::Of(id, v1::ACCOUNT_KIND_EARNED));
  return accounts;
}

// Null unless the record is the one that is meant.
const v1::Hold* FindHold(TxContext& tx, const HoldName& name) {
  const auto* hold = tx.Find<v1::Hold>(name.hold);
  const bool meant =
      hold != nullptr && hold->owner() == name.owner.text() && hold->purpose() == name.purpose;
  return meant ? hold : nullptr;
}

}  // namespace

bool IdIsFree(TxContext& tx, const HoldId& id) {
  return tx.Find<v1::Entry>({id.data}) == nullptr &&
         tx.Find<v1::Redemption>({id.data}) == nullptr && tx.Find<v1::Hold>(id) == nullptr;
}

bool IsHeld(TxContext& tx, const HoldName& name) { return FindHold(tx, name) != nullptr; }

Reason PlaceHold(TxContext& tx, const HoldPlan& plan) {
  const auto* owner = tx.Find<v1::Member>(plan.name.owner);
  if (owner == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  if (tx.Find<v1::Hold>(plan.name.hold) != nullptr) return v1::REASON_CONFLICT;
  if (BalanceOf(*owner, v1::ACCOUNT_KIND_DEBT) < 0) return v1::REASON_DEBT;
  v1::Hold& hold = tx.EditOrCreate<v1::Hold>(plan.name.hold);
  hold.set_hold(plan.name.hold.str());
  hold.set_owner(plan.name.owner.str());
  hold.set_purpose(plan.name.purpose);
  hold.set_expires_ms(plan.expires.value());
  if (!plan.beneficiary.IsZero()) hold.set_beneficiary(plan.beneficiary.str());
  std::int64_t missing = plan.minutes;
  for (const Account& source : SourcesInOrder(tx, *owner, plan.sources)) {
    const std::int64_t minutes = std::min(missing, BalanceOf(tx.records(), source));
    if (minutes <= 0) continue;
    if (const Reason r = tx.Move(source, HeldBy(hold), minutes); r != kOk) return r;
    v1::HoldLine* line = hold.add_lines();
    line->set_account(source.kind);
    line->set_lot(source.lot);
    line->set_minutes(minutes);
    missing -= minutes;
    if (source.kind == v1::ACCOUNT_KIND_EARNED) {
      v1::Member* member = tx.Edit<v1::Member>(plan.name.owner);
      member->set_held_earned_minutes(member->held_earned_minutes() + minutes);
    }
  }
  return missing == 0 ? kOk : v1::REASON_F13_INSUFFICIENT;
}

Reason ReleaseHold(TxContext& tx, const HoldName& name) {
  const auto* record = FindHold(tx, name);
  if (record == nullptr) return v1::REASON_UNKNOWN_HOLD;
  NoLongerHeld(tx, *record);
  const Reason refund = Refund(tx, HeldBy(*record), name.owner, record->lines());
  tx.Erase<v1::Hold>(name.hold);
  return refund;
}

Reason CaptureHold(TxContext& tx, const HoldName& name, std::int64_t minutes, const Account& to,
                   HoldLines* paid) {
  const auto* record = FindHold(tx, name);
  if (record == nullptr) return v1::REASON_UNKNOWN_HOLD;
  if (minutes > HeldMinutes(tx, name.hold)) return v1::REASON_F13_INSUFFICIENT;
  NoLongerHeld(tx, *record);
  HoldLines rest;
  std::int64_t missing = minutes;
  for (const v1::HoldLine& line : record->lines()) {
    const std::int64_t used = std::min(missing, line.minutes());
    missing -= used;
    if (used > 0 && paid != nullptr) {
      *paid->Add() = line;
      paid->rbegin()->set_minutes(used);
    }
    if (line.minutes() > used) {
      *rest.Add() = line;
      rest.rbegin()->set_minutes(line.minutes() - used);
    }
  }
  if (const Reason r = tx.Move(HeldBy(*record), to, minutes); r != kOk) return r;
  const Reason refund = Refund(tx, HeldBy(*record), name.owner, rest);
  tx.Erase<v1::Hold>(name.hold);
  return refund;
}

std::int64_t HeldMinutes(TxContext& tx, const HoldId& hold) {
  const auto* record = tx.Find<v1::Hold>(hold);
  std::int64_t sum = 0;
  if (record == nullptr) return sum;
  // Cannot overflow: HELD, a checked balance, holds all of it.
  for (const v1::HoldLine& line : record->lines()) sum += line.minutes();
  return sum;
}

Reason Refund(TxContext& tx, const Account& payer, const MemberId& owner, const HoldLines& lines) {
  for (const v1::HoldLine& line : lines) {
    const Account source = SourceOf(tx, owner, line);
    if (const Reason r = tx.Move(payer, source, line.minutes()); r != kOk) return r;
  }
  return kOk;
}

std::int64_t Spendable(const TxContext& tx, const v1::Member& owner, HoldSources sources) {
  std::int64_t sum = 0;
  for (const Account& source : SourcesInOrder(tx, owner, sources)) {
    sum += BalanceOf(owner, source.kind, source.lot);
  }
  return sum;
}

bool IsLapsed(const TxContext& tx, std::uint32_t lot) {
  const auto end = EndOfMonth(lot, tx.civil_offset());
  return !end || *end <= tx.now();
}

}  // namespace timebank::ledger
