#include "ledger/context.h"

#include <algorithm>

#include "base/check.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kLineVersion = 1;

}  // namespace

const Policy& TxContext::PolicyOf(const OrgId& org, Millis at) {
  const auto [place, is_new] = policies_.try_emplace({org, at});
  if (is_new) place->second = Policy::Of(records_, org, at);
  return place->second;
}

v1::EffectsLine& TxContext::BeginLine(ByteView entity) {
  v1::EffectsLine& line = lines_.emplace_back();
  line.set_version(kLineVersion);
  line.set_height(block_.height.value());
  line.set_timestamp_ms(block_.time.value());
  line.set_entity(ToString(entity));
  line.set_outcome(v1::OUTCOME_DONE);
  return line;
}

v1::EffectsLine& TxContext::line() {
  TB_CHECK(!lines_.empty());
  return lines_.back();
}

Reason TxContext::Move(const Account& from, const Account& to, std::int64_t minutes) {
  if (minutes == 0) return kOk;
  if (minutes < 0) return v1::REASON_AMOUNT_NOT_POSITIVE;
  TB_CHECK(from.asset == to.asset);
  if (const Reason r = AddToBalance(records_, from, -minutes); r != kOk) return r;
  if (const Reason r = AddToBalance(records_, to, minutes); r != kOk) return r;
  AddPosting(from, -minutes);
  AddPosting(to, minutes);
  return kOk;
}

// One posting per account and line; what sums to nothing is left out.
void TxContext::AddPosting(const Account& account, std::int64_t amount) {
  auto& postings = *line().mutable_postings();
  for (auto at = postings.begin(); at != postings.end(); ++at) {
    const bool same = at->owner() == account.owner.text() && at->account() == account.kind &&
                      at->asset() == account.asset && at->lot() == account.lot;
    if (!same) continue;
    // Cannot overflow: the balances themselves, which take the same steps, are checked.
    at->set_amount(at->amount() + amount);
    if (at->amount() == 0) postings.erase(at);
    return;
  }
  v1::Posting* posting = postings.Add();
  posting->set_owner(account.owner.str());
  posting->set_account(account.kind);
  posting->set_asset(account.asset);
  posting->set_lot(account.lot);
  posting->set_amount(amount);
}

TxContext::Mark TxContext::BeginListLine(ByteView entity) {
  BeginLine(entity);
  return {records_.Save(), party_blocked_};
}

Reason TxContext::EndListLine(const Mark& mark, Reason verdict) {
  if (verdict == kOk && party_blocked_ && !mark.party_blocked) {
    verdict = v1::REASON_F14_PARTY_BLOCKED;
  }
  party_blocked_ = mark.party_blocked;
  if (verdict == kOk) return kOk;
  records_.RollBack(mark.savepoint);
  v1::EffectsLine& refused = line();
  refused.clear_postings();
  refused.clear_flags();
  refused.clear_state();
  refused.set_outcome(v1::OUTCOME_REFUSED);
  refused.set_reason(verdict);
  return verdict;
}

Reason TxContext::ListVerdict(bool all_or_nothing) const {
  if (lines_.empty()) return v1::REASON_MISSING_FIELD;
  Reason first = kOk;
  bool one_stands = false;
  bool agree = true;
  for (const v1::EffectsLine& line : lines_) {
    if (line.outcome() != v1::OUTCOME_REFUSED) {
      one_stands = true;
      continue;
    }
    if (first == kOk) first = line.reason();
    if (line.reason() != first) agree = false;
  }
  if (first == kOk || (one_stands && !all_or_nothing)) return kOk;
  if (all_or_nothing || agree) return first;
  return v1::REASON_NO_LINE_SUCCEEDED;
}

void TxContext::AddParty(const MemberId& member) {
  const auto* record = Find<v1::Member>(member);
  if (record != nullptr && record->status() != v1::MEMBER_STATUS_ACTIVE) party_blocked_ = true;
}

Reason TxContext::JudgeParties() const {
  if (!party_blocked_) return kOk;
  // A repetition does nothing: its first receipt holds, whoever asks again.
  const bool repeats =
      !lines_.empty() && std::all_of(lines_.begin(), lines_.end(), [](const v1::EffectsLine& line) {
        return line.outcome() == v1::OUTCOME_ALREADY_DONE ||
               line.outcome() == v1::OUTCOME_ALREADY_RECORDED;
      });
  return repeats ? kOk : v1::REASON_F14_PARTY_BLOCKED;
}

}  // namespace timebank::ledger
