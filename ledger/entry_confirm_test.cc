// CONFIRM_ENTRY by its five channels, the card's PIN statement, and the hold of walk-in help.
#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "ledger/authority.h"
#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::ActionFor;
using testing::By;
using testing::Confirm;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::PersonId;
using testing::PinFor;
using testing::Postings;
using testing::ServeOrder;
using testing::SubmitVisit;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using Words = std::vector<std::string>;

const By kTerminal{"terminal_street", v1::ROLE_TERMINAL, "street"};
const By kDispatcher{"dispatcher_street", v1::ROLE_DISPATCHER, "street"};
const By kClerk{"clerk_street", v1::ROLE_CLERK, "street"};
const By kProxy{"proxy", v1::ROLE_PROXY};

class Submitted : public ::testing::Test {
 protected:
  Submitted() {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
    visit = VisitToday(ledger, 30);
    ServeOrder(ledger, visit, 30);
    action = ActionFor(visit, v1::CHANNEL_APP);
  }
  // Walk-in help instead of the order.
  void WalkIn(std::uint64_t minutes) {
    visit = VisitToday(ledger, minutes);
    visit.volunteer = "volunteer2";
    EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
    action = ActionFor(visit, v1::CHANNEL_APP);
  }
  Reason Send(const By& by, bool with_pin = false) {
    v1::ConfirmEntry confirm;
    confirm.set_action(chain::CanonicalBytes(action));
    if (with_pin) *confirm.mutable_pin() = PinFor(ledger, "elder", confirm.action());
    return ledger.Submit({by}, confirm);
  }
  Reason SendCard(const std::function<void(v1::PinProof&)>& edit) {
    action = ActionFor(visit, v1::CHANNEL_CARD);
    v1::ConfirmEntry confirm;
    confirm.set_action(chain::CanonicalBytes(action));
    *confirm.mutable_pin() = PinFor(ledger, "elder", confirm.action());
    edit(*confirm.mutable_pin());
    return ledger.Submit({kTerminal}, confirm);
  }
  void UseChannel(v1::Channel channel) {
    action = ActionFor(visit, channel);
    if (channel == v1::CHANNEL_CALLBACK) action.set_reference_commitment(std::string(32, 'r'));
    if (channel == v1::CHANNEL_PAPER) action.set_witness(PersonId("witness").str());
  }
  void LetProxyConfirm(std::uint32_t scope, std::uint64_t until_ms) {
    v1::SetProxy set;
    set.set_member(PersonId("elder").str());
    set.set_proxy(PersonId("proxy").str());
    set.set_scope(scope);
    set.set_until_ms(until_ms);
    ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  }
  std::uint32_t flags() { return EntryOf(ledger, visit).flags(); }
  TestLedger ledger;
  Visit visit;
  v1::ConfirmAction action;
};

TEST_F(Submitted, IsConfirmedByTheEldersOwnKeyWithoutAFlag) {
  ASSERT_EQ(Confirm(ledger, visit), kOk);
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_CONFIRMED);
  EXPECT_EQ(entry.channel(), v1::CHANNEL_APP);
  EXPECT_EQ(entry.confirmed_by(), PersonId("elder").str());
  EXPECT_EQ(entry.flags(), 0U);
  EXPECT_EQ(entry.due_ms(), entry.confirmed_ms() + 72 * kHourMs + 7 * kDayMs);
  EXPECT_EQ(ledger.lines()[0].postings_size(), 0);  // the order holds the minutes
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_WRONG_STATE);
}

TEST_F(Submitted, ActionNamesExactlyWhatIsConfirmed) {
  struct Case {
    const char* name;
    std::function<void(v1::ConfirmAction&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"no version", [](auto& a) { a.clear_version(); }, v1::REASON_MISSING_FIELD},
      {"version 2", [](auto& a) { a.set_version(2); }, v1::REASON_UNKNOWN_VERSION},
      {"no entry", [](auto& a) { a.clear_entry(); }, v1::REASON_MISSING_FIELD},
      {"no hash", [](auto& a) { a.clear_content_hash(); }, v1::REASON_MISSING_FIELD},
      {"no channel", [](auto& a) { a.clear_channel(); }, v1::REASON_MISSING_FIELD},
      {"card without pin", [](auto& a) { a.set_channel(v1::CHANNEL_CARD); },
       v1::REASON_MISSING_FIELD},
      {"paper without witness", [](auto& a) { a.set_channel(v1::CHANNEL_PAPER); },
       v1::REASON_MISSING_FIELD},
      {"call without reference", [](auto& a) { a.set_channel(v1::CHANNEL_CALLBACK); },
       v1::REASON_MISSING_FIELD},
      {"witness in person", [](auto& a) { a.set_witness(PersonId("witness").str()); },
       v1::REASON_BAD_FIELD},
      {"reference in person", [](auto& a) { a.set_reference_commitment(std::string(32, 'r')); },
       v1::REASON_BAD_FIELD},
      {"unknown entry", [](auto& a) { a.set_entry(std::string(16, 'x')); },
       v1::REASON_UNKNOWN_ENTRY},
      {"other content", [](auto& a) { a.set_content_hash(std::string(32, 'h')); },
       v1::REASON_CONTENT_MISMATCH},
      {"sound", [](auto&) {}, kOk},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    action = ActionFor(visit, v1::CHANNEL_APP);
    c.edit(action);
    EXPECT_EQ(Send({"elder"}), c.reason);
  }
}

TEST_F(Submitted, PinBelongsToCardsOnly) {
  EXPECT_EQ(Send({"elder"}, /*with_pin=*/true), v1::REASON_BAD_FIELD);
}

TEST_F(Submitted, EachChannelHasItsSigner) {
  struct Case {
    const char* name;
    v1::Channel channel;
    By by;
    Reason reason;
  };
  const Case cases[] = {
      {"app by another", v1::CHANNEL_APP, {"elder2"}, v1::REASON_F15_WRONG_SCOPE},
      {"app by a clerk", v1::CHANNEL_APP, kClerk, v1::REASON_F15_WRONG_SCOPE},
      {"proxy without grant", v1::CHANNEL_PROXY, kProxy, v1::REASON_F15_WRONG_SCOPE},
      {"card by a clerk", v1::CHANNEL_CARD, kClerk, v1::REASON_F15_WRONG_SCOPE},
      {"card elsewhere",
       v1::CHANNEL_CARD,
       {"terminal_street2", v1::ROLE_TERMINAL, "street2"},
       v1::REASON_F15_WRONG_SCOPE},
      {"call by a clerk", v1::CHANNEL_CALLBACK, kClerk, v1::REASON_F15_WRONG_SCOPE},
      {"call from elsewhere",
       v1::CHANNEL_CALLBACK,
       {"dispatcher_street2", v1::ROLE_DISPATCHER, "street2"},
       v1::REASON_F15_WRONG_SCOPE},
      {"paper by a dispatcher", v1::CHANNEL_PAPER, kDispatcher, v1::REASON_F15_WRONG_SCOPE},
      {"card", v1::CHANNEL_CARD, kTerminal, kOk},
      {"call-back", v1::CHANNEL_CALLBACK, kDispatcher, kOk},
      {"paper", v1::CHANNEL_PAPER, kClerk, kOk},
      {"paper by the district",
       v1::CHANNEL_PAPER,
       {"clerk_district", v1::ROLE_CLERK, "district"},
       kOk},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TestLedger before = ledger;
    UseChannel(c.channel);
    EXPECT_EQ(Send(c.by, c.channel == v1::CHANNEL_CARD), c.reason);
    if (c.reason == kOk) {
      EXPECT_EQ(flags(), std::uint32_t{v1::FLAG_R1_NOT_OWN_KEY});
      EXPECT_EQ(EntryOf(ledger, visit).channel(), c.channel);
    }
    ledger = before;
  }
}

TEST_F(Submitted, AProxySpeaksForTheElderWithinScopeAndTime) {
  UseChannel(v1::CHANNEL_PROXY);
  LetProxyConfirm(kProxyRedeem | kProxyOrder | kProxyView, ledger.now_ms() + kDayMs);
  EXPECT_EQ(Send(kProxy), v1::REASON_F15_WRONG_SCOPE);
  LetProxyConfirm(kProxyConfirm, ledger.now_ms() + kHourMs);
  const TestLedger before = ledger;
  ASSERT_EQ(Send(kProxy), kOk);
  EXPECT_EQ(flags(), 0U);
  EXPECT_EQ(EntryOf(ledger, visit).confirmed_by(), PersonId("proxy").str());
  ledger = before;
  ledger.Advance(kHourMs + 1);
  EXPECT_EQ(Send(kProxy), v1::REASON_F15_WRONG_SCOPE);
}

TEST_F(Submitted, AProxyWhoIsStaffOrKinOfTheVolunteerIsReviewed) {
  UseChannel(v1::CHANNEL_PROXY);
  LetProxyConfirm(kProxyConfirm, ledger.now_ms() + kDayMs);
  const TestLedger before = ledger;
  ledger.Overwrite<v1::Member>(PersonId("proxy"), [](v1::Member& proxy) {
    v1::Office* office = proxy.add_offices();
    office->set_org(testing::OrganisationId("town").str());
    office->set_role(v1::ROLE_CLERK);
  });
  ASSERT_EQ(Send(kProxy), kOk);
  EXPECT_EQ(flags(), std::uint32_t{v1::FLAG_R1_NOT_OWN_KEY});
  ledger = before;
  v1::RegisterKin kin;
  kin.set_member(PersonId("proxy").str());
  kin.set_relative(PersonId("volunteer").str());
  kin.set_kinship(v1::KINSHIP_SIBLING);
  kin.set_document_commitment(std::string(32, 'd'));
  ASSERT_EQ(ledger.Submit({{"lister_street", v1::ROLE_LISTER, "street"}}, kin), kOk);
  ASSERT_EQ(Send(kProxy), kOk);
  EXPECT_EQ(flags(), std::uint32_t{v1::FLAG_R1_NOT_OWN_KEY});
}

TEST_F(Submitted, F3KeepsTheVolunteerFromConfirmingOrWitnessing) {
  UseChannel(v1::CHANNEL_PROXY);
  EXPECT_EQ(Send({"volunteer", v1::ROLE_PROXY}), v1::REASON_F3_SEPARATION_OF_DUTIES);
  for (const char* party : {"volunteer", "elder"}) {
    UseChannel(v1::CHANNEL_PAPER);
    action.set_witness(PersonId(party).str());
    EXPECT_EQ(Send(kClerk), v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
  action.set_witness(PersonId("nobody").str());
  EXPECT_EQ(Send(kClerk), v1::REASON_UNKNOWN_MEMBER);
  for (const char* party : {"volunteer", "elder"}) {
    ledger.Overwrite<v1::Member>(PersonId(party), [](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(testing::OrganisationId("street").str());
      office->set_role(v1::ROLE_CLERK);
    });
    UseChannel(v1::CHANNEL_PAPER);
    EXPECT_EQ(Send({party, v1::ROLE_CLERK, "street"}), v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
  UseChannel(v1::CHANNEL_PAPER);
  ASSERT_EQ(Send(kClerk), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).witness(), PersonId("witness").str());
}

TEST_F(Submitted, PinStatementIsForThisCardThisActionAndTwoMinutes) {
  const auto restate = [&](const std::function<void(v1::PinStatement&)>& edit) {
    return [edit](v1::PinProof& pin) {
      v1::PinStatement statement;
      EXPECT_TRUE(statement.ParseFromString(pin.statement()));
      edit(statement);
      pin.set_statement(chain::CanonicalBytes(statement));
    };
  };
  const std::uint64_t now = ledger.now_ms();
  struct Case {
    const char* name;
    std::function<void(v1::PinProof&)> edit;
    Reason reason;
  };
  const Case cases[] = {
      {"no service", [](auto& p) { p.clear_service(); }, v1::REASON_MISSING_FIELD},
      {"no signature", [](auto& p) { p.clear_signature(); }, v1::REASON_MISSING_FIELD},
      {"not canonical", [](auto& p) { p.set_statement("x"); }, v1::REASON_UNKNOWN_FIELD},
      {"version 2", restate([](auto& s) { s.set_version(2); }), v1::REASON_BAD_PIN_STATEMENT},
      {"other card", restate([](auto& s) { s.set_card(PersonId("elder2").str()); }),
       v1::REASON_BAD_PIN_STATEMENT},
      {"other action", restate([](auto& s) { s.set_action_digest(std::string(32, 'a')); }),
       v1::REASON_BAD_PIN_STATEMENT},
      {"expired", restate([&](auto& s) { s.set_expiry_ms(now - 1); }),
       v1::REASON_BAD_PIN_STATEMENT},
      {"too far ahead", restate([&](auto& s) { s.set_expiry_ms(now + 125'001); }),
       v1::REASON_BAD_PIN_STATEMENT},
      {"unknown service", [](auto& p) { p.set_service(PersonId("nobody").str()); },
       v1::REASON_BAD_PIN_STATEMENT},
      {"no PIN service", [](auto& p) { p.set_service(PersonId("terminal_street").str()); },
       v1::REASON_BAD_PIN_STATEMENT},
      {"unknown key", [](auto& p) { p.set_key_id(std::string(8, 'k')); },
       v1::REASON_BAD_PIN_STATEMENT},
      {"service of another street",
       [&](auto& p) { p = PinFor(ledger, "elder", chain::CanonicalBytes(action), "pin_street2"); },
       v1::REASON_BAD_PIN_STATEMENT},
      {"as far ahead as clocks differ", restate([&](auto& s) { s.set_expiry_ms(now + 125'000); }),
       kOk},
      {"expires now", restate([&](auto& s) { s.set_expiry_ms(now); }), kOk},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TestLedger before = ledger;
    EXPECT_EQ(SendCard(c.edit), c.reason);
    ledger = before;
  }
}

TEST_F(Submitted, ARevokedPinServiceKeyStatesNothing) {
  ledger.Overwrite<v1::Member>(PersonId("pin_street"), [&](v1::Member& service) {
    service.mutable_keys(0)->set_revoked_ms(ledger.now_ms());
  });
  EXPECT_EQ(SendCard([](auto&) {}), v1::REASON_BAD_PIN_STATEMENT);
}

TEST_F(Submitted, ACardConfirmsTwoHoursADay) {
  const auto card_of = [&](std::uint64_t start_ms, std::uint64_t minutes) {
    visit = VisitToday(ledger, minutes);
    visit.volunteer = "volunteer2";
    visit.start_ms = start_ms;
    visit.end_ms = start_ms + minutes * kMinuteMs;
    EXPECT_EQ(SubmitVisit(ledger, visit), kOk);
    return SendCard([](auto&) {});
  };
  ASSERT_EQ(SendCard([](auto&) {}), kOk);  // 30 minutes
  // On another day of service: the day of the card's use counts.
  const std::uint64_t yesterday_ms = visit.start_ms - 20 * kHourMs;
  EXPECT_EQ(card_of(yesterday_ms, 91), v1::REASON_F5_CAP);
  EXPECT_EQ(card_of(yesterday_ms - 3 * kHourMs, 90), kOk);
  ledger.Advance(14 * kHourMs);  // a minute past midnight
  EXPECT_EQ(card_of(ledger.now_ms() - 8 * kHourMs, 120), kOk);
}

TEST_F(Submitted, WalkInHelpIsHeldAtConfirmation) {
  WalkIn(46);
  ASSERT_EQ(Confirm(ledger, visit), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"EARNED:elder -46", "HELD:elder 46"}));
}

TEST_F(Submitted, WalkInHelpNeedsTheMinutes) {
  WalkIn(46);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, -910);  // 45 left beside the order
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_F13_INSUFFICIENT);
  ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1);
  EXPECT_EQ(Confirm(ledger, visit), kOk);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_EARNED), 0);
}

TEST_F(Submitted, DebtBarsNewWalkInHelp) {
  WalkIn(30);
  ledger.Mint("elder", v1::ACCOUNT_KIND_DEBT, -1);
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_DEBT);
  ledger.Mint("elder", v1::ACCOUNT_KIND_DEBT, 1);
  EXPECT_EQ(Confirm(ledger, visit), kOk);
}

TEST_F(Submitted, AYoungKeyConfirmsAnOrderButSpendsNothing) {
  ledger.Overwrite<v1::Member>(PersonId("elder"), [&](v1::Member& elder) {
    elder.mutable_keys(0)->set_since_ms(ledger.now_ms() - kHourMs);
  });
  EXPECT_EQ(Confirm(ledger, visit), kOk);
  WalkIn(30);
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_F8_KEY_TOO_YOUNG);
  ledger.Advance(23 * kHourMs);
  EXPECT_EQ(Confirm(ledger, visit), kOk);
}

TEST_F(Submitted, IsConfirmedWithinADayAndTwo) {
  const std::uint64_t due_ms = EntryOf(ledger, visit).due_ms();
  ledger.Advance(due_ms - ledger.now_ms() - 1);
  const TestLedger before = ledger;
  EXPECT_EQ(Confirm(ledger, visit), kOk);
  ledger = before;
  ledger.Advance(1);
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_DEADLINE_PASSED);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_EXPIRED);
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_DEADLINE_PASSED);
}

// Admission asks before any sweep: the deadline is decided by the time of the block alone.
TEST_F(Submitted, ADeadlineIsDecidedAtUse) {
  v1::ConfirmEntry confirm;
  confirm.set_action(chain::CanonicalBytes(action));
  const Millis due(EntryOf(ledger, visit).due_ms());
  ledger.Advance(due.value() - ledger.now_ms());
  const std::string envelope = ledger.Envelope(ledger.Body({{"elder"}}, confirm));
  const auto parsed = chain::ParseEnvelope(AsBytes(envelope), ledger.state().chain_id());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(Judge(ledger.state(), Millis(due.value() - 1), *parsed), kOk);
  EXPECT_EQ(Judge(ledger.state(), due, *parsed), v1::REASON_DEADLINE_PASSED);
}

TEST_F(Submitted, AFrozenVolunteerIsNotConfirmed) {
  ledger.Overwrite<v1::Member>(PersonId("volunteer"), [](v1::Member& member) {
    member.set_status(v1::MEMBER_STATUS_FROZEN);
  });
  EXPECT_EQ(Confirm(ledger, visit), v1::REASON_F14_PARTY_BLOCKED);
}

}  // namespace
}  // namespace timebank::ledger
