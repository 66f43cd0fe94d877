// Postings, holds and credits of the naive ledger.
#include <algorithm>

#include "base/civil.h"
#include "tests/model/naive_books.h"

namespace timebank::model {

std::int64_t NaiveBooks::BalanceOf(const Id& owner, v1::AccountKind account,
                                   std::uint32_t lot) const {
  const auto found = balances_.find({owner, account, lot});
  return found == balances_.end() ? 0 : found->second;
}

void NaiveBooks::Post(const Id& owner, v1::AccountKind account, std::uint32_t lot,
                      std::int64_t amount) {
  const AccountKey key{owner, account, lot};
  if ((balances_[key] += amount) == 0) balances_.erase(key);
}

// What would pay `minutes`: GRANT lots that have not lapsed, earliest first; RECEIVED; EARNED.
// Fewer minutes than asked when there are not enough.
std::vector<Source> NaiveBooks::Sources(const Id& owner, std::int64_t minutes,
                                        bool earned_only) const {
  std::vector<Source> available;
  for (const auto& [key, amount] : balances_) {
    const auto& [whose, account, lot] = key;
    if (earned_only || whose != owner || account != v1::ACCOUNT_KIND_GRANT) continue;
    if (EndOfMonth(lot, civil_offset_minutes_)->value() <= now_) continue;
    available.push_back({account, lot, amount});
  }
  for (const auto account : {v1::ACCOUNT_KIND_RECEIVED, v1::ACCOUNT_KIND_EARNED}) {
    if (earned_only && account != v1::ACCOUNT_KIND_EARNED) continue;
    available.push_back({account, 0, BalanceOf(owner, account)});
  }
  std::vector<Source> lines;
  for (Source source : available) {
    source.minutes = std::min(source.minutes, minutes);
    minutes -= source.minutes;
    if (source.minutes > 0) lines.push_back(source);
  }
  return lines;
}

bool NaiveBooks::CanPay(const Id& owner, std::int64_t minutes, bool earned_only) const {
  std::int64_t covered = 0;
  for (const Source& line : Sources(owner, minutes, earned_only)) covered += line.minutes;
  return covered >= minutes;
}

// Requires: CanPay().
void NaiveBooks::PlaceHold(const Id& id, HeldMinutes hold, std::int64_t minutes, bool earned_only) {
  hold.lines = Sources(hold.owner, minutes, earned_only);
  for (const Source& line : hold.lines) Post(hold.owner, line.account, line.lot, -line.minutes);
  Post(hold.owner, v1::ACCOUNT_KIND_HELD, 0, minutes);
  holds_[id] = std::move(hold);
}

// Moves `minutes` of the hold to an account, its lines in order, and releases the rest. Returns
// the lines that paid.
std::vector<Source> NaiveBooks::Capture(const Id& id, std::int64_t minutes, const Id& to,
                                        v1::AccountKind account) {
  const HeldMinutes hold = holds_.at(id);
  holds_.erase(id);
  std::vector<Source> paid;
  std::vector<Source> rest;
  for (const Source& line : hold.lines) {
    const std::int64_t taken = std::min(line.minutes, minutes);
    minutes -= taken;
    if (taken > 0) paid.push_back({line.account, line.lot, taken});
    if (taken < line.minutes) rest.push_back({line.account, line.lot, line.minutes - taken});
    Post(hold.owner, v1::ACCOUNT_KIND_HELD, 0, -line.minutes);
    Post(to, account, 0, taken);
  }
  GiveBack(hold.owner, rest);
  return paid;
}

// Back to the recorded sources; a GRANT lot that has lapsed goes to SINK of the owner's district.
void NaiveBooks::GiveBack(const Id& owner, const std::vector<Source>& lines) {
  for (const Source& line : lines) {
    const bool lapsed = line.account == v1::ACCOUNT_KIND_GRANT &&
                        EndOfMonth(line.lot, civil_offset_minutes_)->value() <= now_;
    if (lapsed) {
      Post(Root(HomeOf(owner)), v1::ACCOUNT_KIND_SINK, 0, line.minutes);
    } else {
      Post(owner, line.account, line.lot, line.minutes);
    }
  }
}

void NaiveBooks::ReleaseHold(const Id& id) {
  if (!holds_.contains(id)) return;
  const Id owner = holds_.at(id).owner;
  Capture(id, 0, owner, v1::ACCOUNT_KIND_HELD);
}

// Debt first, then EARNED up to the cap (with EARNED lines in holds, and LOCKED); the excess goes
// to POOL of the home organisation and is honoured.
std::int64_t NaiveBooks::Credit(const Id& member, std::int64_t minutes, std::int64_t cap) {
  const std::int64_t repaid = std::min(minutes, -BalanceOf(member, v1::ACCOUNT_KIND_DEBT));
  Post(member, v1::ACCOUNT_KIND_DEBT, 0, repaid);
  minutes -= repaid;
  std::int64_t counted =
      BalanceOf(member, v1::ACCOUNT_KIND_EARNED) + BalanceOf(member, v1::ACCOUNT_KIND_LOCKED);
  for (const auto& [id, hold] : holds_) {
    for (const Source& line : hold.lines) {
      const bool own = hold.owner == member && line.account == v1::ACCOUNT_KIND_EARNED;
      if (own) counted += line.minutes;
    }
  }
  const std::int64_t room = std::max<std::int64_t>(0, cap - counted);
  const std::int64_t kept = std::min(minutes, room);
  Post(member, v1::ACCOUNT_KIND_EARNED, 0, kept);
  Post(HomeOf(member), v1::ACCOUNT_KIND_POOL, 0, minutes - kept);
  people_.at(member).honours_minutes += minutes - kept;
  return minutes - kept;
}

bool NaiveBooks::InDebt(const Id& member) const {
  return BalanceOf(member, v1::ACCOUNT_KIND_DEBT) < 0;
}

}  // namespace timebank::model
