// The state at height 0: what a genesis may say, what it may not, and what comes of it.
#include <gtest/gtest.h>

#include <span>

#include "chain/canonical.h"
#include "ledger/state.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

constexpr std::uint64_t kGenesisMs = 1'600'000'000'000;

v1::Genesis Small() {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(kGenesisMs);
  genesis.set_civil_offset_minutes(480);
  genesis.add_validators()->set_key(crypto::SuitedKey(SecretKeyOf("validator").public_key()));
  for (const char* name : {"district", "street"}) {
    v1::Organisation& organisation = *genesis.add_organisations();
    organisation.set_org(OrganisationId(name).str());
    organisation.set_kind(v1::ORGANISATION_KIND_DISTRICT);
    organisation.set_name(name);
  }
  genesis.mutable_organisations(1)->set_parent(genesis.organisations(0).org());
  genesis.add_council(genesis.organisations(0).org());
  genesis.set_council_threshold(1);
  v1::Member& member = *genesis.add_members();
  member.set_member(PersonId("clerk").str());
  member.set_home_org(genesis.organisations(0).org());
  const crypto::PublicKey key = SecretKeyOf("clerk").public_key();
  v1::MemberKey& record = *member.add_keys();
  record.set_key_id(crypto::KeyIdOf(key).str());
  record.set_key(crypto::SuitedKey(key));
  return genesis;
}

Expected<State, GenesisFault> StateOf(const v1::Genesis& genesis) {
  const auto parsed = chain::ParseGenesis(AsBytes(chain::CanonicalBytes(genesis)));
  EXPECT_TRUE(parsed.has_value());
  return State::FromGenesis(*parsed);
}

void AddOffice(v1::Genesis& genesis, int org, v1::Role role) {
  v1::Office& office = *genesis.mutable_members(0)->add_offices();
  office.set_org(genesis.organisations(org).org());
  office.set_role(role);
}

void AddBound(v1::Genesis& genesis, std::uint32_t parameter, std::int64_t min, std::int64_t max) {
  v1::ParameterBound& bound = *genesis.add_bounds();
  bound.set_parameter(parameter);
  bound.set_min(min);
  bound.set_max(max);
}

void AddPolicy(v1::Genesis& genesis, const std::string& org, std::int64_t tolerance) {
  v1::GenesisPolicy& policy = *genesis.add_policies();
  policy.set_org(org);
  v1::PolicyValue& value = *policy.mutable_policy()->add_values();
  value.set_parameter(v1::POLICY_PARAMETER_TOLERANCE_MINUTES);
  value.set_value(tolerance);
}

TEST(Genesis, IsStampedWithItsTime) {
  v1::Genesis genesis = Small();
  AddOffice(genesis, 1, v1::ROLE_CLERK);
  AddOffice(genesis, 1, v1::ROLE_APPROVER);
  AddPolicy(genesis, genesis.organisations(0).org(), 20);
  const auto state = StateOf(genesis);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->height(), Height(0));
  EXPECT_EQ(state->time(), Millis(kGenesisMs));
  EXPECT_EQ(state->next_due(), std::nullopt);
  EXPECT_EQ(state->chain().log_size(), 0U);
  const auto member = state->Find<v1::Member>(PersonId("clerk"));
  EXPECT_EQ(member->version(), 1U);
  EXPECT_EQ(member->status(), v1::MEMBER_STATUS_ACTIVE);
  EXPECT_EQ(member->created_ms(), kGenesisMs);
  EXPECT_EQ(member->keys(0).since_ms(), kGenesisMs);
  EXPECT_EQ(member->offices(0).role(), v1::ROLE_APPROVER) << "ascending by role";
  EXPECT_EQ(member->offices(1).since_ms(), kGenesisMs);
  const auto district = state->Find<v1::Organisation>(OrganisationId("district"));
  EXPECT_EQ(district->policy_versions(), 1U);
  EXPECT_TRUE(state->Find<v1::PolicyVersion>({OrganisationId("district"), 1}).has_value());
  EXPECT_EQ(state->Find<v1::ValidatorSetRecord>(Epoch(0))->validators_size(), 1);
}

TEST(Genesis, EqualOnesGiveEqualRoots) {
  EXPECT_EQ(StateOf(Small())->root(), StateOf(Small())->root());
  v1::Genesis other = Small();
  other.mutable_organisations(0)->set_name("another");
  EXPECT_NE(StateOf(other)->root(), StateOf(Small())->root());
}

struct Case {
  const char* name;
  std::function<void(v1::Genesis&)> edit;
  std::optional<GenesisFault> expected;
};
using F = GenesisFault;

void CheckCases(std::span<const Case> cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    v1::Genesis genesis = Small();
    c.edit(genesis);
    const auto state = StateOf(genesis);
    EXPECT_EQ(state.has_value(), !c.expected.has_value());
    if (!state && c.expected) {
      EXPECT_EQ(state.error(), *c.expected);
      EXPECT_FALSE(Describe(state.error()).empty());
    }
  }
}

TEST(Genesis, Councils) {
  const Case cases[] = {
      {"threshold above council", [](auto& g) { g.set_council_threshold(2); }, F::kBadCouncil},
      {"council without threshold", [](auto& g) { g.clear_council_threshold(); }, F::kBadCouncil},
      {"two in the council",
       [](auto& g) {
         g.add_council(g.organisations(1).org());
         g.set_council_threshold(2);
       },
       std::nullopt},
      {"twice in the council", [](auto& g) { g.add_council(g.council(0)); }, F::kBadCouncil},
      {"unknown in the council", [](auto& g) { g.add_council(PersonId("clerk").str()); },
       F::kBadCouncil},
      {"no council",
       [](auto& g) {
         g.clear_council();
         g.clear_council_threshold();
       },
       F::kBadCouncil},
      {"no council, development",
       [](auto& g) {
         g.clear_council();
         g.clear_council_threshold();
         g.set_development(true);
       },
       std::nullopt},
  };
  CheckCases(cases);
}

TEST(Genesis, ChainBoundsAndPolicies) {
  const Case cases[] = {
      {"sound", [](auto&) {}, std::nullopt},
      {"no time", [](auto& g) { g.clear_genesis_ms(); }, F::kBadChain},
      {"offset of a day", [](auto& g) { g.set_civil_offset_minutes(-1'440); }, std::nullopt},
      {"offset beyond", [](auto& g) { g.set_civil_offset_minutes(1'441); }, F::kBadChain},
      {"narrower bounds", [](auto& g) { AddBound(g, 3, 10, 20); }, std::nullopt},
      {"wider bounds", [](auto& g) { AddBound(g, 3, 0, 241); }, F::kBadBounds},
      {"wider, development",
       [](auto& g) {
         AddBound(g, 3, 0, 241);
         g.set_development(true);
       },
       std::nullopt},
      {"empty bounds", [](auto& g) { AddBound(g, 3, 20, 19); }, F::kBadBounds},
      {"unknown parameter", [](auto& g) { AddBound(g, 57, 0, 1); }, F::kBadBounds},
      {"bounds twice",
       [](auto& g) {
         AddBound(g, 3, 0, 20);
         AddBound(g, 3, 0, 20);
       },
       F::kBadBounds},
      {"policy of nobody", [](auto& g) { AddPolicy(g, PersonId("clerk").str(), 20); },
       F::kBadPolicy},
      {"policy that inherits",
       [](auto& g) {
         AddPolicy(g, g.organisations(0).org(), 20);
         *g.mutable_policies(0)->mutable_policy()->add_inherited() =
             g.policies(0).policy().values(0);
       },
       F::kBadPolicy},
      {"policy in bounds", [](auto& g) { AddPolicy(g, g.organisations(0).org(), 240); },
       std::nullopt},
      {"policy out of bounds", [](auto& g) { AddPolicy(g, g.organisations(0).org(), 241); },
       F::kBadPolicy},
  };
  CheckCases(cases);
}

TEST(Genesis, Organisations) {
  const auto district = [](v1::Genesis& g) { return g.mutable_organisations(0); };
  const auto street = [](v1::Genesis& g) { return g.mutable_organisations(1); };
  const Case cases[] = {
      {"organisation without id", [&](auto& g) { street(g)->clear_org(); }, F::kBadOrganisation},
      {"without kind", [&](auto& g) { district(g)->clear_kind(); }, F::kBadOrganisation},
      {"twice", [&](auto& g) { street(g)->set_org(district(g)->org()); }, F::kBadOrganisation},
      {"its own parent", [&](auto& g) { district(g)->set_parent(district(g)->org()); },
       F::kBadOrganisation},
      {"threshold of an unknown kind",
       [&](auto& g) {
         district(g)->add_thresholds()->set_action(21);
         district(g)->mutable_thresholds(0)->set_persons(1);
       },
       F::kBadOrganisation},
      {"threshold of nobody", [&](auto& g) { district(g)->add_thresholds()->set_action(16); },
       F::kBadOrganisation},
      {"threshold of a kind that has none",
       [&](auto& g) {
         district(g)->add_thresholds()->set_action(25);
         district(g)->mutable_thresholds(0)->set_persons(1);
       },
       F::kBadOrganisation},
      {"threshold of sixteen",
       [&](auto& g) {
         district(g)->add_thresholds()->set_action(16);
         district(g)->mutable_thresholds(0)->set_persons(16);
       },
       std::nullopt},
      {"threshold of seventeen",
       [&](auto& g) {
         district(g)->add_thresholds()->set_action(16);
         district(g)->mutable_thresholds(0)->set_persons(17);
       },
       F::kBadOrganisation},
      {"created with the chain", [&](auto& g) { district(g)->set_created_ms(kGenesisMs); },
       std::nullopt},
      {"created later", [&](auto& g) { district(g)->set_created_ms(kGenesisMs + 1); },
       F::kBadOrganisation},
      {"negative budget", [&](auto& g) { district(g)->set_budget_minutes(-1); },
       F::kBadOrganisation},
  };
  CheckCases(cases);
}

TEST(Genesis, Members) {
  const auto member = [](v1::Genesis& g) { return g.mutable_members(0); };
  const Case cases[] = {
      {"member twice", [&](auto& g) { *g.add_members() = *member(g); }, F::kBadMember},
      {"without home", [&](auto& g) { member(g)->clear_home_org(); }, F::kBadMember},
      {"with minutes", [&](auto& g) { member(g)->add_balances()->set_amount(1); }, F::kBadMember},
      {"key id of another key",
       [&](auto& g) { member(g)->mutable_keys(0)->set_key_id("12345678"); }, F::kBadMember},
      {"key twice", [&](auto& g) { *member(g)->add_keys() = member(g)->keys(0); }, F::kBadMember},
      {"key of the future",
       [&](auto& g) { member(g)->mutable_keys(0)->set_since_ms(kGenesisMs + 1); }, F::kBadMember},
      {"key of the past",
       [&](auto& g) { member(g)->mutable_keys(0)->set_since_ms(kGenesisMs - 1); }, std::nullopt},
      {"created later", [&](auto& g) { member(g)->set_created_ms(kGenesisMs + 1); }, F::kBadMember},
      {"member is no office", [](auto& g) { AddOffice(g, 0, v1::ROLE_MEMBER); }, F::kBadMember},
      {"office twice",
       [](auto& g) {
         AddOffice(g, 0, v1::ROLE_CLERK);
         AddOffice(g, 0, v1::ROLE_CLERK);
       },
       F::kBadMember},
      {"roles that exclude each other",
       [](auto& g) {
         AddOffice(g, 0, v1::ROLE_APPROVER);
         AddOffice(g, 1, v1::ROLE_REVIEWER);
       },
       F::kBadMember},
  };
  CheckCases(cases);
}

TEST(StateLoader, RefusesWhatIsNoLedger) {
  const TestLedger ledger;
  StateLoader empty;
  EXPECT_FALSE(std::move(empty).Finish().has_value());
  for (const std::string& key : {std::string("\xFF one"), std::string(34, '\x03')}) {
    StateLoader loader;
    ledger.state().tree().ForEach([&](ByteView k, ByteView v) { loader.Add(k, v); });
    loader.Add(AsBytes(key), AsBytes("?"));
    EXPECT_FALSE(std::move(loader).Finish().has_value());
  }
  StateLoader damaged;
  ledger.state().tree().ForEach([&](ByteView k, ByteView v) { damaged.Add(k, v); });
  damaged.Add(KeyOf<v1::Member>(PersonId("elder")).view(), AsBytes("\xFF"));
  EXPECT_FALSE(std::move(damaged).Finish().has_value());
}

}  // namespace
}  // namespace timebank::ledger::testing
