#include "node/replica/index_rows.h"

#include <optional>

#include "chain/canonical.h"
#include "ledger/keys.h"
#include "timebank/v1/record.pb.h"

namespace timebank::replica {
namespace {

using Keys = std::vector<Bytes>;

std::string Id(char c) { return std::string(16, c); }

Bytes Key(IndexKind kind, char owner, char item) {
  return ByteWriter().Raw(IndexPrefix(kind, AsBytes(Id(owner)))).Raw(Id(item)).Take();
}

std::vector<Bytes> RowsOf(v1::Table table, const std::optional<std::string>& before,
                          const std::string& after) {
  const Bytes key = ByteWriter().U8(static_cast<std::uint8_t>(table)).Raw(Id('k')).Take();
  std::vector<IndexRow> rows;
  AppendRecordRows(key, before ? std::optional(AsBytes(*before)) : std::nullopt, AsBytes(after),
                   rows);
  std::vector<Bytes> keys;
  for (const IndexRow& row : rows) keys.push_back(row.key);
  return keys;
}

TEST(IndexRows, AnEntryIsListedByItsPartiesOnceEach) {
  v1::Entry entry;
  entry.set_version(1);
  entry.set_entry(Id('n'));
  entry.set_elder(Id('e'));
  entry.set_community(Id('c'));
  const std::string ordered = chain::CanonicalBytes(entry);
  EXPECT_EQ(RowsOf(v1::TABLE_ENTRY, std::nullopt, ordered),
            (Keys{Key(IndexKind::kEntryByMember, 'e', 'n'),
                  Key(IndexKind::kEntryByCommunity, 'c', 'n')}));
  entry.set_volunteer(Id('v'));
  const std::string claimed = chain::CanonicalBytes(entry);
  EXPECT_EQ(RowsOf(v1::TABLE_ENTRY, ordered, claimed),
            Keys{Key(IndexKind::kEntryByMember, 'v', 'n')});
  entry.set_state(v1::ENTRY_STATE_CHECKED_IN);
  EXPECT_TRUE(RowsOf(v1::TABLE_ENTRY, claimed, chain::CanonicalBytes(entry)).empty());
}

TEST(IndexRows, OtherRecordsAreListedByTheirOwners) {
  v1::Member member;
  member.set_member(Id('m'));
  member.set_home_org(Id('h'));
  EXPECT_EQ(RowsOf(v1::TABLE_MEMBER, std::nullopt, member.SerializeAsString()),
            Keys{Key(IndexKind::kMemberByOrg, 'h', 'm')});
  v1::Offer offer;
  offer.set_offer(Id('o'));
  offer.set_org(Id('p'));
  EXPECT_EQ(RowsOf(v1::TABLE_OFFER, std::nullopt, offer.SerializeAsString()),
            Keys{Key(IndexKind::kOfferByOrg, 'p', 'o')});
  v1::Redemption redemption;
  redemption.set_redemption(Id('r'));
  redemption.set_holder(Id('e'));
  redemption.set_org(Id('p'));
  EXPECT_EQ(RowsOf(v1::TABLE_REDEMPTION, std::nullopt, redemption.SerializeAsString()),
            (Keys{Key(IndexKind::kRedemptionByHolder, 'e', 'r'),
                  Key(IndexKind::kRedemptionByOrg, 'p', 'r')}));
  v1::Organisation org;
  org.set_org(Id('p'));
  EXPECT_EQ(RowsOf(v1::TABLE_ORGANISATION, std::nullopt, org.SerializeAsString()),
            Keys{Key(IndexKind::kOrganisation, '\0', 'p')});
  EXPECT_TRUE(RowsOf(v1::TABLE_CHAIN, std::nullopt, "anything").empty());
}

TEST(IndexRows, AStatementHasOneRowPerLineAndOwner) {
  v1::EffectsLine line;
  for (const char owner : {'a', 'b', 'a'}) line.add_postings()->set_owner(Id(owner));
  TransactionRow transaction;
  transaction.height = Height(9);
  transaction.log_index = 5;
  transaction.lines = {v1::EffectsLine().SerializeAsString(), line.SerializeAsString()};
  std::vector<IndexRow> rows;
  AppendStatementRows(transaction, rows);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(
      rows[0].key,
      ByteWriter().Raw(IndexPrefix(IndexKind::kStatement, AsBytes(Id('a')))).U64(5).U32(1).Take());
  EXPECT_EQ(rows[0].value, ByteWriter().Raw(transaction.id.view()).U64(9).Take());
}

}  // namespace
}  // namespace timebank::replica
