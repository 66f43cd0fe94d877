#include "node/rpc/testing/sample_ledger.h"

#include <algorithm>

#include "base/check.h"
#include "chain/genesis.h"
#include "platform/entropy.h"

namespace timebank::rpc::testing {

namespace {

constexpr std::uint64_t kGenesisMs = 1'595'894'400'000;

OrgId Org(int number) {
  OrgId id;
  id.data[0] = std::byte{0x10};
  id.data[15] = static_cast<std::byte>(number);
  return id;
}

Person NewPerson(int number, const OrgId& home,
                 std::vector<std::pair<v1::Role, OrgId>> offices = {}) {
  MemberId id;
  id.data[0] = std::byte{0x20};
  id.data[15] = static_cast<std::byte>(number);
  return {id, platform::NewSecretKey(), home, std::move(offices)};
}

void AddOrg(v1::Genesis& genesis, const OrgId& id, const OrgId& parent, v1::OrganisationKind kind) {
  v1::Organisation* org = genesis.add_organisations();
  org->set_version(1);
  org->set_org(id.str());
  if (!parent.IsZero()) org->set_parent(parent.str());
  org->set_kind(kind);
  org->set_name("org");
  org->set_created_ms(kGenesisMs);
}

void AddPerson(v1::Genesis& genesis, const Person& person) {
  v1::Member* member = genesis.add_members();
  member->set_version(1);
  member->set_member(person.id.str());
  member->set_home_org(person.home.str());
  member->set_birth_year(1950);
  member->set_status(v1::MEMBER_STATUS_ACTIVE);
  member->set_created_ms(kGenesisMs);
  v1::MemberKey* key = member->add_keys();
  key->set_key_id(crypto::KeyIdOf(person.key.public_key()).str());
  key->set_key(crypto::SuitedKey(person.key.public_key()));
  key->set_since_ms(kGenesisMs);
  for (const auto& [role, org] : person.offices) {
    v1::Office* office = member->add_offices();
    office->set_org(org.str());
    office->set_role(role);
    office->set_since_ms(kGenesisMs);
  }
}

}  // namespace

SampleLedger::SampleLedger(std::size_t validators)
    : district(Org(1)),
      street_a(Org(2)),
      street_b(Org(3)),
      community_a(Org(4)),
      community_b(Org(5)),
      provider(Org(6)),
      elder(NewPerson(1, community_a)),
      volunteer(NewPerson(2, community_a)),
      stranger(NewPerson(3, community_b)),
      approver_a(NewPerson(4, community_a, {{v1::ROLE_APPROVER, community_a}})),
      reviewer_b(NewPerson(5, street_b, {{v1::ROLE_REVIEWER, street_b}})),
      auditor(NewPerson(6, district, {{v1::ROLE_AUDITOR, district}})),
      merchant(NewPerson(7, provider, {{v1::ROLE_MERCHANT, provider}})),
      operator_(NewPerson(8, district, {{v1::ROLE_VALIDATOR_OPERATOR, district}})),
      exporter(NewPerson(9, district, {{v1::ROLE_EXPORTER, district}})),
      lister_a(NewPerson(10, street_a, {{v1::ROLE_LISTER, street_a}})),
      assessor(NewPerson(11, district, {{v1::ROLE_ASSESSOR, district}})) {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(kGenesisMs);
  genesis.set_civil_offset_minutes(480);
  for (std::size_t i = 0; i < validators; ++i) keys_.push_back(platform::NewSecretKey());
  std::ranges::sort(keys_, {}, [](const auto& key) { return key.public_key(); });
  for (const crypto::SecretKey& key : keys_) {
    v1::Validator* validator = genesis.add_validators();
    validator->set_key(crypto::SuitedKey(key.public_key()));
    validator->set_name("node-" + std::to_string(genesis.validators_size()));
    validator->set_tls_key_hash(std::string(32, 't'));
  }
  genesis.add_council(district.str());
  genesis.set_council_threshold(1);
  AddOrg(genesis, district, OrgId{}, v1::ORGANISATION_KIND_DISTRICT);
  AddOrg(genesis, street_a, district, v1::ORGANISATION_KIND_STREET);
  AddOrg(genesis, street_b, district, v1::ORGANISATION_KIND_STREET);
  AddOrg(genesis, community_a, street_a, v1::ORGANISATION_KIND_COMMUNITY);
  AddOrg(genesis, community_b, street_b, v1::ORGANISATION_KIND_COMMUNITY);
  AddOrg(genesis, provider, district, v1::ORGANISATION_KIND_PROVIDER);
  for (const Person* person : {&elder, &volunteer, &stranger, &approver_a, &reviewer_b, &auditor,
                               &merchant, &operator_, &exporter, &lister_a, &assessor}) {
    AddPerson(genesis, *person);
  }
  genesis_bytes_ = genesis.SerializeAsString();
  const auto parsed = chain::ParseGenesis(AsBytes(genesis_bytes_));
  TB_CHECK(parsed.has_value());
  chain_id_ = parsed->chain_id;
  auto state = ledger::State::FromGenesis(*parsed);
  TB_CHECK(state.has_value());
  state_ = std::make_unique<ledger::State>(std::move(*state));
}

Millis SampleLedger::now() const { return Millis(kGenesisMs + 86'400'000); }

v1::Member SampleLedger::Record(const Person& person) const {
  const auto record = state().Find<v1::Member>(person.id);
  TB_CHECK(record.has_value());
  return *record;
}

client::Reader SampleLedger::As(const Person& person, bool member) {
  client::Reader reader{.member = person.id, .key = &person.key};
  if (!member && !person.offices.empty()) {
    reader.role = person.offices.front().first;
    reader.org = person.offices.front().second;
  }
  return reader;
}

}  // namespace timebank::rpc::testing
