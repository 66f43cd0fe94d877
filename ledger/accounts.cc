#include "ledger/accounts.h"

#include "base/check.h"
#include "base/minutes.h"

namespace timebank::ledger {
namespace {

struct Place {
  int index;
  bool found;
};

// Balances ascend by (account, asset, lot); there are few.
Place FindBalance(const v1::Member& member, const Account& account) {
  int index = 0;
  for (; index < member.balances_size(); ++index) {
    const v1::Balance& balance = member.balances(index);
    if (balance.account() != account.kind) {
      if (balance.account() < account.kind) continue;
      break;
    }
    if (balance.asset() != account.asset) {
      if (balance.asset() < account.asset) continue;
      break;
    }
    if (balance.lot() < account.lot) continue;
    return {index, balance.lot() == account.lot};
  }
  return {index, false};
}

// DOMAIN 2: the sign belongs to the kind.
v1::Reason CheckSign(v1::AccountKind kind, std::int64_t amount) {
  if (kind == v1::ACCOUNT_KIND_ISSUER || kind == v1::ACCOUNT_KIND_OPENING) {
    return amount <= 0 ? v1::REASON_UNSPECIFIED : v1::REASON_F10_CREATES_MINUTES;
  }
  if (kind == v1::ACCOUNT_KIND_DEBT) {
    return amount <= 0 ? v1::REASON_UNSPECIFIED : v1::REASON_AMOUNT_OVERFLOW;
  }
  return amount >= 0 ? v1::REASON_UNSPECIFIED : v1::REASON_F13_INSUFFICIENT;
}

v1::Reason AddToMember(Records& records, const Account& account, std::int64_t amount) {
  v1::Member* member = records.Edit<v1::Member>(As<MemberId>(account.owner.text()));
  if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const Place place = FindBalance(*member, account);
  const std::int64_t old = place.found ? member->balances(place.index).amount() : 0;
  const auto sum = CheckedAdd(old, amount);
  if (!sum) return v1::REASON_AMOUNT_OVERFLOW;
  if (const auto reason = CheckSign(account.kind, *sum); reason != 0) return reason;
  auto& balances = *member->mutable_balances();
  if (place.found && *sum == 0) {
    balances.erase(balances.begin() + place.index);
    return v1::REASON_UNSPECIFIED;
  }
  if (!place.found && *sum != 0) {
    v1::Balance* added = balances.Add();
    added->set_account(account.kind);
    added->set_asset(account.asset);
    added->set_lot(account.lot);
    for (int i = balances.size() - 1; i > place.index; --i) balances.SwapElements(i, i - 1);
  }
  if (*sum != 0) balances.at(place.index).set_amount(*sum);
  return v1::REASON_UNSPECIFIED;
}

OrgAccountId IdOf(const Account& account) {
  return {As<OrgId>(account.owner.text()), account.kind, account.asset, account.lot};
}

v1::Reason AddToOrganisation(Records& records, const Account& account, std::int64_t amount) {
  const OrgAccountId id = IdOf(account);
  const auto sum = CheckedAdd(BalanceOf(records, account), amount);
  if (!sum) return v1::REASON_AMOUNT_OVERFLOW;
  if (const auto reason = CheckSign(account.kind, *sum); reason != 0) return reason;
  if (account.kind == v1::ACCOUNT_KIND_ISSUER) {
    const auto* district = records.Find<v1::Organisation>(id.owner);
    const std::int64_t budget = district != nullptr ? district->budget_minutes() : 0;
    if (*sum < -budget) return v1::REASON_F10_CREATES_MINUTES;
  }
  if (*sum == 0) {
    records.Erase<v1::OrgAccount>(id);
  } else {
    records.EditOrCreate<v1::OrgAccount>(id).set_amount(*sum);
  }
  return v1::REASON_UNSPECIFIED;
}

}  // namespace

Account Account::Of(const MemberId& member, v1::AccountKind kind, std::uint32_t lot) {
  TB_CHECK(IsMemberAccount(kind));
  return {.owner = {member.data}, .kind = kind, .lot = lot};
}

Account Account::Of(const OrgId& org, v1::AccountKind kind) {
  TB_CHECK(!IsMemberAccount(kind));
  return {.owner = {org.data}, .kind = kind};
}

v1::Reason AddToBalance(Records& records, const Account& account, std::int64_t amount) {
  return IsMemberAccount(account.kind) ? AddToMember(records, account, amount)
                                       : AddToOrganisation(records, account, amount);
}

std::int64_t BalanceOf(const v1::Member& member, v1::AccountKind kind, std::uint32_t lot) {
  const Place place = FindBalance(member, Account{.kind = kind, .lot = lot});
  return place.found ? member.balances(place.index).amount() : 0;
}

std::int64_t BalanceOf(Records& records, const Account& account) {
  if (IsMemberAccount(account.kind)) {
    const auto* member = records.Find<v1::Member>(As<MemberId>(account.owner.text()));
    return member == nullptr ? 0 : BalanceOf(*member, account.kind, account.lot);
  }
  const auto* record = records.Find<v1::OrgAccount>(IdOf(account));
  return record == nullptr ? 0 : record->amount();
}

bool IsMemberAccount(v1::AccountKind kind) {
  return (kind >= v1::ACCOUNT_KIND_EARNED && kind <= v1::ACCOUNT_KIND_DEBT) ||
         kind == v1::ACCOUNT_KIND_VOUCHER_BALANCE || kind == v1::ACCOUNT_KIND_VOUCHER_HELD;
}

std::optional<std::int64_t> BalanceSum(const StateKey& key, const google::protobuf::Message* record,
                                       v1::Asset asset) {
  if (record == nullptr) return 0;
  if (key.table() == v1::TABLE_ORG_ACCOUNT) {
    // The asset follows owner and kind in the id.
    ByteReader id(key.id());
    (void)id.Raw(18);
    return id.U16() == asset ? static_cast<const v1::OrgAccount*>(record)->amount() : 0;
  }
  std::optional<std::int64_t> sum = 0;
  if (key.table() != v1::TABLE_MEMBER) return sum;
  for (const v1::Balance& balance : static_cast<const v1::Member*>(record)->balances()) {
    if (sum && balance.asset() == asset) sum = CheckedAdd(*sum, balance.amount());
  }
  return sum;
}

}  // namespace timebank::ledger
