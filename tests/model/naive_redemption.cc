// Offers and redemptions in the naive ledger.
#include "base/civil.h"
#include "tests/model/naive_form.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {

v1::Reason NaiveLedger::Do(const v1::PublishOffer& tx) {
  if (!orgs_.contains(tx.org())) return v1::REASON_UNKNOWN_ORGANISATION;
  if (by_.size() != 1 || !HoldsAt(by_.front(), v1::ROLE_MERCHANT, tx.org())) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  if (offers_.contains(tx.offer())) {
    const v1::PublishOffer& old = offers_.at(tx.offer());
    if (old.org() != tx.org()) return v1::REASON_OFFER_EXISTS;
  }
  offers_[tx.offer()] = tx;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::Redeem& tx) {
  const auto action = Parsed<v1::RedeemAction>(tx.action());
  if (!people_.contains(action.holder())) return v1::REASON_UNKNOWN_MEMBER;
  if (!offers_.contains(action.offer())) return v1::REASON_UNKNOWN_OFFER;
  const auto scope = RedeemScope(action, tx);
  if (scope != v1::REASON_UNSPECIFIED) return scope;
  const auto age = Param(HomeOf(action.holder()), v1::POLICY_PARAMETER_REDEEM_AGE_YEARS, now_);
  if (AgeOf(action.holder()) < age) return v1::REASON_AGE;
  if (purchases_.contains(action.redemption())) {
    const bool same = purchases_.at(action.redemption()).action == tx.action();
    return same ? Already(v1::OUTCOME_ALREADY_RECORDED) : v1::REASON_CONFLICT;
  }
  if (IsTaken(action.redemption())) return v1::REASON_CONFLICT;
  v1::PublishOffer& offer = offers_.at(action.offer());
  Purchase purchase{.state = v1::REDEMPTION_STATE_HELD,
                    .offer = action.offer(),
                    .org = offer.org(),
                    .holder = action.holder(),
                    .kind = offer.kind(),
                    .quantity = action.quantity()};
  purchase.action = tx.action();
  purchase.by_card = by_.front().role() == v1::ROLE_TERMINAL;
  purchase.requested_ms = now_;
  const auto reason = JudgePurchase(action, purchase);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  const bool goods = purchase.kind == v1::OFFER_KIND_GOODS;
  const auto lifetime =
      goods ? v1::POLICY_PARAMETER_GOODS_HOLD_MS : v1::POLICY_PARAMETER_SERVICE_HOLD_MS;
  purchase.due_ms = now_ + static_cast<Time>(Param(HomeOf(purchase.holder), lifetime, now_));
  HeldMinutes hold{.owner = purchase.holder, .purpose = v1::HOLD_PURPOSE_SERVICE};
  if (goods) hold.purpose = v1::HOLD_PURPOSE_GOODS;
  hold.expires_ms = purchase.due_ms;
  PlaceHold(action.redemption(), hold, purchase.price, /*earned_only=*/goods);
  offer.set_stock(offer.stock() - action.quantity());
  purchases_[action.redemption()] = purchase;
  return v1::REASON_UNSPECIFIED;
}

// The holder, a proxy with scope "redeem" (2) who is nobody of the provider (F12), or a terminal
// with a PIN statement.
v1::Reason NaiveLedger::RedeemScope(const v1::RedeemAction& action, const v1::Redeem& tx) const {
  const v1::Signer& signer = by_.front();
  if (by_.size() != 1) return v1::REASON_F15_WRONG_SCOPE;
  const Id& provider = offers_.at(action.offer()).org();
  const bool terminal = HoldsOver(signer, v1::ROLE_TERMINAL, HomeOf(action.holder())) ||
                        HoldsOver(signer, v1::ROLE_TERMINAL, provider);
  if (tx.has_pin() && terminal) {
    return JudgePin(tx.pin(), action.holder(), tx.action());
  }
  const bool fits =
      SignsAsMember(signer, action.holder()) || SignsAsProxy(signer, action.holder(), 2);
  return fits ? v1::REASON_UNSPECIFIED : v1::REASON_F15_WRONG_SCOPE;
}

// Id, offer, stock, limits, goods, card, F13, F8, F12, F14.
v1::Reason NaiveLedger::JudgePurchase(const v1::RedeemAction& action, Purchase& purchase) const {
  const v1::PublishOffer& offer = offers_.at(action.offer());
  const Id home = HomeOf(purchase.holder);
  const auto param = [&](v1::PolicyParameter p) { return Param(home, p, now_); };
  const auto id_time = CheckIdTime(action.redemption(), home);
  if (id_time != v1::REASON_UNSPECIFIED) return id_time;
  if (!offer.open()) return v1::REASON_WRONG_STATE;
  if (offer.stock() < action.quantity()) return v1::REASON_OUT_OF_STOCK;
  std::int64_t pieces = action.quantity();
  std::int64_t goods_this_year = 0;
  std::int64_t cards_today = purchase.by_card ? 1 : 0;
  const auto today = LocalDay(Millis(now_), civil_offset_minutes_);
  for (const auto& [id, other] : purchases_) {
    if (other.holder != purchase.holder) continue;
    const auto day = LocalDay(Millis(other.requested_ms), civil_offset_minutes_);
    if (other.by_card && day == today) ++cards_today;
    if (!other.Counts()) continue;
    if (other.offer == purchase.offer) pieces += other.quantity;
    if (other.kind == v1::OFFER_KIND_GOODS && day / 10'000 == today / 10'000) {
      goods_this_year +=
          other.state == v1::REDEMPTION_STATE_CAPTURED ? other.fulfilled : other.price;
    }
  }
  if (offer.limit_per_person() != 0 && pieces > offer.limit_per_person()) {
    return v1::REASON_PERSON_LIMIT;
  }
  if (offer.price_minutes() > INT64_MAX / action.quantity()) return v1::REASON_AMOUNT_OVERFLOW;
  purchase.price = offer.price_minutes() * action.quantity();
  const bool goods = purchase.kind == v1::OFFER_KIND_GOODS;
  if (goods) {
    if (param(v1::POLICY_PARAMETER_GOODS_ENABLED) == 0) return v1::REASON_DISABLED_BY_POLICY;
    std::int64_t credited = 0;
    for (const auto& [id, visit] : visits_) {
      const bool this_year =
          visit.credited_ms != 0 &&
          LocalYear(Millis(visit.credited_ms), civil_offset_minutes_) == today / 10'000;
      const bool stands = visit.state == v1::ENTRY_STATE_CREDITED;
      if (visit.volunteer == purchase.holder && this_year && stands) credited += visit.credited;
    }
    const auto share = credited * param(v1::POLICY_PARAMETER_GOODS_YEAR_PER_MILLE) / 1'000;
    if (purchase.price > share - goods_this_year) return v1::REASON_GOODS_SHARE;
  }
  if (purchase.by_card && cards_today > param(v1::POLICY_PARAMETER_CARD_DAY_REDEMPTIONS)) {
    return v1::REASON_F5_CAP;
  }
  if (InDebt(purchase.holder)) return v1::REASON_DEBT;
  if (!CanPay(purchase.holder, purchase.price, goods)) return v1::REASON_F13_INSUFFICIENT;
  const v1::Signer& signer = by_.front();
  if (KeyTooYoung(signer)) return v1::REASON_F8_KEY_TOO_YOUNG;
  const bool for_holder = signer.role() == v1::ROLE_PROXY || signer.role() == v1::ROLE_TERMINAL;
  if (for_holder && ServesAt(signer.member(), purchase.org)) {
    return v1::REASON_F12_MERCHANT_AS_PROXY;
  }
  if (Blocked(purchase.holder)) return v1::REASON_F14_PARTY_BLOCKED;
  return v1::REASON_UNSPECIFIED;
}

// A merchant or cashier of the provider, in whatever capacity it signs.
bool NaiveLedger::ServesAt(const Id& person, const Id& org) const {
  const auto& offices = people_.at(person).offices;
  return offices.contains({org, v1::ROLE_MERCHANT}) || offices.contains({org, v1::ROLE_CASHIER});
}

v1::Reason NaiveLedger::ProviderSigns(const Purchase& purchase) const {
  const v1::Signer& signer = by_.front();
  const bool fits = HoldsAt(signer, v1::ROLE_MERCHANT, purchase.org) ||
                    HoldsAt(signer, v1::ROLE_CASHIER, purchase.org);
  return by_.size() == 1 && fits ? v1::REASON_UNSPECIFIED : v1::REASON_F15_WRONG_SCOPE;
}

// Minutes and stock go back where they came from.
void NaiveLedger::Undo(const Id& id, v1::RedemptionState state) {
  Purchase& purchase = purchases_.at(id);
  purchase.state = state;
  purchase.due_ms = 0;
  ReleaseHold(id);
  v1::PublishOffer& offer = offers_.at(purchase.offer);
  offer.set_stock(offer.stock() + purchase.quantity);
}

v1::Reason NaiveLedger::Do(const v1::AcceptRedemption& tx) {
  if (!purchases_.contains(tx.redemption())) return v1::REASON_UNKNOWN_REDEMPTION;
  Purchase& purchase = purchases_.at(tx.redemption());
  const auto reason = ProviderSigns(purchase);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (purchase.state == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (purchase.state != v1::REDEMPTION_STATE_HELD) return v1::REASON_WRONG_STATE;
  if (purchase.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  purchase.state = v1::REDEMPTION_STATE_ACCEPTED;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::DeclineRedemption& tx) {
  if (!purchases_.contains(tx.redemption())) return v1::REASON_UNKNOWN_REDEMPTION;
  Purchase& purchase = purchases_.at(tx.redemption());
  const auto reason = ProviderSigns(purchase);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (purchase.state == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (purchase.state != v1::REDEMPTION_STATE_HELD &&
      purchase.state != v1::REDEMPTION_STATE_ACCEPTED) {
    return v1::REASON_WRONG_STATE;
  }
  if (purchase.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  Undo(tx.redemption(), v1::REDEMPTION_STATE_DECLINED);
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::FulfilRedemption& tx) {
  if (!purchases_.contains(tx.redemption())) return v1::REASON_UNKNOWN_REDEMPTION;
  Purchase& purchase = purchases_.at(tx.redemption());
  const auto reason = ProviderSigns(purchase);
  if (reason != v1::REASON_UNSPECIFIED) return reason;
  if (purchase.state == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (purchase.state != v1::REDEMPTION_STATE_ACCEPTED) return v1::REASON_WRONG_STATE;
  if (purchase.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  if (tx.minutes() > purchase.price) return v1::REASON_F13_INSUFFICIENT;
  if (Blocked(purchase.holder)) return v1::REASON_F14_PARTY_BLOCKED;
  purchase.state = v1::REDEMPTION_STATE_FULFILLED;
  purchase.fulfilled = tx.minutes() == 0 ? purchase.price : tx.minutes();
  purchase.due_ms = now_ + static_cast<Time>(Param(HomeOf(purchase.holder),
                                                   v1::POLICY_PARAMETER_FULFILLED_UNCONFIRMED_MS,
                                                   purchase.requested_ms));
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::ConfirmRedemption& tx) {
  const auto action = Parsed<v1::ConfirmRedemptionAction>(tx.action());
  if (!purchases_.contains(action.redemption())) return v1::REASON_UNKNOWN_REDEMPTION;
  if (!action.witness().empty() && !people_.contains(action.witness())) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  Purchase& purchase = purchases_.at(action.redemption());
  const v1::Signer& signer = by_.front();
  if (action.channel() == v1::CHANNEL_PAPER) {
    // Clerk and witness are neither the holder nor somebody of the provider.
    for (const Id& other : {signer.member(), action.witness()}) {
      if (other == purchase.holder || ServesAt(other, purchase.org)) {
        return v1::REASON_F3_SEPARATION_OF_DUTIES;
      }
    }
  }
  const Id home = HomeOf(purchase.holder);
  bool fits = false;
  if (action.channel() == v1::CHANNEL_APP) fits = SignsAsMember(signer, purchase.holder);
  if (action.channel() == v1::CHANNEL_PROXY) fits = SignsAsProxy(signer, purchase.holder, 2);
  if (action.channel() == v1::CHANNEL_CARD) {
    fits = HoldsOver(signer, v1::ROLE_TERMINAL, home) ||
           HoldsOver(signer, v1::ROLE_TERMINAL, purchase.org);
  }
  if (action.channel() == v1::CHANNEL_PAPER) fits = HoldsOver(signer, v1::ROLE_CLERK, home);
  if (by_.size() != 1 || !fits) return v1::REASON_F15_WRONG_SCOPE;
  if (action.channel() == v1::CHANNEL_CARD) {
    const auto pin = JudgePin(tx.pin(), purchase.holder, tx.action());
    if (pin != v1::REASON_UNSPECIFIED) return pin;
  }
  if (purchase.state == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (purchase.state != v1::REDEMPTION_STATE_FULFILLED) return v1::REASON_WRONG_STATE;
  if (purchase.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  const bool for_holder =
      action.channel() == v1::CHANNEL_PROXY || action.channel() == v1::CHANNEL_CARD;
  if (for_holder && ServesAt(signer.member(), purchase.org)) {
    return v1::REASON_F12_MERCHANT_AS_PROXY;
  }
  if (Blocked(purchase.holder)) return v1::REASON_F14_PARTY_BLOCKED;
  Capture(action.redemption(), purchase.fulfilled, purchase.org, v1::ACCOUNT_KIND_PAYABLE);
  purchase.state = v1::REDEMPTION_STATE_CAPTURED;
  purchase.due_ms = 0;
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Do(const v1::CancelRedemption& tx) {
  if (!purchases_.contains(tx.redemption())) return v1::REASON_UNKNOWN_REDEMPTION;
  const Purchase& purchase = purchases_.at(tx.redemption());
  const v1::Signer& signer = by_.front();
  const bool fits =
      SignsAsMember(signer, purchase.holder) || SignsAsProxy(signer, purchase.holder, 2);
  if (by_.size() != 1 || !fits) return v1::REASON_F15_WRONG_SCOPE;
  if (purchase.state == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (purchase.state != v1::REDEMPTION_STATE_HELD) return v1::REASON_WRONG_STATE;
  if (purchase.due_ms <= now_) return v1::REASON_DEADLINE_PASSED;
  Undo(tx.redemption(), v1::REDEMPTION_STATE_CANCELLED);
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::model
