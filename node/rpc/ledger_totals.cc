#include "node/rpc/ledger_totals.h"

#include <optional>

namespace timebank::rpc {

namespace {

std::uint64_t CreditedMinutes(std::optional<ByteView> value) {
  v1::Entry entry;
  if (!value || !entry.ParseFromArray(value->data(), static_cast<int>(value->size())) ||
      entry.state() != v1::ENTRY_STATE_CREDITED || entry.credited_minutes() < 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(entry.credited_minutes());
}

// Counts a record that was `before` and is `after` now.
void Count(ByteView key, std::optional<ByteView> before, std::optional<ByteView> after,
           Totals& totals) {
  if (key.empty()) return;
  const auto table = std::to_integer<int>(key[0]);
  if (table == v1::TABLE_MEMBER) {
    totals.members += (after ? 1U : 0U);
    totals.members -= (before ? 1U : 0U);
  } else if (table == v1::TABLE_ENTRY) {
    totals.credited_minutes += CreditedMinutes(after);
    totals.credited_minutes -= CreditedMinutes(before);
  }
}

}  // namespace

Totals LedgerTotals::Of(const std::shared_ptr<const ledger::State>& state) {
  const std::scoped_lock lock(mutex_);
  if (state == counted_) return totals_;
  if (!counted_) {
    state->tree().ForEach(
        [this](ByteView key, ByteView value) { Count(key, std::nullopt, value, totals_); });
  } else {
    const chain::StateTree& before = counted_->tree();
    state->tree().ForEachChangeSince(before, [&](ByteView key, std::optional<ByteView> value) {
      Count(key, before.Get(key), value, totals_);
    });
  }
  counted_ = state;
  return totals_;
}

}  // namespace timebank::rpc
