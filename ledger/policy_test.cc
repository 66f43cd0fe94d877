#include "ledger/policy.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "base/prng.h"
#include "ledger/org_tree.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

constexpr v1::PolicyParameter kTolerance = v1::POLICY_PARAMETER_TOLERANCE_MINUTES;

void AddVersion(v1::Genesis& genesis, const char* org, std::uint64_t from_ms, std::int64_t value) {
  v1::GenesisPolicy& policy = *genesis.add_policies();
  policy.set_org(OrganisationId(org).str());
  policy.mutable_policy()->set_effective_from_ms(from_ms);
  v1::PolicyValue& added = *policy.mutable_policy()->add_values();
  added.set_parameter(kTolerance);
  added.set_value(value);
}

std::int64_t ToleranceOf(const TestLedger& ledger, const char* org, std::uint64_t at_ms) {
  Records records(ledger.state());
  return Policy::Of(records, OrganisationId(org), Millis(at_ms)).Get(kTolerance);
}

TEST(Policy, NearestOrganisationFirstThenLatestThenDefault) {
  const TestLedger ledger([](v1::Genesis& genesis) {
    AddVersion(genesis, "district", 100, 20);
    AddVersion(genesis, "street", 200, 30);
    AddVersion(genesis, "street", 300, 40);
    AddVersion(genesis, "street", 250, 35);  // later sequence, earlier in force
    AddVersion(genesis, "street", 300, 45);  // same moment, later sequence
  });
  struct Case {
    const char* org;
    std::uint64_t at_ms;
    std::int64_t expected;
  };
  for (const Case& c :
       {Case{"community", 99, 15}, Case{"community", 100, 20}, Case{"community", 199, 20},
        Case{"community", 200, 30}, Case{"community", 249, 30}, Case{"community", 250, 35},
        Case{"community", 299, 35}, Case{"community", 300, 45}, Case{"street", 300, 45},
        Case{"district", 300, 20}, Case{"community3", 300, 20}, Case{"town", 300, 15},
        Case{"unknown", 300, 15}}) {
    SCOPED_TRACE(c.org);
    SCOPED_TRACE(c.at_ms);
    EXPECT_EQ(ToleranceOf(ledger, c.org, c.at_ms), c.expected);
  }
}

// Whatever order they are set in: each moment is as if all versions were looked through.
TEST(Policy, VersionsStandInTheOrderInWhichTheyTakeEffect) {
  const TestLedger ledger;
  Records records(ledger.state());
  const OrgId org = OrganisationId("street");
  struct Set {
    std::uint64_t from_ms;
    std::uint32_t parameter;
    std::int64_t value;
  };
  Prng random(5);
  std::vector<Set> sets;
  for (std::int64_t i = 0; i < 16; ++i) {
    sets.push_back(
        {100 + random.Below(8), 1 + static_cast<std::uint32_t>(random.Below(4)), 20 + i});
    v1::PolicyVersion version;
    version.set_effective_from_ms(sets.back().from_ms);
    v1::PolicyValue& value = *version.add_values();
    value.set_parameter(sets.back().parameter);
    value.set_value(sets.back().value);
    AddVersion(records, org, version);
    for (std::uint64_t at_ms = 99; at_ms < 109; ++at_ms) {
      const Policy policy = Policy::Of(records, OrganisationId("community"), Millis(at_ms));
      for (std::uint32_t parameter = 1; parameter <= 4; ++parameter) {
        std::int64_t expected = FindParameter(parameter)->standard;
        std::uint64_t latest = 0;
        for (const Set& set : sets) {
          if (set.parameter != parameter || set.from_ms > at_ms || set.from_ms < latest) continue;
          latest = set.from_ms;
          expected = set.value;
        }
        EXPECT_EQ(policy.Get(static_cast<v1::PolicyParameter>(parameter)), expected)
            << i << " " << at_ms << " " << parameter;
      }
    }
  }
  EXPECT_EQ(records.Find<v1::Organisation>(org)->policy_versions(), 16U);
}

TEST(Policy, DefaultsBowToTheBoundsOfGenesis) {
  for (const auto& [min, max, expected] :
       {std::tuple{20, 30, 20}, std::tuple{0, 10, 10}, std::tuple{0, 20, 15}}) {
    const TestLedger ledger([lo = min, hi = max](v1::Genesis& genesis) {
      v1::ParameterBound& bound = *genesis.add_bounds();
      bound.set_parameter(kTolerance);
      bound.set_min(lo);
      bound.set_max(hi);
    });
    EXPECT_EQ(ToleranceOf(ledger, "community", 1), expected);
  }
}

TEST(Policy, ALaterVersionKeepsWhatItDoesNotName) {
  TestLedger ledger([](v1::Genesis& genesis) {
    AddVersion(genesis, "street", 100, 30);
    v1::GenesisPolicy& policy = *genesis.add_policies();
    policy.set_org(OrganisationId("street").str());
    policy.mutable_policy()->set_effective_from_ms(200);
    v1::PolicyValue& weight = *policy.mutable_policy()->add_values();
    weight.set_parameter(1'000 + v1::CATEGORY_BATHING_HELP);
    weight.set_value(1'250);
  });
  EXPECT_EQ(ToleranceOf(ledger, "community", 200), 30);
  Records records(ledger.state());
  const Policy policy = Policy::Of(records, OrganisationId("community"), Millis(200));
  EXPECT_EQ(policy.Weight(v1::CATEGORY_BATHING_HELP), 1'250);
  EXPECT_EQ(policy.Weight(v1::CATEGORY_CLEANING), 1'000);
}

TEST(Policy, KnowsTheCategoriesOfTheSchemaAndThoseWithAWeight) {
  TestLedger ledger([](v1::Genesis& genesis) {
    v1::GenesisPolicy& policy = *genesis.add_policies();
    policy.set_org(OrganisationId("street").str());
    policy.mutable_policy()->set_effective_from_ms(200);
    for (const std::uint32_t category : {100U, 65'535U}) {
      v1::PolicyValue& weight = *policy.mutable_policy()->add_values();
      weight.set_parameter(1'000 + category);
      weight.set_value(1'100);
    }
  });
  Records records(ledger.state());
  const auto knows = [&](const char* org, std::uint64_t at_ms, int category) {
    return Policy::Of(records, OrganisationId(org), Millis(at_ms)).Knows(v1::Category{category});
  };
  for (int category = v1::CATEGORY_COMPANIONSHIP; category <= v1::CATEGORY_HAIRCUT; ++category) {
    EXPECT_TRUE(knows("community", 100, category)) << category;
  }
  for (const int category : {100, 65'535}) {
    EXPECT_TRUE(knows("community", 200, category));
    EXPECT_FALSE(knows("community", 199, category));
    EXPECT_FALSE(knows("district", 200, category));
  }
  for (const int category : {0, 11, 99, 101, 65'536, -1}) {
    EXPECT_FALSE(knows("community", 200, category)) << category;
  }
  const Policy policy = Policy::Of(records, OrganisationId("community"), Millis(200));
  EXPECT_EQ(policy.Weight(v1::Category{100}), 1'100);
}

TEST(Parameters, EveryOneOfTheSchemaHasARow) {
  const auto* schema = v1::PolicyParameter_descriptor();
  std::set<std::string_view> names;
  for (int i = 0; i < schema->value_count(); ++i) {
    const int number = schema->value(i)->number();
    if (number == 0) continue;
    const bool is_base = number == v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE;
    const ParameterInfo* info =
        FindParameter(static_cast<std::uint32_t>(is_base ? number + 1 : number));
    ASSERT_NE(info, nullptr) << schema->value(i)->name();
    EXPECT_TRUE(
        schema->value(i)->name().starts_with("POLICY_PARAMETER_" + std::string(info->name)));
    EXPECT_TRUE(names.insert(info->name).second);
  }
  EXPECT_EQ(names.size(), Parameters().size());
}

TEST(Parameters, DefaultsOfTheRuleBook) {
  const TestLedger ledger;
  Records records(ledger.state());
  const Policy policy = Policy::Of(records, OrganisationId("community"), ledger.now());
  EXPECT_EQ(policy.Get(v1::POLICY_PARAMETER_ENTRY_MIN_MINUTES), 15);
  EXPECT_EQ(policy.Get(v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES), 240);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_LATE_LIMIT_MS), 30 * kDayMs);
  EXPECT_EQ(policy.Get(v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES), 2'400);
  EXPECT_EQ(policy.Get(v1::POLICY_PARAMETER_EARNED_CAP_MINUTES), 90'000);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_COOLING_MS), 72 * kHourMs);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_FIRST_COOLING_MS), 7 * kDayMs);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_KEY_AGE_MS), kDayMs);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_VALIDITY_MS), kHourMs);
  EXPECT_EQ(policy.Ms(v1::POLICY_PARAMETER_ENTRY_VALIDITY_MS), 7 * kDayMs);
  EXPECT_TRUE(policy.Enabled(v1::POLICY_PARAMETER_GOODS_ENABLED));
  EXPECT_FALSE(policy.Enabled(v1::POLICY_PARAMETER_FRIEND_TRANSFER_ENABLED));
}

TEST(OrgTree, Walks) {
  const TestLedger ledger;
  Records records(ledger.state());
  const OrgId community = OrganisationId("community");
  const OrgId district = OrganisationId("district");
  EXPECT_EQ(ParentOf(records, community), OrganisationId("street"));
  EXPECT_TRUE(ParentOf(records, district).IsZero());
  EXPECT_EQ(ParentOrRoot(records, district), district);
  EXPECT_EQ(DistrictOf(records, community), district);
  EXPECT_EQ(DistrictOf(records, district), district);
  EXPECT_EQ(DepthOf(records, community), 3);
  EXPECT_EQ(DepthOf(records, OrganisationId("unknown")), 0);
  EXPECT_TRUE(IsAncestor(records, district, community));
  EXPECT_TRUE(IsAncestor(records, community, community));
  EXPECT_FALSE(IsAncestor(records, community, district));
  EXPECT_FALSE(IsAncestor(records, OrganisationId("street2"), community));
  EXPECT_FALSE(IsAncestor(records, OrganisationId("unknown"), OrganisationId("unknown")));
  EXPECT_FALSE(IsAncestor(records, OrgId{}, community));
  EXPECT_FALSE(IsProperAncestor(records, community, community));
  EXPECT_TRUE(IsProperAncestor(records, district, community));
}

}  // namespace
}  // namespace timebank::ledger::testing
