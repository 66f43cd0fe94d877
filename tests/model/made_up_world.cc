// Genesis of the generator's world.
#include "base/civil.h"
#include "tests/model/generator.h"

namespace timebank::model {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kCivilOffsetMinutes = 480;

Time GenesisTime() {
  return FromCivil({.year = 2020, .month = 7, .day = 28}, kCivilOffsetMinutes)->value();
}

struct OfficeSeed {
  const char* person;
  v1::Role role;
  const char* org;
};

// Officers, two of each kind where two must sign or one may be a party.
constexpr OfficeSeed kOffices[] = {
    {"reg1", v1::ROLE_REGULATOR, "d1"},   {"reg2", v1::ROLE_REGULATOR, "d1"},
    {"fin1", v1::ROLE_FINANCE, "d1"},     {"reg3", v1::ROLE_REGULATOR, "d2"},
    {"fin2", v1::ROLE_FINANCE, "d2"},     {"sreg", v1::ROLE_REGULATOR, "s1"},
    {"drev", v1::ROLE_REVIEWER, "d1"},    {"srev1", v1::ROLE_REVIEWER, "s1"},
    {"srev2", v1::ROLE_REVIEWER, "s1"},   {"srev3", v1::ROLE_REVIEWER, "s2"},
    {"sapp", v1::ROLE_APPROVER, "s1"},    {"app1", v1::ROLE_APPROVER, "c1"},
    {"app2", v1::ROLE_APPROVER, "c1"},    {"app3", v1::ROLE_APPROVER, "c2"},
    {"app4", v1::ROLE_APPROVER, "c3"},    {"app5", v1::ROLE_APPROVER, "c4"},
    {"srev4", v1::ROLE_REVIEWER, "s3"},   {"list1", v1::ROLE_LISTER, "s1"},
    {"list2", v1::ROLE_LISTER, "s3"},     {"ass1", v1::ROLE_ASSESSOR, "clinic"},
    {"clerk1", v1::ROLE_CLERK, "s1"},     {"clerk2", v1::ROLE_CLERK, "c1"},
    {"clerk3", v1::ROLE_CLERK, "d1"},     {"clerk4", v1::ROLE_CLERK, "d2"},
    {"disp1", v1::ROLE_DISPATCHER, "s1"}, {"disp2", v1::ROLE_DISPATCHER, "d2"},
    {"term1", v1::ROLE_TERMINAL, "c1"},   {"term2", v1::ROLE_TERMINAL, "s1"},
    {"pin1", v1::ROLE_PIN_SERVICE, "s1"}, {"pin2", v1::ROLE_PIN_SERVICE, "d2"},
    {"mer1", v1::ROLE_MERCHANT, "shop"},  {"cash1", v1::ROLE_CASHIER, "shop"},
    {"app1", v1::ROLE_CLERK, "c1"},       {"both", v1::ROLE_REGULATOR, "d1"},
    {"both", v1::ROLE_FINANCE, "d1"},
};

}  // namespace

MadeUpWorld::MadeUpWorld(Prng& random) : cast(GenesisTime()) {
  const auto org = [&](const char* name, v1::OrganisationKind kind, const char* parent) {
    cast.AddOrg(name, kind, parent);
    orgs.push_back(name);
  };
  org("d1", v1::ORGANISATION_KIND_DISTRICT, "");
  org("s1", v1::ORGANISATION_KIND_STREET, "d1");
  org("c1", v1::ORGANISATION_KIND_COMMUNITY, "s1");
  org("c2", v1::ORGANISATION_KIND_COMMUNITY, "s1");
  org("s2", v1::ORGANISATION_KIND_STREET, "d1");
  org("c3", v1::ORGANISATION_KIND_COMMUNITY, "s2");
  org("d2", v1::ORGANISATION_KIND_DISTRICT, "");
  org("s3", v1::ORGANISATION_KIND_STREET, "d2");
  org("c4", v1::ORGANISATION_KIND_COMMUNITY, "s3");
  org("shop", v1::ORGANISATION_KIND_PROVIDER, "s1");
  org("clinic", v1::ORGANISATION_KIND_ASSESSOR, "");
  for (auto& record : *cast.genesis().mutable_organisations()) {
    if (record.parent().empty()) record.set_budget_minutes(random.Between(10'000, 60'000));
  }
  const auto person = [&](const std::string& name, const std::string& home, std::uint32_t born) {
    auto& member = cast.AddMember(name, home, born);
    people.push_back(name);
    // Half of them are no newcomers any more.
    if (random.Chance(1, 2)) {
      member.set_created_ms(cast.genesis().genesis_ms() - static_cast<Time>(60 * kDayMs));
    }
    if (random.Chance(1, 60)) member.set_status(v1::MEMBER_STATUS_FROZEN);
  };
  const std::vector<std::string> homes = {"c1", "c1", "c1", "c2", "c3", "c4"};
  const std::vector<std::uint32_t> births = {1930, 1940, 1950, 1959, 1960, 1961, 1970, 2002, 2003};
  for (int i = 0; i < 18; ++i) {
    person("m" + std::to_string(i), homes[random.Below(homes.size())],
           births[random.Below(births.size())]);
  }
  for (const OfficeSeed& office : kOffices) {
    const bool known = !cast.OfficesOf(office.person).empty();
    const std::string at = office.org;
    const bool community = at.front() == 'c' && at != "clinic";
    if (!known) person(office.person, community ? at : "c1", 1955);
    cast.AddOffice(office.person, office.role, office.org);
  }
  DrawPolicies(random);
}

// Each world has some low caps and short terms, so that every rule comes into play within days.
void MadeUpWorld::DrawPolicies(Prng& random) {
  struct Range {
    v1::PolicyParameter parameter;
    std::int64_t low;
    std::int64_t high;
  };
  static const std::vector<Range> kRanges = {
      {v1::POLICY_PARAMETER_TOLERANCE_MINUTES, 0, 30},
      {v1::POLICY_PARAMETER_VOLUNTEER_DAY_MINUTES, 120, 480},
      {v1::POLICY_PARAMETER_VOLUNTEER_MONTH_MINUTES, 300, 2'400},
      {v1::POLICY_PARAMETER_ELDER_DAY_MINUTES, 120, 480},
      {v1::POLICY_PARAMETER_CARD_DAY_MINUTES, 30, 120},
      {v1::POLICY_PARAMETER_EARNED_CAP_MINUTES, 100, 400},
      {v1::POLICY_PARAMETER_KIN_TRANSFER_YEAR_MINUTES, 50, 200},
      {v1::POLICY_PARAMETER_GOODS_YEAR_PER_MILLE, 100, 900},
      {v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES, 100, 900},
      {v1::POLICY_PARAMETER_FIRST_COOLING_ENTRIES, 1, 4},
      {v1::POLICY_PARAMETER_FIRST_COOLING_MS, kDayMs, 7 * kDayMs},
      {v1::POLICY_PARAMETER_COOLING_MS, kDayMs, 3 * kDayMs},
      {v1::POLICY_PARAMETER_APPROVALS_DAY_WITHOUT_OWN_KEY, 2, 8},
      {v1::POLICY_PARAMETER_APPROVALS_HOUR_WITH_OWN_KEY, 2, 8},
      {v1::POLICY_PARAMETER_VOLUNTEERS_AT_ONCE, 1, 3},
      {v1::POLICY_PARAMETER_REVIEW_DEADLINE_MS, kDayMs, 7 * kDayMs},
      {v1::POLICY_PARAMETER_NEW_VOLUNTEER_MS, 10 * kDayMs, 50 * kDayMs},
      {v1::POLICY_PARAMETER_CORRECTION_WINDOW_MS, 3 * kDayMs, 30 * kDayMs},
      {static_cast<v1::PolicyParameter>(1'100), 1'000, 1'500}};  // category 100 exists
  for (const std::string name : {"d1", "d2", "c2"}) {
    auto* genesis = cast.genesis().add_policies();
    genesis->set_org(Cast::OrgId(name));
    genesis->mutable_policy()->set_version(1);
    genesis->mutable_policy()->set_effective_from_ms(cast.genesis().genesis_ms());
    for (const Range& range : kRanges) {
      if (random.Chance(1, 3)) continue;
      auto* value = genesis->mutable_policy()->add_values();
      value->set_parameter(static_cast<std::uint32_t>(range.parameter));
      value->set_value(random.Between(range.low, range.high));
    }
    auto* values = genesis->mutable_policy()->mutable_values();
    std::sort(values->begin(), values->end(),
              [](const auto& a, const auto& b) { return a.parameter() < b.parameter(); });
  }
  for (const auto& [parameter, low, high] :
       {Range{v1::POLICY_PARAMETER_COOLING_MS, kDayMs, 30 * kDayMs},
        Range{v1::POLICY_PARAMETER_POLICY_NOTICE_MS, kHourMs, 30 * kDayMs}}) {
    auto* bound = cast.genesis().add_bounds();
    bound->set_parameter(static_cast<std::uint32_t>(parameter));
    bound->set_min(low);
    bound->set_max(high);
  }
}

}  // namespace timebank::model
