// Everybody in the demo: the members of the data, the staff beyond it, and the organisations they
// belong to. Keys are made here; ids are random, never derived from a number or name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/timeline.h"
#include "wallet-cli/identity.h"

namespace timebank::cli {

struct CastOrg {
  OrgId id;
  OrgId parent;
  std::string code;  // s1, c03: part of the names of its staff
  std::string name;  // as in the data; public
};

struct Cast {
  OrgId district;
  std::map<std::string, CastOrg> streets;  // by name
  std::map<CommunityKey, CastOrg> communities;
  CastOrg provider;
  std::size_t staff = 0;  // persons beyond the data, the founding officers among them
  // By name: M00001, approver-c03-1, dispatcher-s1-2, terminal-c03, regulator-1, ...
  std::map<std::string, Identity> people;
  // Names of staff per kind of organisation, in order.
  std::map<CommunityKey, std::vector<std::string>> approvers;
  std::map<std::string, std::vector<std::string>> dispatchers;  // by street

  [[nodiscard]] const Identity& Person(const std::string& name) const { return people.at(name); }
  [[nodiscard]] const CastOrg& HomeOf(const PilotMember& member) const {
    return communities.at(member.HomeKey());
  }
};

[[nodiscard]] Cast BuildCast(const PilotData& data, const StaffPlan& plan, const OrgId& district,
                             const std::vector<Identity>& officers, Millis genesis);

// organisations.json beside the identities: {name, code, id, parent} of every organisation.
[[nodiscard]] std::string OrganisationsJson(const Cast& cast);

}  // namespace timebank::cli
