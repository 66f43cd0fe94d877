#include "tests/sim/community.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/civil.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/recovery.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "ledger/era.h"

namespace timebank::sim {
namespace {

constexpr std::uint32_t kListClass = 1;
constexpr std::int64_t kCivilOffsetMinutes = 480;
constexpr std::uint64_t kValidityMs = 50 * kMinuteMs;

crypto::SecretKey DrawKey(Prng& prng) {
  crypto::SecretKey::Seed seed;
  prng.Fill(seed.data);
  return crypto::SecretKey(seed);
}

OrgId Org(char kind) {
  OrgId id;
  id.data.fill(static_cast<std::byte>(kind));
  return id;
}
const OrgId kDistrict = Org('d');
const OrgId kStreet = Org('s');
const OrgId kElm = Org('c');
const OrgId kClinic = Org('a');

void AddOrg(v1::Genesis& genesis, const OrgId& id, const OrgId* parent, v1::OrganisationKind kind) {
  v1::Organisation& org = *genesis.add_organisations();
  org.set_version(1);
  org.set_org(id.str());
  if (parent != nullptr) org.set_parent(parent->str());
  org.set_kind(kind);
  org.set_name(std::string(id.text().substr(0, 1)));
  org.set_created_ms(genesis.genesis_ms());
}

void Bound(v1::Genesis& genesis, v1::PolicyParameter parameter, std::int64_t max) {
  v1::ParameterBound& bound = *genesis.add_bounds();
  bound.set_parameter(static_cast<std::uint32_t>(parameter));
  bound.set_max(max);
}

v1::Validator ValidatorOf(NodeIndex node, const crypto::SecretKey& key) {
  v1::Validator validator;
  validator.set_key(crypto::SuitedKey(key.public_key()));
  validator.set_name("node-" + std::to_string(node));
  validator.set_tls_key_hash(PeerKeyOf(node).str());
  validator.set_address("node-" + std::to_string(node) + ":1");
  return validator;
}

}  // namespace

template <typename Fixed>
Fixed Community::Id(char kind, std::size_t number) {
  Fixed id;
  id.data.fill(static_cast<std::byte>(kind));
  id.data.back() = static_cast<std::byte>(number);
  return id;
}

Community::Community(Prng prng, std::size_t pairs, std::size_t validators)
    : prng_(std::move(prng)), pairs_(pairs) {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(kRunStartMs - 40 * kDayMs);
  genesis.set_civil_offset_minutes(kCivilOffsetMinutes);
  genesis.set_development(true);
  for (std::size_t i = 0; i < validators; ++i) validators_.push_back(DrawKey(prng_));
  std::sort(validators_.begin(), validators_.end(),
            [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
  for (std::size_t i = 0; i < validators_.size(); ++i) {
    *genesis.add_validators() = ValidatorOf(i, validators_[i]);
  }
  for (const OrgId& seat : {kDistrict, kClinic}) genesis.add_council(seat.str());
  genesis.set_council_threshold(2);
  Bound(genesis, v1::POLICY_PARAMETER_COOLING_MS, static_cast<std::int64_t>(30 * kDayMs));
  Bound(genesis, v1::POLICY_PARAMETER_FIRST_COOLING_MS, static_cast<std::int64_t>(30 * kDayMs));
  AddOrg(genesis, kDistrict, nullptr, v1::ORGANISATION_KIND_DISTRICT);
  AddOrg(genesis, kStreet, &kDistrict, v1::ORGANISATION_KIND_STREET);
  AddOrg(genesis, kElm, &kStreet, v1::ORGANISATION_KIND_COMMUNITY);
  AddOrg(genesis, kClinic, &kDistrict, v1::ORGANISATION_KIND_ASSESSOR);
  for (std::size_t i = 0; i < pairs_; ++i) {
    AddPerson(genesis, elder(i), kElm, 1940);
    AddPerson(genesis, volunteer(i), kElm, 1960);
  }
  AddPerson(genesis, Id<MemberId>('A', 0), kElm, 1975);
  AddOffice(genesis, Id<MemberId>('A', 0), kElm, v1::ROLE_APPROVER);
  AddPerson(genesis, Id<MemberId>('L', 0), kStreet, 1975);
  AddOffice(genesis, Id<MemberId>('L', 0), kStreet, v1::ROLE_LISTER);
  AddPerson(genesis, Id<MemberId>('N', 0), kClinic, 1975);
  AddOffice(genesis, Id<MemberId>('N', 0), kClinic, v1::ROLE_ASSESSOR);
  AddPerson(genesis, Id<MemberId>('K', 0), kDistrict, 1975);
  AddOffice(genesis, Id<MemberId>('K', 0), kDistrict, v1::ROLE_COUNCIL);
  AddPerson(genesis, Id<MemberId>('K', 1), kClinic, 1975);
  AddOffice(genesis, Id<MemberId>('K', 1), kClinic, v1::ROLE_COUNCIL);
  AddPerson(genesis, Id<MemberId>('R', 0), kDistrict, 1975);
  AddOffice(genesis, Id<MemberId>('R', 0), kDistrict, v1::ROLE_REGULATOR);
  AddPerson(genesis, Id<MemberId>('F', 0), kDistrict, 1975);
  AddOffice(genesis, Id<MemberId>('F', 0), kDistrict, v1::ROLE_FINANCE);
  v1::GenesisPolicy& policy = *genesis.add_policies();
  policy.set_org(kDistrict.str());
  policy.mutable_policy()->set_version(1);
  policy.mutable_policy()->set_effective_from_ms(genesis.genesis_ms());
  for (const auto parameter :
       {v1::POLICY_PARAMETER_COOLING_MS, v1::POLICY_PARAMETER_FIRST_COOLING_MS}) {
    v1::PolicyValue& value = *policy.mutable_policy()->add_values();
    value.set_parameter(static_cast<std::uint32_t>(parameter));
    value.set_value(static_cast<std::int64_t>(kCoolingMs));
  }
  genesis_ = chain::CanonicalBytes(genesis);
  chain_id_ = crypto::Sha256(AsBytes(genesis_));
}

std::vector<replica::SharedTransaction> Community::Opening(Millis at) {
  const Signature regulator{Id<MemberId>('R', 0), v1::ROLE_REGULATOR, kDistrict.str()};
  const Signature finance{Id<MemberId>('F', 0), v1::ROLE_FINANCE, kDistrict.str()};
  const Signature lister{Id<MemberId>('L', 0), v1::ROLE_LISTER, kStreet.str()};
  const Signature assessor{Id<MemberId>('N', 0), v1::ROLE_ASSESSOR, kClinic.str()};
  std::vector<replica::SharedTransaction> out;
  v1::TransactionBody budget;
  budget.mutable_approve_budget()->set_district(kDistrict.str());
  budget.mutable_approve_budget()->set_minutes(1'000'000);
  out.push_back(Sign(budget, {regulator, finance}, at));
  v1::TransactionBody list;
  list.mutable_list_member()->set_org(kStreet.str());
  list.mutable_list_member()->set_list_class(kListClass);
  v1::TransactionBody grant;
  grant.mutable_grant_run()->set_district(kDistrict.str());
  grant.mutable_grant_run()->set_month(LocalMonth(at, kCivilOffsetMinutes));
  grant.mutable_grant_run()->set_list_class(kListClass);
  std::string listed;
  for (std::size_t i = 0; i < pairs_; ++i) {
    list.mutable_list_member()->add_members(elder(i).str());
    grant.mutable_grant_run()->add_members(elder(i).str());
    listed += elder(i).str();
  }
  grant.mutable_grant_run()->set_list_hash(crypto::Sha256(AsBytes(listed)).str());
  out.push_back(Sign(list, {lister, assessor}, at));
  out.push_back(Sign(grant, {regulator, finance}, at));
  for (std::size_t i = 0; i < pairs_; ++i) {
    v1::TransactionBody kin;
    kin.mutable_register_kin()->set_member(volunteer(i).str());
    kin.mutable_register_kin()->set_relative(volunteer((i + 1) % pairs_).str());
    kin.mutable_register_kin()->set_kinship(v1::KINSHIP_SIBLING);
    kin.mutable_register_kin()->set_document_commitment(Hash(Id<Hash>('k', i)).str());
    out.push_back(Sign(kin, {lister}, at));
  }
  return out;
}

replica::SharedTransaction Community::Order(const EntryId& entry, std::size_t pair, Millis start,
                                            Millis at) {
  v1::TransactionBody body;
  v1::PlaceOrder& order = *body.mutable_place_order();
  order.set_entry(entry.str());
  order.set_elder(elder(pair).str());
  order.set_community(kElm.str());
  order.set_category(v1::CATEGORY_COMPANIONSHIP);
  order.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  order.set_planned_start_ms(start.value());
  order.set_planned_minutes(30);
  return Sign(std::move(body), {{elder(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::Claim(const EntryId& entry, std::size_t pair, Millis at) {
  v1::TransactionBody body;
  body.mutable_claim_order()->set_entry(entry.str());
  return Sign(std::move(body), {{volunteer(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::CheckIn(const EntryId& entry, std::size_t pair, Millis start,
                                              Millis at) {
  v1::TransactionBody body;
  body.mutable_check_in()->set_entry(entry.str());
  body.mutable_check_in()->set_at_ms(start.value());
  body.mutable_check_in()->set_place(v1::PLACE_CLAIM_MATCH);
  return Sign(std::move(body), {{volunteer(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::CheckOut(const EntryId& entry, std::size_t pair, Millis end,
                                               Millis at) {
  v1::TransactionBody body;
  body.mutable_check_out()->set_entry(entry.str());
  body.mutable_check_out()->set_at_ms(end.value());
  body.mutable_check_out()->set_place(v1::PLACE_CLAIM_MATCH);
  return Sign(std::move(body), {{volunteer(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::Log(const EntryId& entry, std::size_t pair, Millis start,
                                          Millis end, Millis at) {
  v1::TransactionBody body;
  body.mutable_submit_entry()->set_content(Content(entry, pair, start, end));
  return Sign(std::move(body), {{volunteer(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::Confirm(const EntryId& entry, std::size_t pair, Millis start,
                                              Millis end, Millis at) {
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(entry.str());
  action.set_content_hash(crypto::Sha256(AsBytes(Content(entry, pair, start, end))).str());
  action.set_channel(v1::CHANNEL_APP);
  v1::TransactionBody body;
  body.mutable_confirm_entry()->set_action(chain::CanonicalBytes(action));
  return Sign(std::move(body), {{elder(pair), v1::ROLE_MEMBER, {}}}, at);
}

replica::SharedTransaction Community::Approve(const EntryId& entry, std::size_t pair, Millis start,
                                              Millis end, Millis at) {
  v1::TransactionBody body;
  v1::ApprovalLine& line = *body.mutable_approve_entries()->add_lines();
  line.set_entry(entry.str());
  line.set_content_hash(crypto::Sha256(AsBytes(Content(entry, pair, start, end))).str());
  return Sign(std::move(body), {{Id<MemberId>('A', 0), v1::ROLE_APPROVER, kElm.str()}}, at);
}

replica::SharedTransaction Community::Transfer(std::size_t from, std::int64_t minutes, Millis at) {
  v1::TransactionBody body;
  body.mutable_transfer()->set_to(volunteer((from + 1) % pairs_).str());
  body.mutable_transfer()->set_minutes(minutes);
  return Sign(std::move(body), {{volunteer(from), v1::ROLE_MEMBER, {}}}, at);
}

NodeIndex Community::NewValidator() {
  validators_.push_back(DrawKey(prng_));
  return validators_.size() - 1;
}

replica::SharedTransaction Community::ChangeValidators(const SetChange& change, Epoch epoch,
                                                       Millis at) {
  v1::TransactionBody body;
  v1::ChangeValidators& message = *body.mutable_change_validators();
  message.set_epoch(epoch.value());
  const auto by_key = [this](NodeIndex a, NodeIndex b) {
    return validators_[a].public_key() < validators_[b].public_key();
  };
  std::vector<NodeIndex> remove = change.remove;
  std::vector<NodeIndex> add = change.add;
  std::sort(remove.begin(), remove.end(), by_key);
  std::sort(add.begin(), add.end(), by_key);
  for (const NodeIndex node : remove) {
    message.add_remove(crypto::SuitedKey(validators_[node].public_key()));
  }
  for (const NodeIndex node : add) *message.add_add() = ValidatorOf(node, validators_[node]);
  return Sign(std::move(body), CouncilSeats(), at);
}

std::string Community::SignRecovery(const ledger::State& state, const chain::Header& last,
                                    const std::vector<NodeIndex>& set) {
  v1::RecoveryDocument document;
  document.set_version(1);
  document.set_era(last.era.value() + 1);
  document.set_header(ToString(last.Encode()));
  std::map<crypto::PublicKey, v1::Validator> by_key;
  for (const NodeIndex node : set) {
    by_key[validators_[node].public_key()] = ValidatorOf(node, validators_[node]);
  }
  for (auto& [key, validator] : by_key) *document.add_validators() = std::move(validator);
  document.set_reason("a drill");
  document.set_created_ms(last.timestamp_ms.value() + 1);
  v1::Recovery recovery = ledger::ProveCouncil(state);
  recovery.set_document(chain::CanonicalBytes(document));
  const Bytes message = chain::RecoverySignedBytes(last.chain_id, AsBytes(recovery.document()));
  for (v1::CouncilSignature& seat : *recovery.mutable_signatures()) {
    const crypto::SecretKey& key = keys_.at(*MemberId::From(seat.member()));
    seat.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    seat.set_signature(crypto::SuitedSignature(key.Sign(message)));
  }
  return chain::CanonicalBytes(recovery);
}

replica::SharedTransaction Community::Ready(NodeIndex node, Height height, const Hash& digest,
                                            Millis at) {
  v1::TransactionBody body;
  v1::Ready& ready = *body.mutable_ready();
  ready.set_key(crypto::SuitedKey(validators_[node].public_key()));
  ready.set_height(height.value());
  ready.set_digest(digest.str());
  ready.set_proof(crypto::SuitedSignature(
      validators_[node].Sign(chain::ReadyBytes(chain_id_, height, digest))));
  return Sign(std::move(body), {CouncilSeats().front()}, at);
}

std::vector<Community::Signature> Community::CouncilSeats() {
  return {{Id<MemberId>('K', 0), v1::ROLE_COUNCIL, kDistrict.str()},
          {Id<MemberId>('K', 1), v1::ROLE_COUNCIL, kClinic.str()}};
}

replica::SharedTransaction Community::Forge(const replica::SharedTransaction& transaction) {
  v1::Envelope envelope;
  TB_CHECK(envelope.ParseFromString(transaction->envelope));
  std::string& signature = *envelope.mutable_signatures(0);
  signature[5] = static_cast<char>(signature[5] ^ 1);
  auto forged = replica::ReadTransaction(chain::CanonicalBytes(envelope), chain_id_);
  TB_CHECK(forged.has_value());
  return *forged;
}

EntryId Community::NewEntry(Millis at) {
  EntryId id;
  prng_.Fill(id.data);
  for (std::size_t i = 0; i < 6; ++i) {
    id.data[i] = static_cast<std::byte>((at.value() >> (40 - 8 * i)) & 0xFF);
  }
  return id;
}

void Community::AddPerson(v1::Genesis& genesis, const MemberId& member, const OrgId& home,
                          std::uint32_t birth_year) {
  const auto [at, added] = keys_.emplace(member, DrawKey(prng_));
  TB_CHECK(added);
  v1::Member& person = *genesis.add_members();
  person.set_version(1);
  person.set_member(member.str());
  person.set_home_org(home.str());
  person.set_birth_year(birth_year);
  person.set_status(v1::MEMBER_STATUS_ACTIVE);
  person.set_created_ms(genesis.genesis_ms());
  v1::MemberKey& key = *person.add_keys();
  key.set_key_id(crypto::KeyIdOf(at->second.public_key()).str());
  key.set_key(crypto::SuitedKey(at->second.public_key()));
  key.set_since_ms(genesis.genesis_ms());
}

void Community::AddOffice(v1::Genesis& genesis, const MemberId& member, const OrgId& org,
                          v1::Role role) {
  for (v1::Member& person : *genesis.mutable_members()) {
    if (person.member() != member.str()) continue;
    v1::Office& office = *person.add_offices();
    office.set_org(org.str());
    office.set_role(role);
    office.set_since_ms(genesis.genesis_ms());
  }
}

replica::SharedTransaction Community::Sign(v1::TransactionBody body,
                                           const std::vector<Signature>& signers, Millis at) {
  body.set_version(1);
  body.set_valid_until_ms(at.value() + kValidityMs);
  std::array<std::byte, 8> nonce{};
  prng_.Fill(nonce);
  body.set_nonce(ToString(nonce));
  std::vector<const crypto::SecretKey*> keys;
  for (const Signature& signature : signers) {
    const crypto::SecretKey& key = keys_.at(signature.member);
    v1::Signer& signer = *body.add_signers();
    signer.set_member(signature.member.str());
    signer.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    signer.set_role(signature.role);
    if (!signature.org.empty()) signer.set_org(signature.org);
    keys.push_back(&key);
  }
  auto read = replica::ReadTransaction(chain::SignEnvelope(body, chain_id_, keys), chain_id_);
  TB_CHECK(read.has_value());
  return *read;
}

std::string Community::Content(const EntryId& entry, std::size_t pair, Millis start,
                               Millis end) const {
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(entry.str());
  content.set_community(kElm.str());
  content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  content.set_category(v1::CATEGORY_COMPANIONSHIP);
  content.set_volunteer(volunteer(pair).str());
  content.set_elder(elder(pair).str());
  content.set_start_ms(start.value());
  content.set_end_ms(end.value());
  content.set_place(v1::PLACE_CLAIM_MATCH);
  content.set_channel(v1::CHANNEL_APP);
  return chain::CanonicalBytes(content);
}

}  // namespace timebank::sim
