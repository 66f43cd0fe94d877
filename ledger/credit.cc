#include "ledger/credit.h"

#include <algorithm>

#include "base/minutes.h"
#include "ledger/counters.h"

namespace timebank::ledger {
namespace {

CounterId CreditYear(const TxContext& tx, const MemberId& volunteer, Millis at) {
  return MemberCounter(volunteer, v1::COUNTER_SCOPE_CREDIT_YEAR, LocalYear(at, tx.civil_offset()));
}

Account PoolOf(const v1::Member& member) {
  return Account::Of(As<OrgId>(member.home_org()), v1::ACCOUNT_KIND_POOL);
}

// What EARNED may still take up.
std::int64_t RoomUnderCap(TxContext& tx, const v1::Member& member) {
  const Policy policy = tx.PolicyOf(As<OrgId>(member.home_org()));
  std::optional<std::int64_t> room = policy.Get(v1::POLICY_PARAMETER_EARNED_CAP_MINUTES);
  for (const std::int64_t counts :
       {BalanceOf(member, v1::ACCOUNT_KIND_EARNED), member.held_earned_minutes(),
        BalanceOf(member, v1::ACCOUNT_KIND_LOCKED)}) {
    if (room) room = CheckedSub(*room, counts);
  }
  return room ? std::max<std::int64_t>(0, *room) : 0;
}

}  // namespace

Reason Credit(TxContext& tx, v1::Entry& entry) {
  const auto volunteer = As<MemberId>(entry.volunteer());
  const std::int64_t minutes = entry.credited_minutes();
  v1::Member* member = tx.Edit<v1::Member>(volunteer);
  if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const Account cooling = Account::Of(volunteer, v1::ACCOUNT_KIND_COOLING);
  const Account debt = Account::Of(volunteer, v1::ACCOUNT_KIND_DEBT);
  const std::int64_t repaid = std::min(minutes, -BalanceOf(*member, v1::ACCOUNT_KIND_DEBT));
  const std::int64_t kept = std::min(minutes - repaid, RoomUnderCap(tx, *member));
  const std::int64_t excess = minutes - repaid - kept;
  if (const Reason r = tx.Move(cooling, debt, repaid); r != kOk) return r;
  const Account earned = Account::Of(volunteer, v1::ACCOUNT_KIND_EARNED);
  if (const Reason r = tx.Move(cooling, earned, kept); r != kOk) return r;
  if (const Reason r = tx.Move(cooling, PoolOf(*member), excess); r != kOk) return r;
  entry.set_pooled_minutes(excess);
  const auto honours = CheckedAdd(member->honours_minutes(), excess);
  if (!honours) return v1::REASON_AMOUNT_OVERFLOW;
  member->set_honours_minutes(*honours);
  return AddToCounter(tx, CreditYear(tx, volunteer, tx.now()), {.minutes = minutes});
}

Reason TakeBack(TxContext& tx, const v1::Entry& entry) {
  const auto volunteer = As<MemberId>(entry.volunteer());
  const std::int64_t minutes = entry.credited_minutes();
  v1::Member* member = tx.Edit<v1::Member>(volunteer);
  if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const Account earned = Account::Of(volunteer, v1::ACCOUNT_KIND_EARNED);
  const Account pool = PoolOf(*member);
  const std::int64_t pooled = std::min(entry.pooled_minutes(), BalanceOf(tx.records(), pool));
  if (const Reason r = tx.Move(pool, earned, pooled); r != kOk) return r;
  member->set_honours_minutes(member->honours_minutes() - entry.pooled_minutes());
  const std::int64_t short_by = minutes - BalanceOf(*member, v1::ACCOUNT_KIND_EARNED);
  if (short_by > 0) {
    const Account debt = Account::Of(volunteer, v1::ACCOUNT_KIND_DEBT);
    if (const Reason r = tx.Move(debt, earned, short_by); r != kOk) return r;
  }
  const CounterId year = CreditYear(tx, volunteer, Millis(entry.credited_ms()));
  return AddToCounter(tx, year, {.minutes = -minutes});
}

}  // namespace timebank::ledger
