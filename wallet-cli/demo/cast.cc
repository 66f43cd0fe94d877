#include "wallet-cli/demo/cast.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "platform/entropy.h"

namespace timebank::cli {
namespace {

struct Post {
  std::string name;
  v1::Role role;
  OrgId org;
};

void Employ(Cast& cast, const Post& post, Millis genesis) {
  Identity identity;
  identity.name = post.name;
  identity.member = platform::NewId<MemberId>(genesis);
  identity.home = post.org;
  identity.offices = {{post.role, post.org}};
  identity.key = platform::NewSecretKey();
  cast.people[post.name] = std::move(identity);
}

CastOrg NewOrg(const OrgId& parent, std::string code, std::string name, Millis genesis) {
  return {platform::NewId<OrgId>(genesis), parent, std::move(code), std::move(name)};
}

std::string Code(char prefix, std::size_t index) {
  const std::string digits = std::to_string(index);
  return std::string(1, prefix) + (prefix == 'c' && digits.size() == 1 ? "0" : "") + digits;
}

void StaffStreet(Cast& cast, const CastOrg& street, std::uint32_t dispatchers, Millis genesis) {
  Employ(cast, {"regulator-" + street.code, v1::ROLE_REGULATOR, street.id}, genesis);
  Employ(cast, {"reviewer-" + street.code, v1::ROLE_REVIEWER, street.id}, genesis);
  Employ(cast, {"lister-" + street.code, v1::ROLE_LISTER, street.id}, genesis);
  for (std::uint32_t i = 1; i <= dispatchers; ++i) {
    const std::string name = "dispatcher-" + street.code + "-" + std::to_string(i);
    Employ(cast, {name, v1::ROLE_DISPATCHER, street.id}, genesis);
    cast.dispatchers[street.name].push_back(name);
  }
}

void StaffCommunity(Cast& cast, const CommunityKey& key, std::uint32_t approvers, Millis genesis) {
  const CastOrg& community = cast.communities.at(key);
  Employ(cast, {"clerk-" + community.code, v1::ROLE_CLERK, community.id}, genesis);
  Employ(cast, {"terminal-" + community.code, v1::ROLE_TERMINAL, community.id}, genesis);
  Employ(cast, {"pin-service-" + community.code, v1::ROLE_PIN_SERVICE, community.id}, genesis);
  for (std::uint32_t i = 1; i <= approvers; ++i) {
    const std::string name = "approver-" + community.code + "-" + std::to_string(i);
    Employ(cast, {name, v1::ROLE_APPROVER, community.id}, genesis);
    cast.approvers[key].push_back(name);
  }
}

}  // namespace

Cast BuildCast(const PilotData& data, const StaffPlan& plan, const OrgId& district,
               const std::vector<Identity>& officers, Millis genesis) {
  Cast cast;
  cast.district = district;
  for (const Identity& officer : officers) cast.people[officer.name] = officer;
  for (const std::string& street : plan.streets) {
    const CastOrg org = NewOrg(district, Code('s', cast.streets.size() + 1), street, genesis);
    cast.streets[street] = org;
    StaffStreet(cast, org, plan.dispatchers.at(street), genesis);
  }
  for (const CommunityKey& key : plan.communities) {
    const auto& [street, name] = key;
    const std::string code = Code('c', cast.communities.size() + 1);
    cast.communities[key] = NewOrg(cast.streets.at(street).id, code, name, genesis);
    StaffCommunity(cast, key, plan.approvers.at(key), genesis);
  }
  cast.provider = NewOrg(district, "p1", "Community kitchen", genesis);
  Employ(cast, {"merchant-p1", v1::ROLE_MERCHANT, cast.provider.id}, genesis);
  cast.staff = cast.people.size();
  for (const PilotMember& member : data.members) {
    Identity identity;
    identity.name = member.number;
    identity.member = platform::NewId<MemberId>(genesis);
    identity.home = cast.HomeOf(member).id;
    if (member.smartphone) identity.key = platform::NewSecretKey();
    cast.people[member.number] = std::move(identity);
  }
  return cast;
}

std::string OrganisationsJson(const Cast& cast) {
  nlohmann::json list = nlohmann::json::array();
  const auto add = [&](const CastOrg& org) {
    list.push_back({{"name", org.name},
                    {"code", org.code},
                    {"id", ToHex(org.id.view())},
                    {"parent", ToHex(org.parent.view())}});
  };
  for (const auto& [name, org] : cast.streets) add(org);
  for (const auto& [key, org] : cast.communities) add(org);
  add(cast.provider);
  return nlohmann::json{{"district", ToHex(cast.district.view())}, {"organisations", list}}.dump(
             2) +
         "\n";
}

}  // namespace timebank::cli
