#include "ledger/sweep.h"

#include "base/check.h"
#include "ledger/rules.h"

namespace timebank::ledger {

Reason SweepItem(TxContext& tx, const StateKey& key) {
  const std::string_view id = AsText(key.id());
  // The tables that DueOf knows.
  if (key.table() == v1::TABLE_MEMBER) return SweepGrantLots(tx, As<MemberId>(id));
  if (key.table() == v1::TABLE_ENTRY) return SweepEntry(tx, As<EntryId>(id));
  if (key.table() == v1::TABLE_REDEMPTION) return SweepRedemption(tx, As<RedemptionId>(id));
  if (key.table() == v1::TABLE_HOLD) return SweepDonation(tx, As<HoldId>(id));
  if (key.table() == v1::TABLE_PAIR) {
    tx.Erase<v1::PairWindow>({As<MemberId>(id.substr(0, 16)), As<MemberId>(id.substr(16))});
    return kOk;  // forgotten: no effects line
  }
  TB_CHECK(key.table() == v1::TABLE_TRANSACTION);
  // Its validity is over: the id cannot come again. No effects line.
  tx.Erase<v1::TransactionMark>(As<Hash>(id));
  return kOk;
}

}  // namespace timebank::ledger
