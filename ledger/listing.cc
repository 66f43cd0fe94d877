// Listing: that a person belongs to a class, signed by a lister of the street and an assessor, two
// persons (DOMAIN 1). What a class entitles to is a grant run's matter.
#include <algorithm>

#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

constexpr int kMemberListingsMax = 64;

template <typename Message>
Reason CheckListingForm(const Message& message) {
  if (AnyEmpty({message.org()}) || message.list_class() == 0) return v1::REASON_MISSING_FIELD;
  return CheckDistinctMembers(message.members());
}

// Known parties and F15, which listing and unlisting have in common.
template <typename Message>
Reason JudgeListing(TxContext& tx, const Message& message) {
  const OrgId org = As<OrgId>(message.org());
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  bool all_at_home = true;
  for (const std::string& id : message.members()) {
    const auto* member = tx.Find<v1::Member>(As<MemberId>(id));
    if (member == nullptr) return v1::REASON_UNKNOWN_MEMBER;
    const OrgId home = As<OrgId>(member->home_org());
    all_at_home = all_at_home && IsAncestor(tx.records(), org, home);
  }
  const Reason signers =
      RequireTwoOfficers(tx, {v1::ROLE_LISTER, org}, {v1::ROLE_ASSESSOR, OrgId{}});
  if (signers != kOk) return signers;
  return all_at_home ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

template <typename Message>
auto FindListing(v1::Member& member, const Message& message) {
  auto& listings = *member.mutable_listings();
  return std::find_if(listings.begin(), listings.end(), [&](const v1::Listing& listing) {
    return listing.list_class() == message.list_class() && listing.org() == message.org();
  });
}

}  // namespace

Reason CheckForm(const v1::ListMember& message) { return CheckListingForm(message); }

Reason Execute(TxContext& tx, const v1::ListMember& message) {
  const auto* org = tx.Find<v1::Organisation>(As<OrgId>(message.org()));
  const bool is_street = org == nullptr || org->kind() == v1::ORGANISATION_KIND_STREET;
  if (!is_street) return v1::REASON_BAD_FIELD;
  if (const Reason r = JudgeListing(tx, message); r != kOk) return r;
  for (const std::string& id : message.members()) {
    tx.BeginLine(AsBytes(id));
    v1::Member& member = *tx.Edit<v1::Member>(As<MemberId>(id));
    if (FindListing(member, message) != member.mutable_listings()->end()) {
      tx.line().set_outcome(v1::OUTCOME_ALREADY_DONE);
      continue;
    }
    if (member.listings_size() >= kMemberListingsMax) return v1::REASON_F5_CAP;
    tx.AddParty(As<MemberId>(id));
    v1::Listing& listing = *member.add_listings();
    listing.set_list_class(message.list_class());
    listing.set_org(message.org());
    listing.set_since_ms(tx.now_ms());
  }
  return kOk;
}

Reason CheckForm(const v1::UnlistMember& message) { return CheckListingForm(message); }

Reason Execute(TxContext& tx, const v1::UnlistMember& message) {
  if (const Reason r = JudgeListing(tx, message); r != kOk) return r;
  for (const std::string& id : message.members()) {
    tx.BeginLine(AsBytes(id));
    v1::Member& member = *tx.Edit<v1::Member>(As<MemberId>(id));
    const auto listing = FindListing(member, message);
    if (listing == member.mutable_listings()->end()) return v1::REASON_NOT_LISTED;
    member.mutable_listings()->erase(listing);
  }
  return kOk;
}

}  // namespace timebank::ledger
