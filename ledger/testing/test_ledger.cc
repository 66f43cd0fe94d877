#include "ledger/testing/test_ledger.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/civil.h"
#include "base/minutes.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/genesis.h"
#include "crypto/sha256.h"

namespace timebank::ledger::testing {
namespace {

constexpr std::int64_t kOffsetMinutes = 480;
constexpr std::int64_t kBudget = 10'000'000;
constexpr std::uint32_t kListClass = 1;
constexpr int kSettleBlocksMax = 1'000;

struct OrgRow {
  const char* name;
  const char* parent;
  v1::OrganisationKind kind;
};
constexpr OrgRow kOrganisations[] = {
    {"district", "", v1::ORGANISATION_KIND_DISTRICT},
    {"town", "", v1::ORGANISATION_KIND_DISTRICT},
    {"clinic", "", v1::ORGANISATION_KIND_ASSESSOR},
    {"street", "district", v1::ORGANISATION_KIND_STREET},
    {"street2", "district", v1::ORGANISATION_KIND_STREET},
    {"community", "street", v1::ORGANISATION_KIND_COMMUNITY},
    {"community2", "street", v1::ORGANISATION_KIND_COMMUNITY},
    {"community3", "street2", v1::ORGANISATION_KIND_COMMUNITY},
    {"shop", "street", v1::ORGANISATION_KIND_PROVIDER},
};

struct OfficeRow {
  const char* prefix;
  v1::Role role;
};
constexpr OfficeRow kCommunityStaff[] = {
    {"regulator", v1::ROLE_REGULATOR},
    {"regulator2", v1::ROLE_REGULATOR},
    {"approver", v1::ROLE_APPROVER},
    {"approver2", v1::ROLE_APPROVER},
};
constexpr OfficeRow kStreetStaff[] = {
    {"regulator", v1::ROLE_REGULATOR},   {"regulator2", v1::ROLE_REGULATOR},
    {"approver", v1::ROLE_APPROVER},     {"reviewer", v1::ROLE_REVIEWER},
    {"lister", v1::ROLE_LISTER},         {"clerk", v1::ROLE_CLERK},
    {"dispatcher", v1::ROLE_DISPATCHER}, {"terminal", v1::ROLE_TERMINAL},
    {"pin", v1::ROLE_PIN_SERVICE},
};
constexpr OfficeRow kDistrictStaff[] = {
    {"regulator", v1::ROLE_REGULATOR}, {"regulator2", v1::ROLE_REGULATOR},
    {"reviewer", v1::ROLE_REVIEWER},   {"clerk", v1::ROLE_CLERK},
    {"finance", v1::ROLE_FINANCE},
};
constexpr OfficeRow kClinicStaff[] = {{"assessor", v1::ROLE_ASSESSOR}};
constexpr OfficeRow kShopStaff[] = {{"merchant", v1::ROLE_MERCHANT}, {"cashier", v1::ROLE_CASHIER}};

std::span<const OfficeRow> StaffOf(v1::OrganisationKind kind) {
  if (kind == v1::ORGANISATION_KIND_DISTRICT) return kDistrictStaff;
  if (kind == v1::ORGANISATION_KIND_STREET) return kStreetStaff;
  if (kind == v1::ORGANISATION_KIND_COMMUNITY) return kCommunityStaff;
  if (kind == v1::ORGANISATION_KIND_ASSESSOR) return kClinicStaff;
  return kShopStaff;
}

struct MemberRow {
  const char* name;
  const char* home;
  std::uint32_t birth_year;
};
constexpr MemberRow kMembers[] = {
    {"volunteer", "community", 1960},   {"volunteer2", "community", 1960},
    {"volunteer3", "community3", 1960}, {"elder", "community", 1940},
    {"elder2", "community", 1940},      {"elder3", "community3", 1940},
    {"proxy", "community", 1970},       {"witness", "community", 1970},
    {"kin", "community", 1970},
};

v1::Member& AddMember(v1::Genesis& genesis, const std::string& name, const std::string& home,
                      std::uint32_t birth_year) {
  v1::Member& member = *genesis.add_members();
  member.set_member(PersonId(name).str());
  member.set_home_org(OrganisationId(home).str());
  member.set_birth_year(birth_year);
  const crypto::PublicKey key = SecretKeyOf(name).public_key();
  v1::MemberKey& record = *member.add_keys();
  record.set_key_id(crypto::KeyIdOf(key).str());
  record.set_key(crypto::SuitedKey(key));
  return member;
}

Millis GenesisTime() { return *FromCivil({.year = 2024, .month = 6, .day = 10}, kOffsetMinutes); }

v1::Genesis MakeGenesis() {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(GenesisTime().value());
  genesis.set_civil_offset_minutes(kOffsetMinutes);
  genesis.set_development(true);
  genesis.add_validators()->set_key(crypto::SuitedKey(SecretKeyOf("validator").public_key()));
  for (const OrgRow& row : kOrganisations) {
    v1::Organisation& organisation = *genesis.add_organisations();
    organisation.set_org(OrganisationId(row.name).str());
    if (*row.parent != '\0') organisation.set_parent(OrganisationId(row.parent).str());
    organisation.set_kind(row.kind);
    organisation.set_name(row.name);
    for (const OfficeRow& staff : StaffOf(row.kind)) {
      const std::string name = std::string(staff.prefix) + "_" + row.name;
      v1::Office& office = *AddMember(genesis, name, row.name, 1980).add_offices();
      office.set_org(organisation.org());
      office.set_role(staff.role);
    }
  }
  for (const MemberRow& row : kMembers) AddMember(genesis, row.name, row.home, row.birth_year);
  return genesis;
}

State MakeState(const std::function<void(v1::Genesis&)>& change) {
  v1::Genesis genesis = MakeGenesis();
  if (change != nullptr) change(genesis);
  const std::string bytes = chain::CanonicalBytes(genesis);
  const auto parsed = chain::ParseGenesis(AsBytes(bytes));
  TB_CHECK(parsed.has_value());
  auto state = State::FromGenesis(*parsed);
  TB_CHECK(state.has_value());
  return *state;
}

// The body's oneof field that holds messages of this type.
void SetKind(v1::TransactionBody& body, const google::protobuf::Message& message) {
  const auto* kind = body.GetDescriptor()->FindOneofByName("kind");
  for (int i = 0; i < kind->field_count(); ++i) {
    if (kind->field(i)->message_type() != message.GetDescriptor()) continue;
    body.GetReflection()->MutableMessage(&body, kind->field(i))->CopyFrom(message);
    return;
  }
  TB_CHECK(false);
}

void CheckEqual(const BlockResult& built, const BlockResult& applied) {
  TB_CHECK(built.state_root == applied.state_root);
  TB_CHECK(built.tx_root == applied.tx_root);
  TB_CHECK(built.log_root == applied.log_root);
  TB_CHECK(built.log_size == applied.log_size);
  TB_CHECK(built.units == applied.units);
}

// What a node reads back at start must be the same state.
void CheckReloads(const State& state) {
  StateLoader loader;
  state.tree().ForEach([&](ByteView key, ByteView value) { loader.Add(key, value); });
  const auto again = std::move(loader).Finish();
  TB_CHECK(again.has_value());
  TB_CHECK(again->root() == state.root());
  TB_CHECK(again->next_due() == state.next_due());
  TB_CHECK(again->due().size() == state.due().size());
}

}  // namespace

MemberId PersonId(std::string_view name) {
  return *MemberId::From(
      crypto::Sha256({AsBytes("person/"), AsBytes(name)}).view().first(MemberId::kSize));
}

OrgId OrganisationId(std::string_view name) {
  return *OrgId::From(
      crypto::Sha256({AsBytes("organisation/"), AsBytes(name)}).view().first(OrgId::kSize));
}

crypto::SecretKey SecretKeyOf(std::string_view name) {
  return crypto::SecretKey({crypto::Sha256({AsBytes("key/"), AsBytes(name)}).data});
}

v1::NewKey ProvenKey(const Hash& chain_id, std::string_view person, std::string_view key_name) {
  const crypto::SecretKey secret = SecretKeyOf(key_name);
  v1::NewKey key;
  key.set_key(crypto::SuitedKey(secret.public_key()));
  const Bytes message = chain::SignedBytes(chain::kKeyProofDomain, chain_id,
                                           {PersonId(person).view(), AsBytes(key.key())});
  key.set_proof(crypto::SuitedSignature(secret.Sign(message)));
  return key;
}

TestLedger::TestLedger(const std::function<void(v1::Genesis&)>& change)
    : state_(MakeState(change)),
      now_(GenesisTime().value() + 31 * kDayMs + 10 * kHourMs),
      parent_digest_(state_.chain_id()) {
  CheckBooks(state_);
}

BlockPlace TestLedger::NextPlace() const {
  return {.height = state_.height().Next(), .timestamp = now_, .parent_digest = parent_digest_};
}

void TestLedger::Tick() {
  auto result = Apply(state_, {.place = NextPlace(), .transactions = {}});
  TB_CHECK(result.has_value());
  Accept(std::move(*result));
}

void TestLedger::Settle() {
  for (int i = 0; state_.next_due() && *state_.next_due() <= now_; ++i) {
    TB_CHECK(i < kSettleBlocksMax);
    Tick();
  }
}

Reason TestLedger::Submit(const std::vector<By>& signers,
                          const google::protobuf::Message& message) {
  return SubmitBody(Body(signers, message));
}

Reason TestLedger::Submit(const std::vector<By>& signers, const google::protobuf::Message& message,
                          const std::function<void(v1::TransactionBody&)>& edit) {
  v1::TransactionBody body = Body(signers, message);
  edit(body);
  return SubmitBody(body);
}

v1::TransactionBody TestLedger::Body(const std::vector<By>& signers,
                                     const google::protobuf::Message& message) {
  v1::TransactionBody body;
  body.set_version(chain::kBodyVersion);
  for (const By& by : signers) {
    v1::Signer& signer = *body.add_signers();
    signer.set_member(PersonId(by.person).str());
    const crypto::SecretKey key = SecretKeyOf(by.key.empty() ? by.person : by.key);
    signer.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    signer.set_role(by.role);
    if (!by.org.empty()) signer.set_org(OrganisationId(by.org).str());
  }
  body.set_valid_until_ms(now_ms() + 30 * kMinuteMs);
  ByteWriter nonce;
  nonce.U64(++sequence_);
  body.set_nonce(ToString(nonce.bytes()));
  SetKind(body, message);
  return body;
}

std::string TestLedger::Envelope(const v1::TransactionBody& body) const {
  v1::Envelope envelope;
  envelope.set_chain_tag(chain::ChainTag(state_.chain_id()));
  envelope.set_body(chain::CanonicalBytes(body));
  for (int i = 0; i < body.signers_size(); ++i) {
    envelope.add_signatures(crypto::SuitedSignature(crypto::Signature{}));
  }
  return chain::CanonicalBytes(envelope);
}

Reason TestLedger::SubmitBody(const v1::TransactionBody& body) {
  const std::string envelope = Envelope(body);
  const auto transaction = chain::ParseEnvelope(AsBytes(envelope), state_.chain_id());
  if (!transaction) return transaction.error();
  const BlockTransaction in_block{AsBytes(envelope), &*transaction};
  const Hash root_before = state_.root();
  BlockExecution execution(state_, NextPlace());
  const Reason reason = execution.TryApply(in_block);
  // Admission sees no sweep, so it may differ where something is due.
  if (!execution.SweptAnything()) TB_CHECK(Judge(state_, now_, *transaction) == reason);
  auto applied = Apply(state_, {.place = NextPlace(), .transactions = std::span(&in_block, 1)});
  TB_CHECK(state_.root() == root_before);
  if (reason != kOk) {
    TB_CHECK(!applied.has_value());
    TB_CHECK(applied.error().reason == reason);
    return reason;
  }
  TB_CHECK(applied.has_value());
  CheckEqual(execution.Finish(), *applied);
  Accept(std::move(*applied));
  return kOk;
}

void TestLedger::Accept(BlockResult result) {
  CheckBooks(result.state);
  CheckReloads(result.state);
  state_ = std::move(result.state);
  leaves_ = std::move(result.leaves);
  parent_digest_ = crypto::Sha256(parent_digest_.view());
  Advance(1);
}

v1::Member TestLedger::member(std::string_view name) const {
  const auto found = state_.Find<v1::Member>(PersonId(name));
  TB_CHECK(found.has_value());
  return *found;
}

std::int64_t TestLedger::balance(std::string_view name, v1::AccountKind kind,
                                 std::uint32_t lot) const {
  return BalanceOf(member(name), kind, lot);
}

std::int64_t TestLedger::org_balance(std::string_view name, v1::AccountKind kind) const {
  const auto found = state_.Find<v1::OrgAccount>({.owner = OrganisationId(name), .kind = kind});
  return found ? found->amount() : 0;
}

std::vector<v1::EffectsLine> TestLedger::lines(bool sweep) const {
  std::vector<v1::EffectsLine> lines;
  for (const LogLeaf& leaf : leaves_) {
    if (leaf.sweep != sweep) continue;
    for (const std::string& bytes : leaf.lines) {
      const auto line = chain::ParseCanonical<v1::EffectsLine>(AsBytes(bytes));
      TB_CHECK(line.has_value());
      TB_CHECK(line->line() == static_cast<std::uint32_t>(&bytes - leaf.lines.data()));
      lines.push_back(*line);
    }
  }
  return lines;
}

std::string TestLedger::NewId() {
  ByteWriter id;
  id.U16(static_cast<std::uint16_t>(now_ms() >> 32U)).U32(static_cast<std::uint32_t>(now_ms()));
  id.U16(0).U64(++sequence_);
  return ToString(id.bytes());
}

void TestLedger::Grant(const std::vector<std::string>& members, std::string_view street,
                       std::string_view district) {
  const std::string root(district);
  const By regulator{"regulator_" + root, v1::ROLE_REGULATOR, root};
  const By finance{"finance_" + root, v1::ROLE_FINANCE, root};
  v1::ApproveBudget budget;
  budget.set_district(OrganisationId(district).str());
  budget.set_minutes(kBudget);
  TB_CHECK(Submit({regulator, finance}, budget) == kOk);
  v1::ListMember list;
  list.set_org(OrganisationId(street).str());
  list.set_list_class(kListClass);
  for (const std::string& name : members) list.add_members(PersonId(name).str());
  std::sort(list.mutable_members()->begin(), list.mutable_members()->end());
  const By lister{"lister_" + std::string(street), v1::ROLE_LISTER, std::string(street)};
  TB_CHECK(Submit({lister, {"assessor_clinic", v1::ROLE_ASSESSOR, "clinic"}}, list) == kOk);
  v1::GrantRun run;
  run.set_district(budget.district());
  run.set_month(LocalMonth(now_, kOffsetMinutes));
  run.set_list_class(kListClass);
  *run.mutable_members() = list.members();
  std::string all;
  for (const std::string& id : run.members()) all += id;
  run.set_list_hash(crypto::Sha256(AsBytes(all)).str());
  TB_CHECK(Submit({regulator, finance}, run) == kOk);
}

void TestLedger::Mint(std::string_view name, v1::AccountKind kind, std::int64_t minutes) {
  Records records(state_);
  const OrgId home = As<OrgId>(member(name).home_org());
  const Account opening = Account::Of(home, v1::ACCOUNT_KIND_OPENING);
  TB_CHECK(AddToBalance(records, Account::Of(PersonId(name), kind), minutes) == kOk);
  TB_CHECK(AddToBalance(records, opening, -minutes) == kOk);
  std::vector<std::pair<StateKey, std::string>> changed;
  records.ForEachChange([&](const Records::Change& change) {
    changed.emplace_back(change.key, chain::CanonicalBytes(*change.now));
  });
  Replace(changed);
}

void TestLedger::Replace(const std::vector<std::pair<StateKey, std::string>>& records) {
  StateLoader loader;
  state_.tree().ForEach([&](ByteView key, ByteView value) { loader.Add(key, value); });
  for (const auto& [key, value] : records) loader.Add(key.view(), AsBytes(value));
  auto state = std::move(loader).Finish();
  TB_CHECK(state.has_value());
  state_ = std::move(*state);
  CheckBooks(state_);
}

void CheckBooks(const State& state) {
  std::int64_t time = 0;
  std::int64_t vouchers = 0;
  std::map<std::string, std::int64_t> held;
  std::map<std::string, std::int64_t> held_earned;
  state.tree().ForEach([&](ByteView key, ByteView value) {
    const StateKey state_key(key);
    const auto record = ParseRecord(state_key.table(), value);
    TB_CHECK(record != nullptr);
    TB_CHECK(AsBytes(chain::CanonicalBytes(*record)).size() == value.size());
    time += *BalanceSum(state_key, record.get(), v1::ASSET_TIME);
    vouchers += *BalanceSum(state_key, record.get(), v1::ASSET_VOUCHER);
    if (state_key.table() == v1::TABLE_MEMBER) {
      const auto& member = static_cast<const v1::Member&>(*record);
      held[member.member()] += BalanceOf(member, v1::ACCOUNT_KIND_HELD);
      held_earned[member.member()] += member.held_earned_minutes();
    }
    if (state_key.table() != v1::TABLE_HOLD) return;
    const auto& hold = static_cast<const v1::Hold&>(*record);
    for (const v1::HoldLine& line : hold.lines()) {
      held[hold.owner()] -= line.minutes();
      if (line.account() == v1::ACCOUNT_KIND_EARNED) held_earned[hold.owner()] -= line.minutes();
    }
  });
  TB_CHECK(time == 0);
  TB_CHECK(vouchers == 0);
  for (const auto& [member, rest] : held) TB_CHECK(rest == 0);
  for (const auto& [member, rest] : held_earned) TB_CHECK(rest == 0);
}

}  // namespace timebank::ledger::testing
