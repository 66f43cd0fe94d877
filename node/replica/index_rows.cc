#include "node/replica/index_rows.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "timebank/v1/record.pb.h"

namespace timebank::replica {
namespace {

constexpr std::size_t kIdSize = 16;

std::vector<Bytes> RecordKeys(std::uint8_t table, ByteView value);

}  // namespace

Bytes IndexPrefix(IndexKind kind, ByteView owner) {
  TB_CHECK(owner.size() == kIdSize);
  return ByteWriter().U8(static_cast<std::uint8_t>(kind)).Raw(owner).Take();
}

void AppendRecordRows(ByteView key, std::optional<ByteView> before, ByteView after,
                      std::vector<IndexRow>& out) {
  if (key.empty()) return;
  const auto table = std::to_integer<std::uint8_t>(key[0]);
  std::vector<Bytes> keys = RecordKeys(table, after);
  if (keys.empty()) return;
  const std::vector<Bytes> known = before ? RecordKeys(table, *before) : std::vector<Bytes>();
  for (Bytes& row : keys) {
    if (std::find(known.begin(), known.end(), row) == known.end()) {
      out.push_back({std::move(row), {}});
    }
  }
}

void AppendStatementRows(const TransactionRow& transaction, std::vector<IndexRow>& out) {
  const Bytes value =
      ByteWriter().Raw(transaction.id.view()).U64(transaction.height.value()).Take();
  std::uint32_t line_number = 0;
  for (const std::string& bytes : transaction.lines) {
    v1::EffectsLine line;
    TB_CHECK(line.ParseFromString(bytes));
    std::set<std::string> owners;
    for (const v1::Posting& posting : line.postings()) {
      if (posting.owner().size() == kIdSize) owners.insert(posting.owner());
    }
    for (const std::string& owner : owners) {
      ByteWriter key;
      key.Raw(IndexPrefix(IndexKind::kStatement, AsBytes(owner)));
      out.push_back({key.U64(transaction.log_index).U32(line_number).Take(), value});
    }
    ++line_number;
  }
}

namespace {

void Add(IndexKind kind, const std::string& owner, const std::string& item,
         std::vector<Bytes>& out) {
  if (owner.size() != kIdSize || item.size() != kIdSize) return;
  out.push_back(ByteWriter().Raw(IndexPrefix(kind, AsBytes(owner))).Raw(item).Take());
}

template <typename Record>
Record Parse(ByteView value) {
  Record record;
  TB_CHECK(record.ParseFromArray(value.data(), static_cast<int>(value.size())));
  return record;
}

// The index keys that follow from one record of `table`; the ledger wrote it, so it parses.
std::vector<Bytes> RecordKeys(std::uint8_t table, ByteView value) {
  std::vector<Bytes> keys;
  if (table == v1::TABLE_ENTRY) {
    const auto entry = Parse<v1::Entry>(value);
    Add(IndexKind::kEntryByMember, entry.elder(), entry.entry(), keys);
    Add(IndexKind::kEntryByMember, entry.volunteer(), entry.entry(), keys);
    Add(IndexKind::kEntryByCommunity, entry.community(), entry.entry(), keys);
  } else if (table == v1::TABLE_MEMBER) {
    const auto member = Parse<v1::Member>(value);
    Add(IndexKind::kMemberByOrg, member.home_org(), member.member(), keys);
  } else if (table == v1::TABLE_OFFER) {
    const auto offer = Parse<v1::Offer>(value);
    Add(IndexKind::kOfferByOrg, offer.org(), offer.offer(), keys);
  } else if (table == v1::TABLE_REDEMPTION) {
    const auto redemption = Parse<v1::Redemption>(value);
    Add(IndexKind::kRedemptionByHolder, redemption.holder(), redemption.redemption(), keys);
    Add(IndexKind::kRedemptionByOrg, redemption.org(), redemption.redemption(), keys);
  } else if (table == v1::TABLE_ORGANISATION) {
    const auto organisation = Parse<v1::Organisation>(value);
    Add(IndexKind::kOrganisation, std::string(kIdSize, '\0'), organisation.org(), keys);
  }
  return keys;
}

}  // namespace
}  // namespace timebank::replica
