#include "wallet-cli/genesis_builder.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <tuple>

#include "base/civil.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

namespace timebank::cli {
namespace {

constexpr std::uint32_t kOfficerBirthYear = 1980;
constexpr std::uint32_t kCouncilThreshold = 2;  // of three

void AddMember(v1::Genesis& genesis, const Identity& identity, Millis at) {
  v1::Member& member = *genesis.add_members();
  member.set_version(1);
  member.set_member(identity.member.str());
  member.set_home_org(identity.home.str());
  member.set_birth_year(kOfficerBirthYear);
  member.set_status(v1::MEMBER_STATUS_ACTIVE);
  member.set_created_ms(at.value());
  if (identity.key) {
    v1::MemberKey& key = *member.add_keys();
    key.set_key_id(crypto::KeyIdOf(identity.key->public_key()).str());
    key.set_key(crypto::SuitedKey(identity.key->public_key()));
    key.set_since_ms(at.value());
  }
  std::vector<Office> offices = identity.offices;
  std::sort(offices.begin(), offices.end(), [](const Office& a, const Office& b) {
    return std::tie(a.org, a.role) < std::tie(b.org, b.role);
  });
  for (const Office& held : offices) {
    v1::Office& office = *member.add_offices();
    office.set_org(held.org.str());
    office.set_role(held.role);
    office.set_since_ms(at.value());
  }
}

}  // namespace

std::string BuildGenesis(GenesisPlan plan) {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(plan.at.value());
  genesis.set_civil_offset_minutes(plan.civil_offset_minutes);
  genesis.set_development(plan.development);
  if (plan.development) genesis.set_dev_key(crypto::SuitedKey(plan.dev_key));
  std::sort(plan.validators.begin(), plan.validators.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  for (const GenesisValidator& validator : plan.validators) {
    v1::Validator& out = *genesis.add_validators();
    out.set_key(crypto::SuitedKey(validator.key));
    out.set_name(validator.name);
    out.set_tls_key_hash(validator.tls_key_hash.str());
    out.set_address(validator.address);
  }
  const std::tuple<OrgId, v1::OrganisationKind, std::string> seats[] = {
      {plan.district, v1::ORGANISATION_KIND_DISTRICT, plan.district_name},
      {plan.charity, v1::ORGANISATION_KIND_CHARITY, "Charity federation"},
      {plan.auditor, v1::ORGANISATION_KIND_AUDITOR, "Auditor"}};
  for (const auto& [org, kind, name] : seats) {
    genesis.add_council(org.str());
    v1::Organisation& seat = *genesis.add_organisations();
    seat.set_version(1);
    seat.set_org(org.str());
    seat.set_kind(kind);
    seat.set_name(name);
    seat.set_created_ms(plan.at.value());
  }
  genesis.set_council_threshold(kCouncilThreshold);
  std::sort(plan.officers.begin(), plan.officers.end(),
            [](const Identity& a, const Identity& b) { return a.member < b.member; });
  for (const Identity& officer : plan.officers) AddMember(genesis, officer, plan.at);
  if (!plan.policy.empty()) {
    std::sort(plan.policy.begin(), plan.policy.end(),
              [](const auto& a, const auto& b) { return a.parameter < b.parameter; });
    v1::GenesisPolicy& policy = *genesis.add_policies();
    policy.set_org(plan.district.str());
    policy.mutable_policy()->set_version(1);
    policy.mutable_policy()->set_effective_from_ms(plan.at.value());
    for (const PolicyDifference& difference : plan.policy) {
      v1::PolicyValue& value = *policy.mutable_policy()->add_values();
      value.set_parameter(static_cast<std::uint32_t>(difference.parameter));
      value.set_value(difference.value);
    }
  }
  return genesis.SerializeAsString();
}

std::string GenesisView(const v1::Genesis& genesis) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(genesis, &json, options).ok()) return "{}\n";
  return json;
}

}  // namespace timebank::cli
