// Grant runs, the only source of new minutes (F10), and what becomes of a lot at the end of its
// month (DOMAIN 2).
#include <algorithm>

#include "base/civil.h"
#include "crypto/sha256.h"
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

bool Ascend(const google::protobuf::RepeatedPtrField<std::string>& members) {
  return std::adjacent_find(members.begin(), members.end(),
                            [](const std::string& a, const std::string& b) { return a >= b; }) ==
         members.end();
}

Hash HashOfList(const google::protobuf::RepeatedPtrField<std::string>& members) {
  std::string all;
  for (const std::string& member : members) all += member;
  return crypto::Sha256(AsBytes(all));
}

// yyyymm of the month after.
std::uint32_t NextMonth(std::uint32_t month) { return month % 100 == 12 ? month + 89 : month + 1; }

bool IsListed(const v1::Member& member, std::uint32_t list_class) {
  return std::any_of(
      member.listings().begin(), member.listings().end(),
      [&](const v1::Listing& listing) { return listing.list_class() == list_class; });
}

Reason JudgeMembers(TxContext& tx, const v1::GrantRun& message, const OrgId& district) {
  for (const std::string& id : message.members()) {
    const auto* member = tx.Find<v1::Member>(As<MemberId>(id));
    const OrgId home = As<OrgId>(member->home_org());
    if (!IsAncestor(tx.records(), district, home)) return v1::REASON_F15_WRONG_SCOPE;
  }
  for (const std::string& id : message.members()) {
    const auto* member = tx.Find<v1::Member>(As<MemberId>(id));
    if (!IsListed(*member, message.list_class())) return v1::REASON_NOT_LISTED;
  }
  return kOk;
}

// The member's line: one lot, once per class and month.
Reason Issue(TxContext& tx, const v1::GrantRun& message, const MemberId& id, std::int64_t minutes) {
  tx.BeginLine(id.view());
  tx.AddParty(id);
  const GrantId grant{id, message.list_class(), message.month()};
  if (tx.Find<v1::GrantMark>(grant) != nullptr) return v1::REASON_F10_CREATES_MINUTES;
  tx.EditOrCreate<v1::GrantMark>(grant).set_minutes(minutes);
  return tx.Move(Account::Of(As<OrgId>(message.district()), v1::ACCOUNT_KIND_ISSUER),
                 Account::Of(id, v1::ACCOUNT_KIND_GRANT, message.month()), minutes);
}

}  // namespace

Reason CheckForm(const v1::GrantRun& message) {
  if (AnyEmpty({message.district(), message.list_hash()})) return v1::REASON_MISSING_FIELD;
  if (message.month() == 0 || message.list_class() == 0) return v1::REASON_MISSING_FIELD;
  if (const Reason r = CheckDistinctMembers(message.members()); r != kOk) return r;
  const bool sound =
      Ascend(message.members()) && HashOfList(message.members()).text() == message.list_hash();
  return sound ? kOk : v1::REASON_BAD_FIELD;
}

Reason Execute(TxContext& tx, const v1::GrantRun& message) {
  const std::uint32_t this_month = LocalMonth(tx.now(), tx.civil_offset());
  if (message.month() != this_month && message.month() != NextMonth(this_month)) {
    return v1::REASON_BAD_FIELD;
  }
  const OrgId district = As<OrgId>(message.district());
  const auto* record = tx.Find<v1::Organisation>(district);
  if (record == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (!record->parent().empty()) return v1::REASON_BAD_FIELD;
  for (const std::string& id : message.members()) {
    if (tx.Find<v1::Member>(As<MemberId>(id)) == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  }
  const Reason signers =
      RequireTwoOfficers(tx, {v1::ROLE_REGULATOR, district}, {v1::ROLE_FINANCE, district});
  if (signers != kOk) return signers;
  if (const Reason r = JudgeMembers(tx, message, district); r != kOk) return r;
  const std::int64_t minutes = tx.PolicyOf(district).Get(v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES);
  if (minutes == 0) return v1::REASON_DISABLED_BY_POLICY;
  for (const std::string& id : message.members()) {
    if (const Reason r = Issue(tx, message, As<MemberId>(id), minutes); r != kOk) return r;
  }
  return kOk;
}

// All lots of the member whose months are over go to SINK of the district.
Reason SweepGrantLots(TxContext& tx, const MemberId& member) {
  const auto* record = tx.Find<v1::Member>(member);
  if (record == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const OrgId district = DistrictOf(tx.records(), As<OrgId>(record->home_org()));
  const Account sink = Account::Of(district, v1::ACCOUNT_KIND_SINK);
  tx.BeginLine(member.view());
  const v1::Member before = *record;
  for (const v1::Balance& balance : before.balances()) {
    if (balance.account() != v1::ACCOUNT_KIND_GRANT || !IsLapsed(tx, balance.lot())) continue;
    const Account lot = Account::Of(member, v1::ACCOUNT_KIND_GRANT, balance.lot());
    if (const Reason r = tx.Move(lot, sink, balance.amount()); r != kOk) return r;
  }
  return kOk;
}

}  // namespace timebank::ledger
