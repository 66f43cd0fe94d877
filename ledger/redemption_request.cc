// PUBLISH_OFFER and REDEEM: what a provider gives for minutes, and the wish to have it. The price
// is frozen and the minutes are held from the request on.
#include "base/civil.h"
#include "base/minutes.h"
#include "chain/canonical.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/entry_checks.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/pin_statement.h"
#include "ledger/redemption.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kActionVersion = 1;

// F15: the holder, a proxy with scope redeem, or a terminal with the card's PIN statement.
Reason CheckRequester(TxContext& tx, const v1::Redeem& redeem, const v1::Member& holder,
                      const v1::Offer& offer);
Reason CheckOffer(TxContext& tx, const v1::RedeemAction& action, const v1::Offer& offer);
// DISABLED_BY_POLICY, GOODS_SHARE; counts the minutes.
Reason CountGoods(TxContext& tx, const Policy& policy, const v1::Redemption& redemption);
// CARD_DAY_REDEMPTIONS (F5), counted on the local day of block time.
Reason CountCardRedemption(TxContext& tx, const Policy& policy, const MemberId& holder);
Reason TakeStock(TxContext& tx, const v1::RedeemAction& action);
v1::Redemption& Create(TxContext& tx, const v1::RedeemAction& action, const v1::Offer& offer,
                       const Hash& action_hash);
Reason HoldPrice(TxContext& tx, const Policy& policy, v1::Redemption& redemption);

}  // namespace

Reason CheckForm(const v1::PublishOffer& publish) {
  if (AnyEmpty({publish.offer(), publish.org(), publish.name()}) ||
      publish.kind() == v1::OFFER_KIND_UNSPECIFIED) {
    return v1::REASON_MISSING_FIELD;
  }
  if (!IsPublicText(publish.name()) || IsZeroId(publish.offer())) return v1::REASON_BAD_FIELD;
  return publish.price_minutes() > 0 ? kOk : v1::REASON_AMOUNT_NOT_POSITIVE;
}

Reason Execute(TxContext& tx, const v1::PublishOffer& publish) {
  const auto id = As<OfferId>(publish.offer());
  const auto org = As<OrgId>(publish.org());
  tx.BeginLine(id.view());
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (const Reason no = RequireOfficer(tx, v1::ROLE_MERCHANT, org)) return no;
  const v1::Offer* known = tx.Find<v1::Offer>(id);
  if (known != nullptr && known->org() != publish.org()) return v1::REASON_OFFER_EXISTS;
  v1::Offer& offer = tx.EditOrCreate<v1::Offer>(id);
  offer.set_offer(publish.offer());
  offer.set_org(publish.org());
  offer.set_kind(publish.kind());
  offer.set_name(publish.name());
  offer.set_price_minutes(publish.price_minutes());
  offer.set_stock(publish.stock());
  offer.set_limit_per_person(publish.limit_per_person());
  offer.set_open(publish.open());
  return kOk;
}

Reason CheckForm(const v1::Redeem& redeem) {
  if (redeem.action().empty()) return v1::REASON_MISSING_FIELD;
  const auto action = chain::ParseCanonical<v1::RedeemAction>(AsBytes(redeem.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  if (action->version() != 0 && action->version() != kActionVersion) {
    return v1::REASON_UNKNOWN_VERSION;
  }
  if (AnyEmpty({action->redemption(), action->offer(), action->holder()}) ||
      action->version() == 0) {
    return v1::REASON_MISSING_FIELD;
  }
  if (action->quantity() == 0) return v1::REASON_AMOUNT_NOT_POSITIVE;
  return redeem.has_pin() ? CheckPinForm(redeem.pin()) : kOk;
}

Reason Execute(TxContext& tx, const v1::Redeem& redeem) {
  const auto action = chain::ParseCanonical<v1::RedeemAction>(AsBytes(redeem.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  const auto id = As<RedemptionId>(action->redemption());
  const Hash action_hash = crypto::Sha256(AsBytes(redeem.action()));
  tx.BeginLine(id.view());
  const auto holder_id = As<MemberId>(action->holder());
  const v1::Member* holder = tx.Find<v1::Member>(holder_id);
  const v1::Offer* offer = tx.Find<v1::Offer>(As<OfferId>(action->offer()));
  if (holder == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  if (offer == nullptr) return v1::REASON_UNKNOWN_OFFER;
  if (const Reason no = CheckRequester(tx, redeem, *holder, *offer)) return no;
  const Policy policy = tx.PolicyOf(As<OrgId>(holder->home_org()));
  if (AgeYears(tx, *holder) < policy.Get(v1::POLICY_PARAMETER_REDEEM_AGE_YEARS)) {
    return v1::REASON_AGE;
  }
  if (const v1::Redemption* known = tx.Find<v1::Redemption>(id)) {
    if (known->action_hash() != action_hash.text()) return v1::REASON_CONFLICT;
    Tell(tx, *known);
    tx.line().set_outcome(v1::OUTCOME_ALREADY_RECORDED);
    return kOk;
  }
  if (!IdIsFree(tx, As<HoldId>(action->redemption()))) return v1::REASON_CONFLICT;
  if (const Reason no = CheckIdTime(tx, policy, id.view())) return no;
  if (const Reason no = CheckOffer(tx, *action, *offer)) return no;
  const auto provider = As<OrgId>(offer->org());
  v1::Redemption& redemption = Create(tx, *action, *offer, action_hash);
  if (const Reason no = TakeStock(tx, *action)) return no;
  if (redemption.kind() == v1::OFFER_KIND_GOODS) {
    if (const Reason no = CountGoods(tx, policy, redemption)) return no;
  }
  if (redeem.has_pin()) {
    if (const Reason no = CountCardRedemption(tx, policy, holder_id)) return no;
  }
  if (const Reason no = HoldPrice(tx, policy, redemption)) return no;
  if (const Reason no = RequireKeyAge(tx, tx.signers().front())) return no;
  if (const Reason no = CheckF12(tx, provider)) return no;
  tx.AddParty(holder_id);
  Tell(tx, redemption);
  return kOk;
}

namespace {

Reason CheckRequester(TxContext& tx, const v1::Redeem& redeem, const v1::Member& holder,
                      const v1::Offer& offer) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (redeem.has_pin()) {
    const auto home = As<OrgId>(holder.home_org());
    if (const Reason no = RequireTerminal(tx, home, As<OrgId>(offer.org()))) return no;
    return CheckPin(tx, redeem.pin(), holder, AsBytes(redeem.action()));
  }
  if (signer->role == v1::ROLE_MEMBER) return RequireMember(tx, As<MemberId>(holder.member()));
  const bool proxy =
      signer->role == v1::ROLE_PROXY && IsProxyFor(tx, holder, signer->member, kProxyRedeem);
  return proxy ? kOk : v1::REASON_F15_WRONG_SCOPE;
}

Reason CheckOffer(TxContext& tx, const v1::RedeemAction& action, const v1::Offer& offer) {
  if (!offer.open()) return v1::REASON_WRONG_STATE;
  if (action.quantity() > offer.stock()) return v1::REASON_OUT_OF_STOCK;
  const CounterId taken =
      OfferPersonCounter(As<MemberId>(action.holder()), As<OfferId>(action.offer()));
  const std::uint64_t after = std::uint64_t{CountedThings(tx, taken)} + action.quantity();
  const bool limited = offer.limit_per_person() != 0 && after > offer.limit_per_person();
  if (limited) return v1::REASON_PERSON_LIMIT;
  return CheckedMul(offer.price_minutes(), action.quantity()) ? kOk : v1::REASON_AMOUNT_OVERFLOW;
}

v1::Redemption& Create(TxContext& tx, const v1::RedeemAction& action, const v1::Offer& offer,
                       const Hash& action_hash) {
  v1::Redemption& redemption =
      tx.EditOrCreate<v1::Redemption>(As<RedemptionId>(action.redemption()));
  redemption.set_redemption(action.redemption());
  redemption.set_state(v1::REDEMPTION_STATE_HELD);
  redemption.set_offer(action.offer());
  redemption.set_org(offer.org());
  redemption.set_holder(action.holder());
  redemption.set_quantity(action.quantity());
  redemption.set_price_minutes(offer.price_minutes() * action.quantity());
  redemption.set_requested_ms(tx.now_ms());
  redemption.set_requested_by(tx.signers().front().member.str());
  redemption.set_action_hash(action_hash.str());
  redemption.set_kind(offer.kind());
  return redemption;
}

Reason TakeStock(TxContext& tx, const v1::RedeemAction& action) {
  const auto offer_id = As<OfferId>(action.offer());
  v1::Offer& offer = *tx.Edit<v1::Offer>(offer_id);
  offer.set_stock(offer.stock() - action.quantity());
  return AddToCounter(tx, OfferPersonCounter(As<MemberId>(action.holder()), offer_id),
                      {.count = action.quantity()});
}

Reason CountGoods(TxContext& tx, const Policy& policy, const v1::Redemption& redemption) {
  if (!policy.Enabled(v1::POLICY_PARAMETER_GOODS_ENABLED)) return v1::REASON_DISABLED_BY_POLICY;
  const CounterId credited =
      MemberCounter(As<MemberId>(redemption.holder()), v1::COUNTER_SCOPE_CREDIT_YEAR,
                    LocalYear(tx.now(), tx.civil_offset()));
  const auto share = Weighted(Minutes(CountedMinutes(tx, credited)),
                              policy.Get(v1::POLICY_PARAMETER_GOODS_YEAR_PER_MILLE));
  const CounterId goods = GoodsYearCounter(tx, redemption);
  const bool fits = share && FitsUnderCap(tx, goods, redemption.price_minutes(), share->value());
  if (!fits) return v1::REASON_GOODS_SHARE;
  return AddToCounter(tx, goods, {.minutes = redemption.price_minutes()});
}

Reason CountCardRedemption(TxContext& tx, const Policy& policy, const MemberId& holder) {
  const CounterId counter =
      MemberCounter(holder, v1::COUNTER_SCOPE_CARD_DAY, LocalDay(tx.now(), tx.civil_offset()));
  const std::int64_t limit = policy.Get(v1::POLICY_PARAMETER_CARD_DAY_REDEMPTIONS);
  if (CountedThings(tx, counter) >= limit) return v1::REASON_F5_CAP;
  return AddToCounter(tx, counter, {.count = 1});
}

Reason HoldPrice(TxContext& tx, const Policy& policy, v1::Redemption& redemption) {
  const bool goods = redemption.kind() == v1::OFFER_KIND_GOODS;
  redemption.set_due_ms(tx.now_ms() + policy.Ms(goods ? v1::POLICY_PARAMETER_GOODS_HOLD_MS
                                                      : v1::POLICY_PARAMETER_SERVICE_HOLD_MS));
  return PlaceHold(tx, {.name = HoldOf(redemption),
                        .minutes = redemption.price_minutes(),
                        .expires = Millis(redemption.due_ms()),
                        .sources = goods ? HoldSources::kEarnedOnly : HoldSources::kSpendingOrder});
}

}  // namespace
}  // namespace timebank::ledger
