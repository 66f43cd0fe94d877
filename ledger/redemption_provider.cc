// ACCEPT_REDEMPTION, DECLINE_REDEMPTION and FULFIL_REDEMPTION: the provider's side. None of them
// moves a minute to the provider: only the holder's side does (redemption_confirm.cc).
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/redemption.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

// The redemption in one of the states, signed for by its provider.
Expected<v1::Redemption*, Reason> FindForProvider(
    TxContext& tx, const RedemptionId& id, std::initializer_list<v1::RedemptionState> states);

}  // namespace

Reason CheckForm(const v1::AcceptRedemption& accept) {
  return accept.redemption().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::AcceptRedemption& accept) {
  const auto redemption =
      FindForProvider(tx, As<RedemptionId>(accept.redemption()), {v1::REDEMPTION_STATE_HELD});
  if (!redemption) return redemption.error();
  (*redemption)->set_state(v1::REDEMPTION_STATE_ACCEPTED);
  (*redemption)->set_accepted_ms(tx.now_ms());
  (*redemption)->set_accepted_by(tx.signers().front().member.str());
  Tell(tx, **redemption);
  return kOk;
}

Reason CheckForm(const v1::DeclineRedemption& decline) {
  return decline.redemption().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::DeclineRedemption& decline) {
  const auto redemption =
      FindForProvider(tx, As<RedemptionId>(decline.redemption()),
                      {v1::REDEMPTION_STATE_HELD, v1::REDEMPTION_STATE_ACCEPTED});
  if (!redemption) return redemption.error();
  if (const Reason no = EndUncaptured(tx, **redemption, v1::REDEMPTION_STATE_DECLINED)) return no;
  Tell(tx, **redemption);
  return kOk;
}

Reason CheckForm(const v1::FulfilRedemption& fulfil) {
  if (fulfil.redemption().empty()) return v1::REASON_MISSING_FIELD;
  return fulfil.minutes() < 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

Reason Execute(TxContext& tx, const v1::FulfilRedemption& fulfil) {
  const auto found =
      FindForProvider(tx, As<RedemptionId>(fulfil.redemption()), {v1::REDEMPTION_STATE_ACCEPTED});
  if (!found) return found.error();
  v1::Redemption& redemption = **found;
  const std::int64_t minutes =
      fulfil.minutes() == 0 ? redemption.price_minutes() : fulfil.minutes();
  if (minutes > redemption.price_minutes()) return v1::REASON_F13_INSUFFICIENT;
  redemption.set_state(v1::REDEMPTION_STATE_FULFILLED);
  redemption.set_fulfilled_ms(tx.now_ms());
  redemption.set_fulfilled_by(tx.signers().front().member.str());
  redemption.set_fulfilled_minutes(minutes);
  redemption.set_due_ms(
      tx.now_ms() +
      PolicyOfRedemption(tx, redemption).Ms(v1::POLICY_PARAMETER_FULFILLED_UNCONFIRMED_MS));
  tx.AddParty(As<MemberId>(redemption.holder()));
  Tell(tx, redemption);
  return kOk;
}

namespace {

Expected<v1::Redemption*, Reason> FindForProvider(
    TxContext& tx, const RedemptionId& id, std::initializer_list<v1::RedemptionState> states) {
  tx.BeginLine(id.view());
  v1::Redemption* redemption = tx.Edit<v1::Redemption>(id);
  if (redemption == nullptr) return Unexpected{v1::REASON_UNKNOWN_REDEMPTION};
  if (const Reason no = RequireProvider(tx, As<OrgId>(redemption->org()))) return Unexpected{no};
  if (const Reason no = CheckState(tx, *redemption, states)) return Unexpected{no};
  return redemption;
}

}  // namespace
}  // namespace timebank::ledger
