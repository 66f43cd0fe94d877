#include "wallet-cli/demo/founding.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/sha256.h"

namespace timebank::cli {
namespace {

constexpr std::size_t kListMax = 500;

using Wave = std::vector<client::SignedTransaction>;
using Step = Expected<bool, std::string>;

Step PlayAll(Stage& stage, const Wave& wave, const std::string& what) {
  const auto results = stage.Play(wave);
  if (!results) return Unexpected{what + ": " + results.error()};
  for (const StageResult& result : *results) {
    if (!result.final) {
      return Unexpected{what + " was refused: " + v1::Reason_Name(result.reason)};
    }
  }
  return true;
}

client::SignedTransaction CreateOrg(const Stage& stage, const client::SignAs& regulator,
                                    const CastOrg& org, v1::OrganisationKind kind) {
  v1::TransactionBody body;
  v1::CreateOrganisation& create = *body.mutable_create_organisation();
  create.set_org(org.id.str());
  create.set_parent(org.parent.str());
  create.set_kind(kind);
  create.set_name(org.name);
  return stage.Sign({regulator}, body);
}

client::SignedTransaction Register(const Stage& stage, const client::SignAs& clerk,
                                   const Identity& person, int birth_year) {
  v1::TransactionBody body;
  v1::RegisterMember& message = *body.mutable_register_member();
  message.set_member(person.member.str());
  message.set_home_org(person.home.str());
  message.set_birth_year(static_cast<std::uint32_t>(birth_year));
  if (person.key) {
    *message.add_keys() = client::ProveKey(stage.chain_id(), person.member, *person.key);
  }
  return stage.Sign({clerk}, body);
}

client::SignedTransaction Appoint(const Stage& stage, const client::SignAs& regulator,
                                  const Identity& person) {
  v1::TransactionBody body;
  v1::AppointOfficer& message = *body.mutable_appoint_officer();
  message.set_org(person.offices.front().org.str());
  message.set_member(person.member.str());
  message.set_role(person.offices.front().role);
  return stage.Sign({regulator}, body);
}

// In genesis: officers of the district, and the council.
bool IsFounder(const Cast& cast, const Identity& person) {
  if (person.offices.empty()) return false;
  const Office& office = person.offices.front();
  return office.org == cast.district || office.role == v1::ROLE_COUNCIL;
}

client::SignAs DistrictRegulator(const Cast& cast) {
  return As(cast.Person("regulator-1"), v1::ROLE_REGULATOR, cast.district);
}

client::SignAs StreetRegulator(const Cast& cast, const CastOrg& street) {
  return As(cast.Person("regulator-" + street.code), v1::ROLE_REGULATOR, street.id);
}

// Streets, their regulators, communities, and the provider.
Step FoundOrganisations(Stage& stage, const Cast& cast) {
  constexpr int kOfficerBirthYear = 1985;
  const client::SignAs clerk = As(cast.Person("clerk-1"), v1::ROLE_CLERK, cast.district);
  Wave streets;
  Wave regulators;
  Wave offices;
  Wave communities;
  for (const auto& [name, street] : cast.streets) {
    const Identity& regulator = cast.Person("regulator-" + street.code);
    streets.push_back(
        CreateOrg(stage, DistrictRegulator(cast), street, v1::ORGANISATION_KIND_STREET));
    regulators.push_back(Register(stage, clerk, regulator, kOfficerBirthYear));
    offices.push_back(Appoint(stage, DistrictRegulator(cast), regulator));
  }
  streets.push_back(
      CreateOrg(stage, DistrictRegulator(cast), cast.provider, v1::ORGANISATION_KIND_PROVIDER));
  for (const auto& [name, street] : cast.streets) {
    for (const auto& [key, community] : cast.communities) {
      if (community.parent != street.id) continue;
      communities.push_back(CreateOrg(stage, StreetRegulator(cast, street), community,
                                      v1::ORGANISATION_KIND_COMMUNITY));
    }
  }
  if (auto step = PlayAll(stage, streets, "founding the streets"); !step) return step;
  if (auto step = PlayAll(stage, regulators, "registering regulators"); !step) return step;
  if (auto step = PlayAll(stage, offices, "appointing regulators"); !step) return step;
  return PlayAll(stage, communities, "founding the communities");
}

Step FoundStaff(Stage& stage, const Cast& cast) {
  constexpr int kStaffBirthYear = 1988;
  const client::SignAs clerk = As(cast.Person("clerk-1"), v1::ROLE_CLERK, cast.district);
  Wave people;
  Wave offices;
  for (const auto& [name, person] : cast.people) {
    if (person.offices.empty() || IsFounder(cast, person)) continue;
    const OrgId& org = person.offices.front().org;
    client::SignAs regulator = DistrictRegulator(cast);
    for (const auto& [key, community] : cast.communities) {
      if (community.id != org) continue;
      for (const auto& [street_name, street] : cast.streets) {
        if (street.id == community.parent) regulator = StreetRegulator(cast, street);
      }
    }
    if (person.offices.front().role == v1::ROLE_REGULATOR) continue;
    people.push_back(Register(stage, clerk, person, kStaffBirthYear));
    offices.push_back(Appoint(stage, regulator, person));
  }
  if (auto step = PlayAll(stage, people, "registering staff"); !step) return step;
  return PlayAll(stage, offices, "appointing staff");
}

Step RegisterMembers(Stage& stage, const Cast& cast, const PilotData& data) {
  Wave wave;
  for (const PilotMember& member : data.members) {
    const CastOrg& community = cast.HomeOf(member);
    const client::SignAs clerk =
        As(cast.Person("clerk-" + community.code), v1::ROLE_CLERK, community.id);
    wave.push_back(Register(stage, clerk, cast.Person(member.number), member.birth_year));
  }
  return PlayAll(stage, wave, "registering the members");
}

Step ListElders(Stage& stage, const Cast& cast, const PilotData& data) {
  const client::SignAs assessor = As(cast.Person("assessor-1"), v1::ROLE_ASSESSOR, cast.district);
  for (const auto& [name, street] : cast.streets) {
    std::vector<std::string> elders;
    for (const PilotMember& member : data.members) {
      if (member.elder && member.street == name) {
        elders.push_back(cast.Person(member.number).member.str());
      }
    }
    std::sort(elders.begin(), elders.end());
    for (std::size_t at = 0; at < elders.size(); at += kListMax) {
      v1::TransactionBody body;
      v1::ListMember& list = *body.mutable_list_member();
      list.set_org(street.id.str());
      list.set_list_class(kPilotClass);
      for (std::size_t i = at; i < std::min(elders.size(), at + kListMax); ++i) {
        list.add_members(elders[i]);
      }
      const auto lister = As(cast.Person("lister-" + street.code), v1::ROLE_LISTER, street.id);
      if (auto done = stage.Must({lister, assessor}, body, "listing elders"); !done) {
        return Unexpected{done.error()};
      }
    }
  }
  return true;
}

Step FoundBudgetAndOffer(Stage& stage, const Cast& cast, const FoundingPlan& plan) {
  if (plan.budget_minutes > 0) {  // nothing where the data has no elders
    v1::TransactionBody budget;
    budget.mutable_approve_budget()->set_district(cast.district.str());
    budget.mutable_approve_budget()->set_minutes(plan.budget_minutes);
    const auto finance = As(cast.Person("finance-1"), v1::ROLE_FINANCE, cast.district);
    if (auto done = stage.Must({DistrictRegulator(cast), finance}, budget, "the budget"); !done) {
      return Unexpected{done.error()};
    }
  }
  v1::TransactionBody offer;
  v1::PublishOffer& publish = *offer.mutable_publish_offer();
  publish.set_offer(plan.offer.str());
  publish.set_org(cast.provider.id.str());
  publish.set_kind(v1::OFFER_KIND_SERVICE);
  publish.set_name("Warm lunch at home");
  publish.set_price_minutes(20);
  publish.set_stock(1000);
  publish.set_open(true);
  const auto merchant = As(cast.Person("merchant-p1"), v1::ROLE_MERCHANT, cast.provider.id);
  if (auto done = stage.Must({merchant}, offer, "the offer"); !done) {
    return Unexpected{done.error()};
  }
  return true;
}

}  // namespace

Expected<bool, std::string> Found(Stage& stage, const Cast& cast, const PilotData& data,
                                  const FoundingPlan& plan, const Progress& progress) {
  progress("organisations");
  if (auto step = FoundOrganisations(stage, cast); !step) return step;
  progress("staff");
  if (auto step = FoundStaff(stage, cast); !step) return step;
  progress(std::to_string(data.members.size()) + " members");
  if (auto step = RegisterMembers(stage, cast, data); !step) return step;
  progress("lists, budget and an offer");
  if (auto step = ListElders(stage, cast, data); !step) return step;
  return FoundBudgetAndOffer(stage, cast, plan);
}

Expected<bool, std::string> RunGrant(Stage& stage, const Cast& cast, const PilotData& data,
                                     std::uint32_t month) {
  std::vector<std::string> elders;
  for (const PilotMember& member : data.members) {
    if (member.elder) elders.push_back(cast.Person(member.number).member.str());
  }
  std::sort(elders.begin(), elders.end());
  const auto finance = As(cast.Person("finance-1"), v1::ROLE_FINANCE, cast.district);
  Wave wave;
  for (std::size_t at = 0; at < elders.size(); at += kListMax) {
    v1::TransactionBody body;
    v1::GrantRun& run = *body.mutable_grant_run();
    run.set_district(cast.district.str());
    run.set_month(month);
    run.set_list_class(kPilotClass);
    std::string ids;
    for (std::size_t i = at; i < std::min(elders.size(), at + kListMax); ++i) {
      run.add_members(elders[i]);
      ids += elders[i];
    }
    run.set_list_hash(crypto::Sha256(AsBytes(ids)).str());
    wave.push_back(stage.Sign({DistrictRegulator(cast), finance}, body));
  }
  return PlayAll(stage, wave, "the grant run of " + std::to_string(month));
}

}  // namespace timebank::cli
