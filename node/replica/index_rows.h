// Secondary indexes of the database: which entries, members, offers and redemptions belong to whom,
// and the lines of a statement. Derived from what a final block changed; nothing in them is under
// a root. Key = kind u8 || owner 16 || item; a prefix scan over kind and owner lists the items.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "node/replica/ports.h"

namespace timebank::replica {

// Numbers on disk; never reused.
enum class IndexKind : std::uint8_t {
  kEntryByMember = 1,       // volunteer or elder || entry 16
  kEntryByCommunity = 2,    // community || entry 16
  kMemberByOrg = 3,         // home organisation || member 16
  kOfferByOrg = 4,          // provider || offer 16
  kRedemptionByHolder = 5,  // holder || redemption 16
  kRedemptionByOrg = 6,     // provider || redemption 16
  kStatement = 7,           // member or organisation || log index u64 || line u32
  kOrganisation = 8,        // zero 16 || organisation 16
};

// kind || owner: the beginning of all keys of one list. Requires: owner of 16 bytes.
[[nodiscard]] Bytes IndexPrefix(IndexKind kind, ByteView owner);

// Adds the rows that the record at state key `key` gains by changing from `before` to `after`.
void AppendRecordRows(ByteView key, std::optional<ByteView> before, ByteView after,
                      std::vector<IndexRow>& out);
// Adds one row per effects line and owner that it posts to. Value = transaction id || height u64.
void AppendStatementRows(const TransactionRow& transaction, std::vector<IndexRow>& out);

}  // namespace timebank::replica
