// Random transactions along the life of a redemption.
#include "chain/canonical.h"
#include "tests/model/generator.h"

namespace timebank::model {

void Generator::Offer(Draft& draft) {
  auto& tx = *draft.body.mutable_publish_offer();
  const std::string name = "o" + std::to_string(Below(5));
  tx.set_offer(Cast::OfferId(name));
  tx.set_org(Cast::OrgId(Rarely() ? AnyOrg() : "shop"));
  tx.set_kind(Below(2) == 0 ? v1::OFFER_KIND_GOODS : v1::OFFER_KIND_SERVICE);
  tx.set_name(name);
  const std::vector<std::int64_t> prices = {1, 1, 2, 5, 5, 10, 10, 20, 40, 100, 0, INT64_MAX / 2};
  tx.set_price_minutes(Pick(prices));
  tx.set_stock(static_cast<std::uint32_t>(Below(20)));
  tx.set_limit_per_person(static_cast<std::uint32_t>(Below(4)));
  tx.set_open(!Rarely());
  draft.by = {OfficerAt(tx.org(), v1::ROLE_MERCHANT, false)};
}

void Generator::Redeem(Draft& draft) {
  std::vector<Id> offers;
  for (const auto& [id, offer] : ledger().offers()) offers.push_back(id);
  if (offers.empty()) return;
  v1::RedeemAction action;
  action.set_version(1);
  action.set_redemption(FreshId());
  if (Rarely()) action.set_redemption(PurchaseIn({v1::REDEMPTION_STATE_HELD}));
  if (action.redemption().empty()) action.set_redemption(FreshId());
  action.set_offer(random_.Chance(1, 40) ? Cast::OfferId("none") : Pick(offers));
  action.set_holder(Below(2) == 0 ? WithEarned() : Cast::MemberId(AnyPerson()));
  action.set_quantity(1 + static_cast<std::uint32_t>(Below(3)));
  if (random_.Chance(1, 40)) action.set_quantity(UINT32_MAX);
  auto& tx = *draft.body.mutable_redeem();
  tx.set_action(chain::CanonicalBytes(action));
  draft.by = {MemberSigns(action.holder())};
  if (Below(4) == 0) draft.by = {ProxySigns(action.holder())};
  if (Below(4) == 0) {
    draft.by = {OfficerAt(PersonOf(action.holder()).home, v1::ROLE_TERMINAL, true)};
    if (!Rarely()) *tx.mutable_pin() = Pin(action.holder(), tx.action());
  }
}

// Accept, decline or fulfil.
void Generator::Provide(Draft& draft) {
  const std::uint64_t step = Below(9);
  const bool fulfils = step >= 5;
  const Id id = PurchaseIn({fulfils ? v1::REDEMPTION_STATE_ACCEPTED : v1::REDEMPTION_STATE_HELD});
  if (id.empty()) return;
  const Purchase& purchase = ledger().purchases().at(id);
  if (step == 0) {
    draft.body.mutable_decline_redemption()->set_redemption(id);
  } else if (fulfils) {
    draft.body.mutable_fulfil_redemption()->set_redemption(id);
    if (Below(2) == 0) draft.body.mutable_fulfil_redemption()->set_minutes(Amount(purchase.price));
  } else {
    draft.body.mutable_accept_redemption()->set_redemption(id);
  }
  const v1::Role role = Below(2) == 0 ? v1::ROLE_MERCHANT : v1::ROLE_CASHIER;
  draft.by = {OfficerAt(purchase.org, role, false)};
}

void Generator::ConfirmRedemption(Draft& draft) {
  const Id id = PurchaseIn({v1::REDEMPTION_STATE_FULFILLED});
  if (id.empty()) return;
  const Id holder = ledger().purchases().at(id).holder;
  const Id home = PersonOf(holder).home;
  v1::ConfirmRedemptionAction action;
  action.set_version(1);
  action.set_redemption(id);
  const std::vector<v1::Channel> channels = {v1::CHANNEL_APP, v1::CHANNEL_APP, v1::CHANNEL_PROXY,
                                             v1::CHANNEL_CARD, v1::CHANNEL_PAPER};
  action.set_channel(Pick(channels));
  if (action.channel() == v1::CHANNEL_PAPER && !Rarely()) {
    action.set_witness(Cast::MemberId(AnyPerson()));
  }
  auto& tx = *draft.body.mutable_confirm_redemption();
  tx.set_action(chain::CanonicalBytes(action));
  draft.by = {MemberSigns(holder)};
  if (action.channel() == v1::CHANNEL_PROXY) draft.by = {ProxySigns(holder)};
  if (action.channel() == v1::CHANNEL_CARD) {
    draft.by = {OfficerAt(home, v1::ROLE_TERMINAL, true)};
    if (!Rarely()) *tx.mutable_pin() = Pin(holder, tx.action());
  }
  if (action.channel() == v1::CHANNEL_PAPER) draft.by = {OfficerAt(home, v1::ROLE_CLERK, true)};
}

void Generator::CancelRedemption(Draft& draft) {
  const Id id = PurchaseIn({v1::REDEMPTION_STATE_HELD});
  if (id.empty()) return;
  draft.body.mutable_cancel_redemption()->set_redemption(id);
  const Id holder = ledger().purchases().at(id).holder;
  draft.by = {Below(4) == 0 ? ProxySigns(holder) : MemberSigns(holder)};
}

}  // namespace timebank::model
