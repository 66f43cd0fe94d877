// Registration, keys, proxies and kin: each row that passes has a neighbour that fails.
#include <gtest/gtest.h>

#include "ledger/authority.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

const By kClerk{"clerk_street", v1::ROLE_CLERK, "street"};
const By kLister{"lister_street", v1::ROLE_LISTER, "street"};
const By kReviewer{"reviewer_street", v1::ROLE_REVIEWER, "street"};

v1::RegisterMember Registration(const TestLedger& ledger, std::string_view name,
                                std::string_view home) {
  v1::RegisterMember message;
  message.set_member(PersonId(name).str());
  message.set_home_org(OrganisationId(home).str());
  message.set_birth_year(1950);
  *message.add_keys() = ProvenKey(ledger.state().chain_id(), name, name);
  return message;
}

TEST(RegisterMember, ByAClerkOfAnAncestorOnce) {
  TestLedger ledger;
  const auto message = Registration(ledger, "new", "community");
  EXPECT_EQ(ledger.Submit({{"clerk_street2", v1::ROLE_CLERK, "street2"}}, message),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kLister}, message), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(ledger.Submit({kClerk}, message), kOk);
  const v1::Member member = ledger.member("new");
  EXPECT_EQ(member.status(), v1::MEMBER_STATUS_ACTIVE);
  EXPECT_EQ(member.created_ms(), ledger.state().time().value());
  ASSERT_EQ(member.keys_size(), 1);
  EXPECT_EQ(member.keys(0).since_ms(), ledger.state().time().value());
  EXPECT_EQ(ledger.Submit({{"clerk_district", v1::ROLE_CLERK, "district"}}, message), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_RECORDED);
  for (int field = 0; field < 3; ++field) {
    SCOPED_TRACE(field);
    auto other = message;
    if (field == 0) other.set_birth_year(1951);
    if (field == 1) other.set_home_org(OrganisationId("community2").str());
    if (field == 2) other.clear_keys();
    EXPECT_EQ(ledger.Submit({kClerk}, other), v1::REASON_MEMBER_EXISTS);
  }
}

TEST(RegisterMember, EqualContentLooksAtTheKeysOfRegistrationOnly) {
  TestLedger ledger;
  const auto message = Registration(ledger, "new", "community");
  ASSERT_EQ(ledger.Submit({kClerk}, message), kOk);
  v1::AddKey add;
  add.set_member(message.member());
  *add.mutable_key() = ProvenKey(ledger.state().chain_id(), "new", "spare");
  ASSERT_EQ(ledger.Submit({{"new"}}, add), kOk);
  EXPECT_EQ(ledger.Submit({kClerk}, message), kOk);
}

TEST(RegisterMember, FormIsJudgedFirst) {
  struct Case {
    const char* name;
    std::function<void(v1::RegisterMember&)> edit;
    Reason expected;
  };
  const Case cases[] = {
      {"no id", [](auto& m) { m.clear_member(); }, v1::REASON_MISSING_FIELD},
      {"zero id", [](auto& m) { m.set_member(std::string(16, '\0')); }, v1::REASON_BAD_FIELD},
      {"no home", [](auto& m) { m.clear_home_org(); }, v1::REASON_MISSING_FIELD},
      {"unknown home", [](auto& m) { m.set_home_org(PersonId("elder").str()); },
       v1::REASON_UNKNOWN_ORGANISATION},
      {"born 1849", [](auto& m) { m.set_birth_year(1849); }, v1::REASON_BAD_FIELD},
      {"born next year", [](auto& m) { m.set_birth_year(2025); }, v1::REASON_BAD_FIELD},
      {"no proof", [](auto& m) { m.mutable_keys(0)->clear_proof(); }, v1::REASON_MISSING_FIELD},
      {"another suite", [](auto& m) { (*m.mutable_keys(0)->mutable_key())[0] = 2; },
       v1::REASON_BAD_FIELD},
      {"one key twice", [](auto& m) { *m.add_keys() = m.keys(0); }, v1::REASON_BAD_FIELD},
      {"born 1850", [](auto& m) { m.set_birth_year(1850); }, kOk},
      {"born this year",
       [](auto& m) {
         m.set_member(PersonId("another").str());
         m.set_birth_year(2024);
       },
       kOk},
      {"a device without keys",
       [](auto& m) {
         m.set_member(PersonId("device").str());
         m.clear_birth_year();
         m.clear_keys();
       },
       kOk},
  };
  TestLedger ledger;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto message = Registration(ledger, "new", "community");
    c.edit(message);
    EXPECT_EQ(ledger.Submit({kClerk}, message), c.expected);
  }
}

TEST(Keys, AreAddedByTheMemberAndNeverReused) {
  TestLedger ledger;
  v1::AddKey add;
  add.set_member(PersonId("elder").str());
  *add.mutable_key() = ProvenKey(ledger.state().chain_id(), "elder", "spare");
  EXPECT_EQ(ledger.Submit({{"elder2"}}, add), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(ledger.Submit({{"elder"}}, add), kOk);
  EXPECT_EQ(ledger.Submit({{"elder"}}, add), v1::REASON_KEY_EXISTS);
  v1::RevokeKey revoke;
  revoke.set_member(add.member());
  revoke.set_key_id(crypto::KeyIdOf(SecretKeyOf("spare").public_key()).str());
  ASSERT_EQ(ledger.Submit({{"elder"}}, revoke), kOk);
  EXPECT_NE(ledger.member("elder").keys(1).revoked_ms(), 0U);
  EXPECT_EQ(ledger.Submit({{"elder"}}, revoke), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_DONE);
  EXPECT_EQ(ledger.Submit({{"elder"}}, add), v1::REASON_KEY_EXISTS);
  revoke.set_key_id(std::string(8, 'x'));
  EXPECT_EQ(ledger.Submit({{"elder"}}, revoke), v1::REASON_UNKNOWN_KEY);
  revoke.set_key_id(crypto::KeyIdOf(SecretKeyOf("elder").public_key()).str());
  EXPECT_EQ(ledger.Submit({{"elder"}}, revoke), kOk) << "the last one too";
}

TEST(Keys, AtMostSixtyFour) {
  TestLedger ledger;
  v1::AddKey add;
  add.set_member(PersonId("elder").str());
  for (int i = 1; i < 64; ++i) {
    *add.mutable_key() = ProvenKey(ledger.state().chain_id(), "elder", "spare" + std::to_string(i));
    ASSERT_EQ(ledger.Submit({{"elder"}}, add), kOk);
  }
  *add.mutable_key() = ProvenKey(ledger.state().chain_id(), "elder", "one too many");
  EXPECT_EQ(ledger.Submit({{"elder"}}, add), v1::REASON_F5_CAP);
}

v1::SetProxy ProxyGrant(const TestLedger& ledger, std::string_view proxy, std::uint32_t scope) {
  v1::SetProxy message;
  message.set_member(PersonId("elder").str());
  message.set_proxy(PersonId(proxy).str());
  message.set_scope(scope);
  if (scope != 0) message.set_until_ms(ledger.now_ms() + kDayMs);
  return message;
}

TEST(SetProxy, ByTheMemberOrAReviewerAbove) {
  TestLedger ledger;
  auto message = ProxyGrant(ledger, "proxy", kProxyConfirm);
  EXPECT_EQ(ledger.Submit({{"proxy"}}, message), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"elder"}}, message), kOk);
  EXPECT_EQ(ledger.Submit({kReviewer}, message), v1::REASON_MISSING_FIELD);
  message.set_document_commitment(std::string(32, 'd'));
  EXPECT_EQ(ledger.Submit({kReviewer}, message), kOk);
  EXPECT_EQ(ledger.Submit({kLister}, message), v1::REASON_F15_WRONG_SCOPE);
  auto own_cause = ProxyGrant(ledger, "reviewer_street", kProxyConfirm);
  own_cause.set_document_commitment(std::string(32, 'd'));
  EXPECT_EQ(ledger.Submit({kReviewer}, own_cause), v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.member("elder").proxies_size(), 1);
}

TEST(SetProxy, GrantsReplacesAndRevokes) {
  TestLedger ledger;
  ASSERT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "proxy", kProxyConfirm)), kOk);
  ASSERT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "proxy", kProxyRedeem)), kOk);
  ASSERT_EQ(ledger.member("elder").proxies_size(), 1);
  EXPECT_EQ(ledger.member("elder").proxies(0).scope(), kProxyRedeem);
  ASSERT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "proxy", 0)), kOk);
  EXPECT_TRUE(ledger.member("elder").proxies().empty());
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "proxy", 0)), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_DONE);
}

TEST(SetProxy, BoundsAndParties) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "proxy", 16)), v1::REASON_BAD_FIELD);
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "elder", 1)),
            v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "nobody", 1)), v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "merchant_shop", 1)),
            v1::REASON_F12_MERCHANT_AS_PROXY);
  EXPECT_EQ(ledger.Submit({{"elder"}}, ProxyGrant(ledger, "cashier_shop", 1)),
            v1::REASON_F12_MERCHANT_AS_PROXY);
  auto over = ProxyGrant(ledger, "proxy", 15);
  over.set_until_ms(ledger.now_ms());
  EXPECT_EQ(ledger.Submit({{"elder"}}, over), v1::REASON_BAD_FIELD);
  over.set_until_ms(ledger.now_ms() + 1);
  EXPECT_EQ(ledger.Submit({{"elder"}}, over), kOk);
  over.clear_until_ms();
  EXPECT_EQ(ledger.Submit({{"elder"}}, over), v1::REASON_MISSING_FIELD);
}

TEST(SetProxy, EndsToTheMillisecond) {
  TestLedger ledger;
  const auto message = ProxyGrant(ledger, "proxy", kProxyConfirm | kProxyOrder);
  ASSERT_EQ(ledger.Submit({{"elder"}}, message), kOk);
  const auto may_act = [&](std::uint64_t at_ms, std::uint32_t scope) {
    Records records(ledger.state());
    const BlockFacts facts{ledger.state().height(), Millis(at_ms), &ledger.state().chain()};
    const TxContext tx(records, facts);
    return IsProxyFor(tx, ledger.member("elder"), PersonId("proxy"), scope);
  };
  EXPECT_TRUE(may_act(message.until_ms(), kProxyConfirm));
  EXPECT_FALSE(may_act(message.until_ms() + 1, kProxyConfirm));
  EXPECT_TRUE(may_act(message.until_ms(), kProxyConfirm | kProxyOrder));
  EXPECT_FALSE(may_act(message.until_ms(), kProxyRedeem));
}

v1::RegisterKin Kin(std::string_view member, std::string_view relative, v1::Kinship kinship) {
  v1::RegisterKin message;
  message.set_member(PersonId(member).str());
  message.set_relative(PersonId(relative).str());
  message.set_kinship(kinship);
  return message;
}

TEST(RegisterKin, KeepsBothDirections) {
  struct Case {
    v1::Kinship kinship;
    v1::Kinship inverse;
  };
  for (const Case& c :
       {Case{v1::KINSHIP_SPOUSE, v1::KINSHIP_SPOUSE}, Case{v1::KINSHIP_PARENT, v1::KINSHIP_CHILD},
        Case{v1::KINSHIP_CHILD, v1::KINSHIP_PARENT}, Case{v1::KINSHIP_SIBLING, v1::KINSHIP_SIBLING},
        Case{v1::KINSHIP_GRANDPARENT, v1::KINSHIP_GRANDCHILD},
        Case{v1::KINSHIP_GRANDCHILD, v1::KINSHIP_GRANDPARENT}}) {
    SCOPED_TRACE(c.kinship);
    TestLedger ledger;
    ASSERT_EQ(ledger.Submit({kLister}, Kin("elder", "kin", c.kinship)), kOk);
    EXPECT_EQ(ledger.member("elder").kin(0).kinship(), c.kinship);
    EXPECT_EQ(ledger.member("kin").kin(0).kinship(), c.inverse);
    EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "kin", c.kinship)), kOk);
    EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_RECORDED);
    EXPECT_EQ(ledger.Submit({kLister}, Kin("kin", "elder", c.inverse)), kOk);
    EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_RECORDED);
  }
}

TEST(RegisterKin, ByAListerWhoIsNoParty) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({{"elder"}}, Kin("elder", "kin", v1::KINSHIP_CHILD)),
            v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({kClerk}, Kin("elder", "kin", v1::KINSHIP_CHILD)),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"lister_street2", v1::ROLE_LISTER, "street2"}},
                          Kin("elder", "elder3", v1::KINSHIP_SIBLING)),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "elder3", v1::KINSHIP_SIBLING)), kOk);
  EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "elder", v1::KINSHIP_SIBLING)),
            v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "nobody", v1::KINSHIP_SIBLING)),
            v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "kin", v1::KINSHIP_UNSPECIFIED)),
            v1::REASON_MISSING_FIELD);
  ASSERT_EQ(ledger.Submit({kLister}, Kin("elder", "kin", v1::KINSHIP_CHILD)), kOk);
  EXPECT_EQ(ledger.Submit({kLister}, Kin("elder", "kin", v1::KINSHIP_SIBLING)),
            v1::REASON_CONFLICT);
}

}  // namespace
}  // namespace timebank::ledger::testing
