// What time does to an entry: expiry, credit at the end of cooling-off, reversal of what nobody
// reviewed (docs/ledger.md, "By the sweep").
#include "base/check.h"
#include "ledger/credit.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

Reason EndCooling(TxContext& tx, v1::Entry& entry);

}  // namespace

Reason SweepEntry(TxContext& tx, const EntryId& id) {
  tx.BeginLine(id.view());
  v1::Entry* entry = tx.Edit<v1::Entry>(id);
  TB_CHECK(entry != nullptr);
  const bool cooling = entry->state() == v1::ENTRY_STATE_COOLING;
  if (const Reason no =
          cooling ? EndCooling(tx, *entry) : EndUnapproved(tx, *entry, v1::ENTRY_STATE_EXPIRED)) {
    return no;
  }
  Tell(tx, *entry);
  return kOk;
}

namespace {

// Only what carries no flag, or was upheld, is ever credited.
Reason EndCooling(TxContext& tx, v1::Entry& entry) {
  const bool clear = entry.flags() == 0 || entry.review() == v1::REVIEW_VERDICT_UPHOLD;
  if (!clear) return ReverseCooling(tx, entry);
  if (const Reason no = Credit(tx, entry)) return no;
  entry.set_state(v1::ENTRY_STATE_CREDITED);
  entry.set_credited_ms(tx.now_ms());
  entry.set_due_ms(0);
  return kOk;
}

}  // namespace
}  // namespace timebank::ledger
