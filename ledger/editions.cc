// SCHEDULE_EDITION (DESIGN 7): the council says from which height on the next edition is in force.
#include "ledger/editions.h"

#include "ledger/authority.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

std::uint32_t EditionAt(const v1::EditionRecord& record, Height height) {
  const bool in_force = height.value() >= record.from_height();
  return in_force || record.scheduled() == 0 ? record.scheduled() : record.scheduled() - 1;
}

}  // namespace

std::uint32_t NextBlockEdition(const State& state) {
  const auto record = state.Find<v1::EditionRecord>({});
  return record ? EditionAt(*record, state.height().Next()) : 0;
}

std::optional<ScheduledEdition> EditionToCome(const State& state) {
  const auto record = state.Find<v1::EditionRecord>({});
  if (!record || record->from_height() <= state.height().Next().value()) return std::nullopt;
  return ScheduledEdition{record->scheduled(), Height(record->from_height())};
}

Reason CheckForm(const v1::ScheduleEdition& message) {
  if (message.edition() == 0) return v1::REASON_MISSING_FIELD;
  if (message.withdraw() == (message.height() > 0)) {
    return message.withdraw() ? v1::REASON_BAD_FIELD : v1::REASON_MISSING_FIELD;
  }
  return kOk;
}

Reason Execute(TxContext& tx, const v1::ScheduleEdition& message) {
  if (const Reason r = RequireCouncil(tx); r != kOk) return r;
  const auto* known = tx.Find<v1::EditionRecord>({});
  const std::uint32_t in_force = known == nullptr ? 0 : EditionAt(*known, tx.height());
  if (message.edition() != in_force + 1) return v1::REASON_EDITION_NOT_NEXT;
  tx.BeginLine(ByteWriter().U32(message.edition()).bytes());
  if (message.withdraw()) {
    if (known == nullptr || known->scheduled() == in_force) return v1::REASON_NO_CHANGE_WAITING;
    auto& record = *tx.Edit<v1::EditionRecord>({});
    record.set_scheduled(in_force);
    record.set_from_height(0);
    return kOk;
  }
  if (message.height() <= tx.height().Next().value()) return v1::REASON_HEIGHT_TOO_LOW;
  auto& record = tx.EditOrCreate<v1::EditionRecord>({});
  record.set_scheduled(message.edition());
  record.set_from_height(message.height());
  return kOk;
}

}  // namespace timebank::ledger
