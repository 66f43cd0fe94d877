// PUBLISH_OFFER, REDEEM and the life of a redemption until it is captured, ended or disputed.
#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "ledger/authority.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::By;
using testing::kDayMs;
using testing::kHourMs;
using testing::OrganisationId;
using testing::PersonId;
using testing::PinFor;
using testing::Postings;
using testing::TestLedger;
using Words = std::vector<std::string>;

const By kMerchant{"merchant_shop", v1::ROLE_MERCHANT, "shop"};
const By kCashier{"cashier_shop", v1::ROLE_CASHIER, "shop"};
const By kTerminal{"terminal_street", v1::ROLE_TERMINAL, "street"};
const By kClerk{"clerk_street", v1::ROLE_CLERK, "street"};
const By kProxy{"proxy", v1::ROLE_PROXY};
const std::string kOffer(16, 'o');

class Redeeming : public ::testing::Test {
 protected:
  Redeeming() {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 100);
    EXPECT_EQ(Publish([](auto&) {}), kOk);
  }
  // A service of 30 minutes, 5 pieces, at most 3 a person.
  static v1::PublishOffer Haircut() {
    v1::PublishOffer publish;
    publish.set_offer(kOffer);
    publish.set_org(OrganisationId("shop").str());
    publish.set_kind(v1::OFFER_KIND_SERVICE);
    publish.set_name("Haircut");
    publish.set_price_minutes(30);
    publish.set_stock(5);
    publish.set_limit_per_person(3);
    publish.set_open(true);
    return publish;
  }
  Reason Publish(const std::function<void(v1::PublishOffer&)>& edit, const By& by = kMerchant) {
    v1::PublishOffer publish = Haircut();
    edit(publish);
    return ledger.Submit({by}, publish);
  }
  // Makes the offer one of goods and credits the elder `minutes` this year.
  void Goods(std::int64_t credited_minutes) {
    ASSERT_EQ(Publish([](auto& p) { p.set_kind(v1::OFFER_KIND_GOODS); }), kOk);
    const CounterId year{.owner = As<decltype(CounterId::owner)>(PersonId("elder").text()),
                         .scope = v1::COUNTER_SCOPE_CREDIT_YEAR,
                         .period = 2024};
    ledger.Overwrite<v1::Counter>(year, [&](v1::Counter& counter) {
      counter.set_version(1);
      counter.set_minutes(credited_minutes);
    });
  }
  v1::RedeemAction NewAction(std::uint32_t quantity = 1) {
    v1::RedeemAction action;
    action.set_version(1);
    action.set_redemption(ledger.NewId());
    action.set_offer(kOffer);
    action.set_holder(PersonId("elder").str());
    action.set_quantity(quantity);
    id = action.redemption();
    return action;
  }
  Reason Redeem(const v1::RedeemAction& action, const By& by = {"elder"}) {
    v1::Redeem redeem;
    redeem.set_action(chain::CanonicalBytes(action));
    if (by.role == v1::ROLE_TERMINAL) *redeem.mutable_pin() = Pin(redeem.action());
    return ledger.Submit({by}, redeem);
  }
  v1::PinProof Pin(const std::string& action) { return PinFor(ledger, "elder", action); }
  Reason Accept(const By& by = kCashier) {
    v1::AcceptRedemption accept;
    accept.set_redemption(id);
    return ledger.Submit({by}, accept);
  }
  Reason Decline(const By& by = kCashier) {
    v1::DeclineRedemption decline;
    decline.set_redemption(id);
    return ledger.Submit({by}, decline);
  }
  Reason Fulfil(std::int64_t minutes, const By& by = kCashier) {
    v1::FulfilRedemption fulfil;
    fulfil.set_redemption(id);
    fulfil.set_minutes(minutes);
    return ledger.Submit({by}, fulfil);
  }
  v1::ConfirmRedemptionAction Confirmation(v1::Channel channel) {
    v1::ConfirmRedemptionAction action;
    action.set_version(1);
    action.set_redemption(id);
    action.set_channel(channel);
    if (channel == v1::CHANNEL_PAPER) action.set_witness(PersonId("witness").str());
    return action;
  }
  Reason Confirm(const v1::ConfirmRedemptionAction& action, const By& by = {"elder"}) {
    v1::ConfirmRedemption confirm;
    confirm.set_action(chain::CanonicalBytes(action));
    if (by.role == v1::ROLE_TERMINAL) *confirm.mutable_pin() = Pin(confirm.action());
    return ledger.Submit({by}, confirm);
  }
  Reason Cancel(const By& by = {"elder"}) {
    v1::CancelRedemption cancel;
    cancel.set_redemption(id);
    return ledger.Submit({by}, cancel);
  }
  void LetProxy(std::uint32_t scope) {
    v1::SetProxy set;
    set.set_member(PersonId("elder").str());
    set.set_proxy(PersonId("proxy").str());
    set.set_scope(scope);
    set.set_until_ms(ledger.now_ms() + kDayMs);
    ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  }
  void Appoint(const char* person, v1::Role role, const char* org) {
    ledger.Overwrite<v1::Member>(PersonId(person), [&](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(OrganisationId(org).str());
      office->set_role(role);
    });
  }
  v1::Redemption Found() const {
    return *ledger.state().Find<v1::Redemption>(As<RedemptionId>(id));
  }
  std::uint32_t Stock() const {
    return ledger.state().Find<v1::Offer>(As<OfferId>(kOffer))->stock();
  }
  void Deliver(std::int64_t minutes = 0) {
    ASSERT_EQ(Redeem(NewAction()), kOk);
    ASSERT_EQ(Accept(), kOk);
    ASSERT_EQ(Fulfil(minutes), kOk);
  }
  TestLedger ledger;
  std::string id;  // of the last redemption
};

TEST_F(Redeeming, AnOfferIsPublishedByItsMerchant) {
  struct Case {
    const char* name;
    std::function<void(v1::PublishOffer&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"again, other stock", [](auto& p) { p.set_stock(9); }, kOk},
      {"no name", [](auto& p) { p.clear_name(); }, v1::REASON_MISSING_FIELD},
      {"control character", [](auto& p) { p.set_name("a\nb"); }, v1::REASON_BAD_FIELD},
      {"zero id", [](auto& p) { p.set_offer(std::string(16, '\0')); }, v1::REASON_BAD_FIELD},
      {"no kind", [](auto& p) { p.clear_kind(); }, v1::REASON_MISSING_FIELD},
      {"free", [](auto& p) { p.set_price_minutes(0); }, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"negative", [](auto& p) { p.set_price_minutes(-1); }, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"unknown organisation", [](auto& p) { p.set_org(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_ORGANISATION},
      {"another's shop", [](auto& p) { p.set_org(OrganisationId("street").str()); },
       v1::REASON_F15_WRONG_SCOPE},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Publish(c.edit), c.reason);
  }
  EXPECT_EQ(Stock(), 9U);
  EXPECT_EQ(Publish([](auto&) {}, kCashier), v1::REASON_F15_WRONG_SCOPE);
  Appoint("kin", v1::ROLE_MERCHANT, "clinic");
  EXPECT_EQ(Publish([](auto& p) { p.set_org(OrganisationId("clinic").str()); },
                    {"kin", v1::ROLE_MERCHANT, "clinic"}),
            v1::REASON_OFFER_EXISTS);
}

TEST_F(Redeeming, HoldsThePriceAndTakesStock) {
  ASSERT_EQ(Redeem(NewAction(2)), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"EARNED:elder -60", "HELD:elder 60"}));
  EXPECT_EQ(ledger.lines()[0].state(), std::uint32_t{v1::REDEMPTION_STATE_HELD});
  EXPECT_EQ(Stock(), 3U);
  EXPECT_EQ(Found().price_minutes(), 60);
  EXPECT_EQ(Found().due_ms(), Found().requested_ms() + 14 * kDayMs);
  // The price is frozen.
  ASSERT_EQ(Publish([](auto& p) { p.set_price_minutes(1); }), kOk);
  EXPECT_EQ(Found().price_minutes(), 60);
}

TEST_F(Redeeming, ChecksInTheDocumentedOrder) {
  struct Case {
    const char* name;
    std::function<void(v1::RedeemAction&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"no version", [](auto& a) { a.clear_version(); }, v1::REASON_MISSING_FIELD},
      {"version 2", [](auto& a) { a.set_version(2); }, v1::REASON_UNKNOWN_VERSION},
      {"no offer", [](auto& a) { a.clear_offer(); }, v1::REASON_MISSING_FIELD},
      {"none", [](auto& a) { a.set_quantity(0); }, v1::REASON_AMOUNT_NOT_POSITIVE},
      {"unknown holder", [](auto& a) { a.set_holder(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_MEMBER},
      {"unknown offer", [](auto& a) { a.set_offer(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_OFFER},
      {"another's minutes", [](auto& a) { a.set_holder(PersonId("elder2").str()); },
       v1::REASON_F15_WRONG_SCOPE},
      {"id of 1970", [](auto& a) { a.mutable_redemption()->at(0) = '\0'; }, v1::REASON_BAD_ID_TIME},
      {"six of five", [](auto& a) { a.set_quantity(6); }, v1::REASON_OUT_OF_STOCK},
      {"four for one person", [](auto& a) { a.set_quantity(4); }, v1::REASON_PERSON_LIMIT},
      {"three", [](auto& a) { a.set_quantity(3); }, kOk},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    v1::RedeemAction action = NewAction();
    c.edit(action);
    EXPECT_EQ(Redeem(action), c.reason);
  }
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_PERSON_LIMIT);
  ASSERT_EQ(Publish([](auto& p) { p.set_open(false); }), kOk);
  EXPECT_EQ(Redeem(NewAction(6)), v1::REASON_WRONG_STATE);
}

TEST_F(Redeeming, RefusesOverdraftByOneMinuteDebtAndOverflow) {
  ASSERT_EQ(Publish([](auto& p) { p.set_price_minutes(101); }), kOk);
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_F13_INSUFFICIENT);
  ASSERT_EQ(Publish([](auto& p) { p.set_price_minutes(std::int64_t{1} << 62); }), kOk);
  EXPECT_EQ(Redeem(NewAction(2)), v1::REASON_AMOUNT_OVERFLOW);
  ASSERT_EQ(Publish([](auto& p) { p.set_price_minutes(100); }), kOk);
  ledger.Mint("elder", v1::ACCOUNT_KIND_DEBT, -1);
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_DEBT);
  ledger.Mint("elder", v1::ACCOUNT_KIND_DEBT, 1);
  EXPECT_EQ(Redeem(NewAction()), kOk);
}

TEST_F(Redeeming, StartsAtSixty) {
  for (const std::uint32_t age : {59U, 60U}) {
    ledger.Overwrite<v1::Member>(PersonId("elder"),
                                 [&](v1::Member& elder) { elder.set_birth_year(2024 - age); });
    EXPECT_EQ(Redeem(NewAction()), age < 60 ? v1::REASON_AGE : kOk);
  }
}

TEST_F(Redeeming, SameActionAgainIsASuccessOtherContentAConflict) {
  v1::RedeemAction action = NewAction();
  ASSERT_EQ(Redeem(action), kOk);
  ASSERT_EQ(Redeem(action), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_RECORDED);
  EXPECT_EQ(Stock(), 4U);
  action.set_quantity(2);
  EXPECT_EQ(Redeem(action), v1::REASON_CONFLICT);
}

TEST_F(Redeeming, AYoungKeySpendsNothingAndAFrozenHolderNeither) {
  ledger.Overwrite<v1::Member>(PersonId("elder"), [&](v1::Member& elder) {
    elder.mutable_keys(0)->set_since_ms(ledger.now_ms() - kDayMs + 1);
  });
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_F8_KEY_TOO_YOUNG);
  ledger.Advance(1);
  EXPECT_EQ(Redeem(NewAction()), kOk);
  ledger.Overwrite<v1::Member>(
      PersonId("elder"), [](v1::Member& elder) { elder.set_status(v1::MEMBER_STATUS_FROZEN); });
  EXPECT_EQ(Redeem(NewAction(), kTerminal), v1::REASON_F14_PARTY_BLOCKED);
}

TEST_F(Redeeming, GoodsArePaidFromAFifthOfTheYearsCredit) {
  Goods(149);
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_GOODS_SHARE);  // a fifth is 29
  Goods(150);
  ASSERT_EQ(Redeem(NewAction()), kOk);
  EXPECT_EQ(Found().due_ms(), Found().requested_ms() + 7 * kDayMs);
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_GOODS_SHARE);
  Goods(300);
  EXPECT_EQ(Redeem(NewAction()), kOk);
}

TEST_F(Redeeming, GoodsArePaidFromEarnedOnly) {
  ledger.Grant({"elder"});
  ledger.Mint("elder", v1::ACCOUNT_KIND_RECEIVED, 100);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, -71);  // 29 left
  ASSERT_EQ(Redeem(NewAction()), kOk);                 // a service: from the grant
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"GRANT/202407:elder -30", "HELD:elder 30"}));
  Goods(10'000);
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_F13_INSUFFICIENT);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1);
  ASSERT_EQ(Redeem(NewAction()), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"EARNED:elder -30", "HELD:elder 30"}));
}

TEST(RedeemingByPolicy, GoodsMayBeSwitchedOff) {
  TestLedger ledger(testing::WithPolicy(v1::POLICY_PARAMETER_GOODS_ENABLED, 0));
  v1::PublishOffer publish;
  publish.set_offer(kOffer);
  publish.set_org(OrganisationId("shop").str());
  publish.set_kind(v1::OFFER_KIND_GOODS);
  publish.set_name("Rice");
  publish.set_price_minutes(1);
  publish.set_stock(1);
  publish.set_open(true);
  ASSERT_EQ(ledger.Submit({kMerchant}, publish), kOk);
  v1::RedeemAction action;
  action.set_version(1);
  action.set_redemption(ledger.NewId());
  action.set_offer(kOffer);
  action.set_holder(PersonId("elder").str());
  action.set_quantity(1);
  v1::Redeem redeem;
  redeem.set_action(chain::CanonicalBytes(action));
  EXPECT_EQ(ledger.Submit({{"elder"}}, redeem), v1::REASON_DISABLED_BY_POLICY);
}

TEST_F(Redeeming, ACardRedeemsOnceADay) {
  ASSERT_EQ(Redeem(NewAction(), kTerminal), kOk);
  EXPECT_EQ(Found().requested_by(), PersonId("terminal_street").str());
  EXPECT_EQ(Redeem(NewAction(), kTerminal), v1::REASON_F5_CAP);
  EXPECT_EQ(Redeem(NewAction()), kOk);  // the own key is not a card
  ledger.Advance(14 * kHourMs);
  EXPECT_EQ(Redeem(NewAction(), kTerminal), kOk);
}

TEST_F(Redeeming, ATerminalStandsNearTheHolderOrInTheShop) {
  Appoint("kin", v1::ROLE_TERMINAL, "shop");
  Appoint("kin", v1::ROLE_TERMINAL, "community2");
  Appoint("kin", v1::ROLE_TERMINAL, "street2");
  EXPECT_EQ(Redeem(NewAction(), {"kin", v1::ROLE_TERMINAL, "street2"}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Redeem(NewAction(), {"kin", v1::ROLE_TERMINAL, "community2"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Redeem(NewAction(), {"kin", v1::ROLE_TERMINAL, "shop"}), kOk);
  v1::Redeem redeem;
  redeem.set_action(chain::CanonicalBytes(NewAction()));
  EXPECT_EQ(ledger.Submit({kTerminal}, redeem), v1::REASON_F15_WRONG_SCOPE);  // no PIN
  *redeem.mutable_pin() = PinFor(ledger, "elder2", redeem.action());
  EXPECT_EQ(ledger.Submit({kTerminal}, redeem), v1::REASON_BAD_PIN_STATEMENT);
}

TEST_F(Redeeming, AProxyRedeemsUnlessOfTheShop) {
  LetProxy(kProxyConfirm | kProxyOrder);
  EXPECT_EQ(Redeem(NewAction(), kProxy), v1::REASON_F15_WRONG_SCOPE);
  LetProxy(kProxyRedeem);
  ASSERT_EQ(Redeem(NewAction(), kProxy), kOk);
  ASSERT_EQ(Accept(), kOk);
  ASSERT_EQ(Fulfil(0), kOk);
  Appoint("proxy", v1::ROLE_CASHIER, "shop");
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_PROXY), kProxy), v1::REASON_F12_MERCHANT_AS_PROXY);
  EXPECT_EQ(Redeem(NewAction(), kProxy), v1::REASON_F12_MERCHANT_AS_PROXY);
}

TEST_F(Redeeming, IsAcceptedFulfilledConfirmedAndCaptured) {
  ASSERT_EQ(Redeem(NewAction()), kOk);
  EXPECT_EQ(Fulfil(0), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Accept({"elder"}), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(Accept(kMerchant), kOk);
  EXPECT_EQ(Accept(), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Fulfil(-1), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_EQ(Fulfil(31), v1::REASON_F13_INSUFFICIENT);
  ASSERT_EQ(Fulfil(0), kOk);
  EXPECT_EQ(ledger.lines()[0].postings_size(), 0);
  EXPECT_EQ(Found().due_ms(), Found().fulfilled_ms() + 72 * kHourMs);
  ASSERT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"HELD:elder -30", "PAYABLE:shop 30"}));
  EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_CAPTURED);
  EXPECT_EQ(Found().captured_minutes(), 30);
  EXPECT_EQ(Found().due_ms(), 0U);
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Stock(), 4U);
}

TEST_F(Redeeming, WhatWasNotServedGoesBack) {
  Deliver(20);
  ASSERT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]),
            (Words{"HELD:elder -30", "PAYABLE:shop 20", "EARNED:elder 10"}));
  EXPECT_EQ(Found().captured_minutes(), 20);
}

TEST_F(Redeeming, TheRestOfAPartialCaptureMayBuyGoodsAgain) {
  Goods(250);  // a fifth is 50
  Deliver(20);
  const std::string delivered = id;
  EXPECT_EQ(Redeem(NewAction()), v1::REASON_GOODS_SHARE);
  id = delivered;
  ASSERT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), kOk);
  EXPECT_EQ(Redeem(NewAction()), kOk);  // 20 + 30
}

TEST_F(Redeeming, EachChannelConfirms) {
  Appoint("kin", v1::ROLE_CASHIER, "shop");
  struct Case {
    const char* name;
    v1::Channel channel;
    By by;
    Reason reason;
  };
  const Case cases[] = {
      {"app by another", v1::CHANNEL_APP, {"elder2"}, v1::REASON_F15_WRONG_SCOPE},
      {"proxy without grant", v1::CHANNEL_PROXY, kProxy, v1::REASON_F15_WRONG_SCOPE},
      {"paper by the cashier", v1::CHANNEL_PAPER, kCashier, v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"paper by another street",
       v1::CHANNEL_PAPER,
       {"clerk_street2", v1::ROLE_CLERK, "street2"},
       v1::REASON_F15_WRONG_SCOPE},
      {"call-back",
       v1::CHANNEL_CALLBACK,
       {"dispatcher_street", v1::ROLE_DISPATCHER, "street"},
       v1::REASON_BAD_FIELD},
      {"card", v1::CHANNEL_CARD, kTerminal, kOk},
      {"paper", v1::CHANNEL_PAPER, kClerk, kOk},
      {"app", v1::CHANNEL_APP, {"elder"}, kOk},
  };
  Deliver();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TestLedger before = ledger;
    EXPECT_EQ(Confirm(Confirmation(c.channel), c.by), c.reason);
    if (c.reason == kOk) {
      EXPECT_EQ(Found().channel(), c.channel);
    }
    ledger = before;
  }
  v1::ConfirmRedemptionAction action = Confirmation(v1::CHANNEL_PAPER);
  for (const char* party : {"elder", "kin"}) {
    action.set_witness(PersonId(party).str());
    EXPECT_EQ(Confirm(action, kClerk), v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
  action.set_witness(PersonId("nobody").str());
  EXPECT_EQ(Confirm(action, kClerk), v1::REASON_UNKNOWN_MEMBER);
  action.clear_witness();
  EXPECT_EQ(Confirm(action, kClerk), v1::REASON_MISSING_FIELD);
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_CARD), {"elder"}), v1::REASON_MISSING_FIELD);
  id = std::string(16, 'x');
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), v1::REASON_UNKNOWN_REDEMPTION);
}

TEST_F(Redeeming, SilenceCapturesNothing) {
  Deliver();
  const std::uint64_t due_ms = Found().due_ms();
  ledger.Advance(due_ms - 1 - ledger.now_ms());
  const TestLedger before = ledger;
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), kOk);
  ledger = before;
  ledger.Tick();
  EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_FULFILLED);
  ledger.Tick();
  EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_DISPUTED);
  EXPECT_EQ(ledger.lines(/*sweep=*/true)[0].postings_size(), 0);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_HELD), 30);
  EXPECT_EQ(Confirm(Confirmation(v1::CHANNEL_APP)), v1::REASON_WRONG_STATE);
}

TEST_F(Redeeming, CancelAndDeclineGiveEverythingBack) {
  const Words back{"HELD:elder -90", "EARNED:elder 90"};
  ASSERT_EQ(Redeem(NewAction(3)), kOk);
  EXPECT_EQ(Cancel({"elder2"}), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(Cancel(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), back);
  EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_CANCELLED);
  EXPECT_EQ(Stock(), 5U);
  EXPECT_EQ(Cancel(), v1::REASON_WRONG_STATE);

  ASSERT_EQ(Redeem(NewAction(3)), kOk);  // the person's limit is free again
  EXPECT_EQ(Decline({"elder"}), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(Decline(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), back);
  EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_DECLINED);

  ASSERT_EQ(Redeem(NewAction(3)), kOk);
  ASSERT_EQ(Accept(), kOk);
  EXPECT_EQ(Cancel(), v1::REASON_WRONG_STATE);
  ASSERT_EQ(Decline(kMerchant), kOk);
  EXPECT_EQ(Stock(), 5U);

  Deliver();
  EXPECT_EQ(Decline(), v1::REASON_WRONG_STATE);
  LetProxy(kProxyRedeem);
  ASSERT_EQ(Redeem(NewAction()), kOk);
  EXPECT_EQ(Cancel(kProxy), kOk);
}

TEST_F(Redeeming, ExpiresAtTheEndOfItsHold) {
  for (const bool accepted : {false, true}) {
    ASSERT_EQ(Redeem(NewAction()), kOk);
    if (accepted) {
      ASSERT_EQ(Accept(), kOk);
    }
    ledger.Advance(Found().due_ms() - ledger.now_ms() - 1);
    ledger.Tick();
    EXPECT_EQ(Found().state(),
              accepted ? v1::REDEMPTION_STATE_ACCEPTED : v1::REDEMPTION_STATE_HELD);
    EXPECT_EQ(Accept(), v1::REASON_DEADLINE_PASSED);
    ledger.Tick();
    EXPECT_EQ(Found().state(), v1::REDEMPTION_STATE_EXPIRED);
    EXPECT_EQ(Postings(ledger.lines(/*sweep=*/true)[0]),
              (Words{"HELD:elder -30", "EARNED:elder 30"}));
    EXPECT_EQ(Stock(), 5U);
    EXPECT_EQ(Fulfil(0), v1::REASON_DEADLINE_PASSED);
  }
}

}  // namespace
}  // namespace timebank::ledger
