// CONFIRM_REDEMPTION and CANCEL_REDEMPTION: the holder's side. Only a confirmation captures: the
// minutes that the provider stated go from the hold to PAYABLE, the rest goes back.
#include "chain/canonical.h"
#include "chain/transaction.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/pin_statement.h"
#include "ledger/redemption.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kActionVersion = 1;

Reason CheckActionFields(const v1::ConfirmRedemptionAction& action, bool with_pin);
// F3: on paper, clerk and witness are neither the holder nor of the provider.
Reason CheckPaperDistance(TxContext& tx, const v1::ConfirmRedemptionAction& action,
                          const v1::Redemption& redemption);
// F15: the signer is who the channel asks for; for a card also its PIN statement.
Reason CheckChannelAuthority(TxContext& tx, const v1::ConfirmRedemption& confirm,
                             const v1::ConfirmRedemptionAction& action,
                             const v1::Redemption& redemption);
Reason Capture(TxContext& tx, v1::Redemption& redemption);

}  // namespace

Reason CheckForm(const v1::ConfirmRedemption& confirm) {
  if (confirm.action().empty()) return v1::REASON_MISSING_FIELD;
  const auto action = chain::ParseCanonical<v1::ConfirmRedemptionAction>(AsBytes(confirm.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  if (const Reason no = CheckActionFields(*action, confirm.has_pin())) return no;
  return confirm.has_pin() ? CheckPinForm(confirm.pin()) : kOk;
}

Reason Execute(TxContext& tx, const v1::ConfirmRedemption& confirm) {
  const auto action = chain::ParseCanonical<v1::ConfirmRedemptionAction>(AsBytes(confirm.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  const auto id = As<RedemptionId>(action->redemption());
  tx.BeginLine(id.view());
  v1::Redemption* redemption = tx.Edit<v1::Redemption>(id);
  if (redemption == nullptr) return v1::REASON_UNKNOWN_REDEMPTION;
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (action->channel() == v1::CHANNEL_PAPER) {
    if (tx.Find<v1::Member>(As<MemberId>(action->witness())) == nullptr) {
      return v1::REASON_UNKNOWN_MEMBER;
    }
    if (const Reason no = CheckPaperDistance(tx, *action, *redemption)) return no;
  }
  if (const Reason no = CheckChannelAuthority(tx, confirm, *action, *redemption)) return no;
  if (const Reason no = CheckState(tx, *redemption, {v1::REDEMPTION_STATE_FULFILLED})) return no;
  if (const Reason no = Capture(tx, *redemption)) return no;
  if (const Reason no = CheckF12(tx, As<OrgId>(redemption->org()))) return no;
  redemption->set_confirmed_ms(tx.now_ms());
  redemption->set_confirmed_by(signer->member.str());
  redemption->set_channel(action->channel());
  tx.AddParty(As<MemberId>(redemption->holder()));
  Tell(tx, *redemption);
  return kOk;
}

Reason CheckForm(const v1::CancelRedemption& cancel) {
  return cancel.redemption().empty() ? v1::REASON_MISSING_FIELD : kOk;
}

Reason Execute(TxContext& tx, const v1::CancelRedemption& cancel) {
  const auto id = As<RedemptionId>(cancel.redemption());
  tx.BeginLine(id.view());
  v1::Redemption* redemption = tx.Edit<v1::Redemption>(id);
  if (redemption == nullptr) return v1::REASON_UNKNOWN_REDEMPTION;
  const auto holder_id = As<MemberId>(redemption->holder());
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  const bool proxy = signer->role == v1::ROLE_PROXY &&
                     IsProxyFor(tx, *tx.Find<v1::Member>(holder_id), signer->member, kProxyRedeem);
  if (!proxy) {
    if (const Reason no = RequireMember(tx, holder_id)) return no;
  }
  if (const Reason no = CheckState(tx, *redemption, {v1::REDEMPTION_STATE_HELD})) return no;
  if (const Reason no = EndUncaptured(tx, *redemption, v1::REDEMPTION_STATE_CANCELLED)) return no;
  Tell(tx, *redemption);
  return kOk;
}

namespace {

Reason CheckActionFields(const v1::ConfirmRedemptionAction& action, bool with_pin) {
  if (action.version() != 0 && action.version() != kActionVersion) {
    return v1::REASON_UNKNOWN_VERSION;
  }
  const bool card = action.channel() == v1::CHANNEL_CARD;
  const bool paper = action.channel() == v1::CHANNEL_PAPER;
  if (action.redemption().empty() || action.version() == 0 ||
      action.channel() == v1::CHANNEL_UNSPECIFIED || (card && !with_pin) ||
      (paper && action.witness().empty())) {
    return v1::REASON_MISSING_FIELD;
  }
  const bool excess = (!card && with_pin) || (!paper && !action.witness().empty());
  return excess || action.channel() == v1::CHANNEL_CALLBACK ? v1::REASON_BAD_FIELD : kOk;
}

Reason CheckPaperDistance(TxContext& tx, const v1::ConfirmRedemptionAction& action,
                          const v1::Redemption& redemption) {
  const auto provider = As<OrgId>(redemption.org());
  for (const MemberId& person : {tx.signers().front().member, As<MemberId>(action.witness())}) {
    if (person.text() == redemption.holder() ||
        IsProviderStaff(*tx.Find<v1::Member>(person), provider)) {
      return v1::REASON_F3_SEPARATION_OF_DUTIES;
    }
  }
  return kOk;
}

Reason CheckChannelAuthority(TxContext& tx, const v1::ConfirmRedemption& confirm,
                             const v1::ConfirmRedemptionAction& action,
                             const v1::Redemption& redemption) {
  const v1::Member& holder = *tx.Find<v1::Member>(As<MemberId>(redemption.holder()));
  const auto home = As<OrgId>(holder.home_org());
  const Signer& signer = tx.signers().front();
  switch (action.channel()) {
    case v1::CHANNEL_APP:
      return RequireMember(tx, As<MemberId>(holder.member()));
    case v1::CHANNEL_PROXY:
      return signer.role == v1::ROLE_PROXY && IsProxyFor(tx, holder, signer.member, kProxyRedeem)
                 ? kOk
                 : v1::REASON_F15_WRONG_SCOPE;
    case v1::CHANNEL_CARD:
      if (const Reason no = RequireTerminal(tx, home, As<OrgId>(redemption.org()))) return no;
      return CheckPin(tx, confirm.pin(), holder, AsBytes(confirm.action()));
    case v1::CHANNEL_PAPER:
      return RequireOfficerAbove(tx, v1::ROLE_CLERK, home);
    case v1::CHANNEL_CALLBACK:
    case v1::CHANNEL_UNSPECIFIED:
    case v1::Channel_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Channel_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return v1::REASON_BAD_FIELD;
}

Reason Capture(TxContext& tx, v1::Redemption& redemption) {
  const std::int64_t minutes = redemption.fulfilled_minutes();
  const Account payable = Account::Of(As<OrgId>(redemption.org()), v1::ACCOUNT_KIND_PAYABLE);
  if (const Reason no = CaptureHold(tx, HoldOf(redemption), minutes, payable, nullptr)) return no;
  if (redemption.kind() == v1::OFFER_KIND_GOODS) {
    const std::int64_t released = redemption.price_minutes() - minutes;
    if (const Reason no =
            AddToCounter(tx, GoodsYearCounter(tx, redemption), {.minutes = -released})) {
      return no;
    }
  }
  redemption.set_state(v1::REDEMPTION_STATE_CAPTURED);
  redemption.set_captured_minutes(minutes);
  redemption.set_due_ms(0);
  return kOk;
}

}  // namespace
}  // namespace timebank::ledger
