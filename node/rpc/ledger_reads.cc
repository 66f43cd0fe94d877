#include "node/rpc/ledger_reads.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "ledger/records.h"
#include "node/replica/index_rows.h"
#include "node/rpc/page.h"

namespace timebank::rpc {

namespace {

using replica::IndexKind;
using replica::IndexPrefix;

Unexpected<client::Error> Fail(v1::Reason reason, std::string_view detail) {
  return Unexpected{client::MakeError(reason, detail)};
}

// The same answer for "not there" and "not yours": an id that somebody guessed tells nothing.
Unexpected<client::Error> NotForYou() {
  return Fail(v1::REASON_NOT_ENTITLED, "or there is no such record");
}

Bytes KindPrefix(IndexKind kind) { return {static_cast<std::byte>(kind)}; }

constexpr auto kOrgAccountKinds = std::to_array<v1::AccountKind>(
    {v1::ACCOUNT_KIND_ISSUER, v1::ACCOUNT_KIND_OPENING, v1::ACCOUNT_KIND_POOL,
     v1::ACCOUNT_KIND_GUARANTEE, v1::ACCOUNT_KIND_PAYABLE, v1::ACCOUNT_KIND_SINK});

}  // namespace

Answer<v1::GetOrganisationResponse> LedgerReads::Get(const v1::GetOrganisationRequest& request) {
  const auto org = OrgId::From(request.org());
  const auto record = org ? state().Find<v1::Organisation>(*org) : std::nullopt;
  if (!record) return Fail(v1::REASON_NOT_FOUND, "organisation");
  v1::GetOrganisationResponse out;
  *out.mutable_organisation() = *record;
  for (const v1::AccountKind kind : kOrgAccountKinds) {
    ledger::OrgAccountId id{.owner = *org, .kind = kind};
    const auto account = state().Find<v1::OrgAccount>(id);
    if (!account || account->amount() == 0) continue;
    v1::OrgBalance* balance = out.add_balances();
    balance->set_account(kind);
    balance->set_asset(v1::ASSET_TIME);
    balance->set_amount(account->amount());
  }
  out.set_height(height());
  return out;
}

Answer<v1::ListOrganisationsResponse> LedgerReads::Get(
    const v1::ListOrganisationsRequest& request) {
  v1::ListOrganisationsResponse out;
  const PageRequest page{.prefix = IndexPrefix(IndexKind::kOrganisation, OrgId{}.view()),
                         .size = request.page_size(),
                         .token = request.page_token()};
  auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
    const auto record = state().Find<v1::Organisation>(ItemOf<OrgId>(row));
    if (record) *out.add_organisations() = *record;
    return record.has_value();
  });
  if (!next) return Unexpected{next.error()};
  out.set_next_page_token(*next);
  out.set_height(height());
  return out;
}

Answer<v1::ListOffersResponse> LedgerReads::Get(const v1::ListOffersRequest& request) {
  const auto org = OrgId::From(request.org());
  if (!org && !request.org().empty()) return Fail(v1::REASON_BAD_FIELD, "org has 16 bytes");
  v1::ListOffersResponse out;
  const PageRequest page{.prefix = org ? IndexPrefix(IndexKind::kOfferByOrg, org->view())
                                       : KindPrefix(IndexKind::kOfferByOrg),
                         .size = request.page_size(),
                         .token = request.page_token()};
  auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
    const auto record = state().Find<v1::Offer>(ItemOf<OfferId>(row));
    if (record) *out.add_offers() = *record;
    return record.has_value();
  });
  if (!next) return Unexpected{next.error()};
  out.set_next_page_token(*next);
  out.set_height(height());
  return out;
}

Answer<v1::GetMemberResponse> LedgerReads::Get(const v1::GetMemberRequest& request,
                                               const Viewer& viewer) {
  if (request.prove()) {
    return Fail(v1::REASON_BAD_FIELD, "this version serves records without proofs");
  }
  const auto id = MemberId::From(request.member());
  auto record = id ? state().Find<v1::Member>(*id) : std::nullopt;
  if (!record || !MaySeeMember(viewer, *record, state())) return NotForYou();
  v1::GetMemberResponse out;
  *out.mutable_member() = std::move(*record);
  out.set_height(height());
  return out;
}

Answer<v1::ListMembersResponse> LedgerReads::Get(const v1::ListMembersRequest& request,
                                                 const Viewer& viewer) {
  const auto top = OrgId::From(request.org());
  if (!top) return Fail(v1::REASON_BAD_FIELD, "org has 16 bytes");
  if (!MaySeeSubtree(viewer, *top, state())) return NotForYou();
  // Ascending, so that a token says in which organisation the next page goes on.
  std::set<Bytes> lists;
  for (Bytes after;;) {
    const auto rows =
        index_->Scan(IndexPrefix(IndexKind::kOrganisation, OrgId{}.view()), after, kPageSizeMax);
    for (const replica::IndexRow& row : rows) {
      const auto org = ItemOf<OrgId>(row);
      if (LiesUnder(org, *top, state())) {
        lists.insert(IndexPrefix(IndexKind::kMemberByOrg, org.view()));
      }
      after = row.key;
    }
    if (rows.size() < kPageSizeMax) break;
  }
  const auto token = FromHex(request.page_token());
  if (!token) return Fail(v1::REASON_BAD_FIELD, "page_token");
  v1::ListMembersResponse out;
  const std::uint32_t size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  for (const Bytes& prefix : lists) {
    const bool begun =
        token->size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), token->begin());
    if (!begun && prefix < *token) continue;
    const PageRequest page{.prefix = prefix,
                           .size = size - static_cast<std::uint32_t>(out.members_size()),
                           .token = begun ? request.page_token() : std::string()};
    auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
      const auto record = state().Find<v1::Member>(ItemOf<MemberId>(row));
      if (record) *out.add_members() = *record;
      return record.has_value();
    });
    if (!next) return Unexpected{next.error()};
    out.set_next_page_token(*next);
    if (!next->empty()) break;
  }
  out.set_height(height());
  return out;
}

Answer<v1::GetEntryResponse> LedgerReads::Get(const v1::GetEntryRequest& request,
                                              const Viewer& viewer) {
  const auto id = EntryId::From(request.entry());
  auto record = id ? state().Find<v1::Entry>(*id) : std::nullopt;
  if (!record || !MaySeeEntry(viewer, *record, state())) return NotForYou();
  v1::GetEntryResponse out;
  *out.mutable_entry() = std::move(*record);
  out.set_height(height());
  return out;
}

Answer<v1::ListEntriesResponse> LedgerReads::Get(const v1::ListEntriesRequest& request,
                                                 const Viewer& viewer) {
  PageRequest page{.prefix = {}, .size = request.page_size(), .token = request.page_token()};
  if (const auto member = MemberId::From(request.member()); member) {
    const auto record = state().Find<v1::Member>(*member);
    if (!record || !MaySeeMember(viewer, *record, state())) return NotForYou();
    page.prefix = IndexPrefix(IndexKind::kEntryByMember, member->view());
  } else if (const auto community = OrgId::From(request.community()); community) {
    if (!MaySeeSubtree(viewer, *community, state())) return NotForYou();
    page.prefix = IndexPrefix(IndexKind::kEntryByCommunity, community->view());
  } else {
    return Fail(v1::REASON_MISSING_FIELD, "member or community, 16 bytes");
  }
  const auto filter = OrgId::From(request.community());
  v1::ListEntriesResponse out;
  auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
    const auto record = state().Find<v1::Entry>(ItemOf<EntryId>(row));
    if (!record) return false;
    if (request.state() != v1::ENTRY_STATE_UNSPECIFIED && record->state() != request.state()) {
      return false;
    }
    if (filter && record->community() != filter->text()) return false;
    *out.add_entries() = *record;
    return true;
  });
  if (!next) return Unexpected{next.error()};
  out.set_next_page_token(*next);
  out.set_height(height());
  return out;
}

Answer<v1::GetRedemptionResponse> LedgerReads::Get(const v1::GetRedemptionRequest& request,
                                                   const Viewer& viewer) {
  const auto id = RedemptionId::From(request.redemption());
  auto record = id ? state().Find<v1::Redemption>(*id) : std::nullopt;
  if (!record || !MaySeeRedemption(viewer, *record, state())) return NotForYou();
  v1::GetRedemptionResponse out;
  *out.mutable_redemption() = std::move(*record);
  out.set_height(height());
  return out;
}

Answer<v1::ListRedemptionsResponse> LedgerReads::Get(const v1::ListRedemptionsRequest& request,
                                                     const Viewer& viewer) {
  PageRequest page{.prefix = {}, .size = request.page_size(), .token = request.page_token()};
  if (const auto holder = MemberId::From(request.holder()); holder) {
    const auto record = state().Find<v1::Member>(*holder);
    if (!record || !MaySeeMember(viewer, *record, state())) return NotForYou();
    page.prefix = IndexPrefix(IndexKind::kRedemptionByHolder, holder->view());
  } else if (const auto org = OrgId::From(request.org()); org) {
    if (!MaySeeProvider(viewer, *org, state()) && !MaySeeSubtree(viewer, *org, state())) {
      return NotForYou();
    }
    page.prefix = IndexPrefix(IndexKind::kRedemptionByOrg, org->view());
  } else {
    return Fail(v1::REASON_MISSING_FIELD, "holder or org, 16 bytes");
  }
  v1::ListRedemptionsResponse out;
  auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
    const auto record = state().Find<v1::Redemption>(ItemOf<RedemptionId>(row));
    if (!record) return false;
    if (request.state() != v1::REDEMPTION_STATE_UNSPECIFIED && record->state() != request.state()) {
      return false;
    }
    *out.add_redemptions() = *record;
    return true;
  });
  if (!next) return Unexpected{next.error()};
  out.set_next_page_token(*next);
  out.set_height(height());
  return out;
}

Answer<v1::GetStatementResponse> LedgerReads::Get(const v1::GetStatementRequest& request,
                                                  const Viewer& viewer) {
  const auto id = MemberId::From(request.member());
  const auto member = id ? state().Find<v1::Member>(*id) : std::nullopt;
  if (!member || !MaySeeMember(viewer, *member, state())) return NotForYou();
  const std::uint64_t last =
      request.to_height() == 0 ? height() : std::min(request.to_height(), height());
  v1::GetStatementResponse out;
  const PageRequest page{.prefix = IndexPrefix(IndexKind::kStatement, id->view()),
                         .size = request.page_size(),
                         .token = request.page_token()};
  auto next = ReadPage(*index_, page, [&](const replica::IndexRow& row) {
    ByteReader value(row.value);
    const Hash transaction = value.Read<Hash>();
    const std::uint64_t at = value.U64();
    ByteReader place(ByteView(row.key).last(12));
    const std::uint64_t log_index = place.U64();
    const std::uint32_t line = place.U32();
    if (at < request.from_height() || at > last) return false;
    const auto found = index_->FindTransaction(transaction);
    if (!found || line >= found->lines.size()) return false;
    v1::StatementLine* item = out.add_lines();
    item->set_transaction_id(transaction.str());
    item->set_log_index(log_index);
    item->set_line(line);
    item->set_effects(found->lines[line]);
    return true;
  });
  if (!next) return Unexpected{next.error()};
  out.set_next_page_token(*next);
  out.set_statement_head(member->statement_head());
  out.set_statement_count(member->statement_count());
  out.set_height(height());
  return out;
}

}  // namespace timebank::rpc
