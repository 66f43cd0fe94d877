// Random transactions about organisations, members, listings, grants and gifts.
#include <algorithm>

#include "base/civil.h"
#include "crypto/sha256.h"
#include "tests/model/generator.h"

namespace timebank::model {
namespace {

constexpr Time kHourMs = 3'600'000;
constexpr Time kDayMs = 24 * kHourMs;
constexpr std::int64_t kCivilOffsetMinutes = 480;

const std::vector<v1::Role> kRoles = {v1::ROLE_APPROVER, v1::ROLE_REVIEWER,  v1::ROLE_LISTER,
                                      v1::ROLE_AUDITOR,  v1::ROLE_CLERK,     v1::ROLE_DISPATCHER,
                                      v1::ROLE_CASHIER,  v1::ROLE_REGULATOR, v1::ROLE_TERMINAL,
                                      v1::ROLE_FINANCE};

std::string Commitment(std::uint64_t number) {
  return crypto::Sha256(AsBytes(std::to_string(number))).str();
}

}  // namespace

void Generator::CreateOrg(Draft& draft) {
  auto& tx = *draft.body.mutable_create_organisation();
  const std::string name = Rarely() ? AnyOrg() : "new" + std::to_string(Below(6));
  const std::string parent = AnyOrg();
  tx.set_org(Cast::OrgId(name));
  tx.set_parent(Cast::OrgId(parent));
  tx.set_kind(Below(2) == 0 ? v1::ORGANISATION_KIND_ESTATE : v1::ORGANISATION_KIND_STREET);
  tx.set_name(name);
  draft.by = {OfficerAt(tx.parent(), v1::ROLE_REGULATOR, false)};
}

void Generator::Officer(Draft& draft) {
  const std::string org = AnyOrg();
  const Id& parent = ledger().orgs().at(Cast::OrgId(org)).parent;
  const std::string name = AnyPerson();
  v1::Role role = Pick(kRoles);
  if (random_.Chance(1, 40)) role = v1::ROLE_MEMBER;
  if (Below(4) == 0) {
    auto& tx = *draft.body.mutable_dismiss_officer();
    tx.set_org(Cast::OrgId(org));
    tx.set_member(Cast::MemberId(name));
    tx.set_role(role);
  } else {
    auto& tx = *draft.body.mutable_appoint_officer();
    tx.set_org(Cast::OrgId(org));
    tx.set_member(Cast::MemberId(name));
    tx.set_role(role);
  }
  draft.by = {OfficerAt(parent.empty() ? Cast::OrgId(org) : parent, v1::ROLE_REGULATOR, false)};
}

void Generator::Policy(Draft& draft) {
  auto& tx = *draft.body.mutable_set_policy();
  const std::string org = Pick(std::vector<std::string>{"d1", "d1", "d2", "s1"});
  tx.set_org(Cast::OrgId(org));
  const Time notice = 7 * kDayMs;
  tx.set_effective_from_ms(now() + notice + Below(2) - Below(2));
  if (Below(3) == 0) tx.set_effective_from_ms(now() + notice + Below(20 * kDayMs));
  struct Choice {
    v1::PolicyParameter parameter;
    std::int64_t value;
  };
  const std::vector<Choice> choices = {
      {v1::POLICY_PARAMETER_TOLERANCE_MINUTES, random_.Between(0, 30)},
      {v1::POLICY_PARAMETER_GOODS_ENABLED, random_.Between(0, 1)},
      {v1::POLICY_PARAMETER_DONATION_ENABLED, Rarely() ? 0 : 1},
      {v1::POLICY_PARAMETER_KIN_TRANSFER_ENABLED, Rarely() ? 0 : 1},
      {v1::POLICY_PARAMETER_COOLING_MS, static_cast<std::int64_t>(kDayMs - Below(2))},
      {v1::POLICY_PARAMETER_ENTRY_MAX_MINUTES, random_.Between(120, 240)},
      {v1::POLICY_PARAMETER_EARNED_CAP_MINUTES, random_.Between(100, 400)}};
  const Choice& choice = Pick(choices);
  auto* value = tx.add_values();
  value->set_parameter(static_cast<std::uint32_t>(choice.parameter));
  value->set_value(choice.value);
  auto* weight = tx.add_values();
  // Of a category of the rule book, or of one that exists from then on.
  weight->set_parameter(Below(4) == 0 ? 1'100 : 1'001 + static_cast<std::uint32_t>(Below(10)));
  weight->set_value(random_.Between(1'000, 1'500));
  if (Rarely()) weight->set_parameter(900);
  draft.by = {OfficerAt(tx.org(), v1::ROLE_REGULATOR, false)};
}

void Generator::Threshold(Draft& draft) {
  auto& tx = *draft.body.mutable_set_threshold();
  tx.set_org(Cast::OrgId(AnyOrg()));
  tx.set_action(v1::TransactionBody::kAppointOfficer);
  if (Rarely()) tx.set_action(16 + static_cast<std::uint32_t>(Below(8)));
  tx.set_persons(Rarely() ? 17 : 1 + static_cast<std::uint32_t>(Below(2)));
  draft.by = {OfficerAt(tx.org(), v1::ROLE_REGULATOR, false)};
  if (Below(2) == 0) draft.by.push_back(OfficerAt(tx.org(), v1::ROLE_REGULATOR, false));
}

void Generator::Budget(Draft& draft) {
  auto& tx = *draft.body.mutable_approve_budget();
  tx.set_district(Cast::OrgId(Below(2) == 0 ? "d1" : "d2"));
  const std::int64_t budget = ledger().orgs().at(tx.district()).budget;
  const std::vector<std::int64_t> choices = {budget - 1, budget, budget + 500, budget + 5'000, 0};
  tx.set_minutes(Pick(choices));
  draft.by = {OfficerAt(tx.district(), v1::ROLE_REGULATOR, false),
              OfficerAt(tx.district(), v1::ROLE_FINANCE, false)};
  if (Rarely()) draft.by.pop_back();
}

void Generator::Register(Draft& draft) {
  auto& tx = *draft.body.mutable_register_member();
  const std::string name = "n" + std::to_string(Below(12));
  tx.set_member(Cast::MemberId(name));
  tx.set_home_org(Cast::OrgId(Pick(std::vector<std::string>{"c1", "c1", "c2", "c4"})));
  tx.set_birth_year(Below(2) == 0 ? 1950 : 1980);
  *tx.add_keys() = world_.cast.NewKeyOf(name, 1);
  if (Rarely()) tx.mutable_keys(0)->set_proof(world_.cast.NewKeyOf("x", 1).proof());
  draft.by = {OfficerAt(tx.home_org(), v1::ROLE_CLERK, true)};
  const auto& people = world_.people;
  if (std::find(people.begin(), people.end(), name) == people.end() && Below(4) != 0) {
    // From here on it is one of the people, once the ledger knows it.
    pending_.push_back(name);
  }
}

void Generator::Key(Draft& draft) {
  const std::string name = AnyPerson();
  const Id member = Cast::MemberId(name);
  int& made = keys_made_.emplace(name, 1).first->second;
  draft.by = {MemberSigns(member)};
  if (Below(3) == 0) {
    auto& tx = *draft.body.mutable_revoke_key();
    tx.set_member(member);
    // The first key stays, else everybody would fall silent in the end.
    const int number =
        made == 1 ? 9 : 2 + static_cast<int>(Below(static_cast<std::uint64_t>(made - 1)));
    const auto& key = world_.cast.KeyOf(name, number);
    tx.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    return;
  }
  auto& tx = *draft.body.mutable_add_key();
  tx.set_member(member);
  if (made < 4 && !Rarely()) ++made;
  *tx.mutable_key() = world_.cast.NewKeyOf(name, made);
}

void Generator::Proxy(Draft& draft) {
  auto& tx = *draft.body.mutable_set_proxy();
  tx.set_member(Cast::MemberId(AnyPerson()));
  tx.set_proxy(Cast::MemberId(AnyPerson()));
  tx.set_scope(static_cast<std::uint32_t>(Below(17)));
  tx.set_until_ms(now() + 1 + Below(10 * kDayMs));
  draft.by = {MemberSigns(tx.member())};
  if (Below(4) == 0) {
    if (!Rarely()) tx.set_document_commitment(Commitment(1));
    draft.by = {OfficerAt(PersonOf(tx.member()).home, v1::ROLE_REVIEWER, true)};
  }
}

void Generator::Kin(Draft& draft) {
  auto& tx = *draft.body.mutable_register_kin();
  tx.set_member(Cast::MemberId(AnyPerson()));
  tx.set_relative(Cast::MemberId(AnyPerson()));
  tx.set_kinship(static_cast<v1::Kinship>(1 + Below(6)));
  tx.set_document_commitment(Commitment(2));
  draft.by = {OfficerAt(PersonOf(tx.member()).home, v1::ROLE_LISTER, true)};
}

void Generator::List(Draft& draft) {
  const std::string street = Pick(std::vector<std::string>{"s1", "s1", "s1", "s3", "s2", "d1"});
  const Id org = Cast::OrgId(street);
  std::set<Id> members;
  for (int i = 0; i < 12; ++i) {
    const Id member = Cast::MemberId(AnyPerson());
    for (Id at = PersonOf(member).home; ledger().orgs().contains(at);
         at = ledger().orgs().at(at).parent) {
      if (at == org) members.insert(member);
    }
  }
  if (Rarely()) members.insert(Cast::MemberId(AnyPerson()));
  const auto list_class = 1 + static_cast<std::uint32_t>(Below(2));
  const auto fill = [&](auto& tx) {
    tx.set_org(org);
    tx.set_list_class(list_class);
    for (const Id& member : members) tx.add_members(member);
  };
  if (Below(6) == 0) {
    fill(*draft.body.mutable_unlist_member());
  } else {
    fill(*draft.body.mutable_list_member());
  }
  draft.by = {OfficerAt(org, v1::ROLE_LISTER, false),
              OfficerAt(Cast::OrgId("clinic"), v1::ROLE_ASSESSOR, false)};
}

void Generator::Grant(Draft& draft) {
  auto& tx = *draft.body.mutable_grant_run();
  tx.set_district(Cast::OrgId(Below(4) == 0 ? "d2" : "d1"));
  const auto month = LocalMonth(Millis(now()), kCivilOffsetMinutes);
  tx.set_month(month);
  if (Below(3) == 0) tx.set_month(month % 100 == 12 ? month + 89 : month + 1);
  if (Rarely()) tx.set_month(month % 100 == 1 ? month - 89 : month - 1);
  tx.set_list_class(1 + static_cast<std::uint32_t>(Below(2)));
  std::set<Id> members;
  for (const auto& [id, person] : ledger().people()) {
    const bool listed = person.classes.contains(tx.list_class());
    if ((listed && Below(3) == 0) || random_.Chance(1, 200)) members.insert(id);
  }
  std::string all;
  for (const Id& member : members) {
    tx.add_members(member);
    all += member;
  }
  if (Rarely()) all += "!";
  tx.set_list_hash(crypto::Sha256(AsBytes(all)).str());
  draft.by = {OfficerAt(tx.district(), v1::ROLE_REGULATOR, false),
              OfficerAt(tx.district(), v1::ROLE_FINANCE, false)};
}

void Generator::Donate(Draft& draft) {
  auto& tx = *draft.body.mutable_donate();
  const Id donor = WithEarned();
  tx.set_hold(FreshId());
  tx.set_org(Cast::OrgId(AnyOrg()));
  tx.set_minutes(Amount(ledger().BalanceOf(donor, v1::ACCOUNT_KIND_EARNED)));
  draft.by = {MemberSigns(donor)};
}

void Generator::RevokeDonation(Draft& draft) {
  std::vector<Id> holds;
  for (const auto& [id, hold] : ledger().holds()) {
    if (hold.purpose == v1::HOLD_PURPOSE_DONATION || Rarely()) holds.push_back(id);
  }
  if (holds.empty()) return;
  const Id id = Pick(holds);
  draft.body.mutable_revoke_donation()->set_hold(id);
  draft.by = {MemberSigns(ledger().holds().at(id).owner)};
}

void Generator::Transfer(Draft& draft) {
  auto& tx = *draft.body.mutable_transfer();
  const Id from = WithEarned();
  tx.set_to(Cast::MemberId(AnyPerson()));
  for (const auto& [relative, kinship] : PersonOf(from).kin) {
    if (Below(2) == 0) tx.set_to(relative);
  }
  tx.set_minutes(Amount(ledger().BalanceOf(from, v1::ACCOUNT_KIND_EARNED)));
  draft.by = {MemberSigns(from)};
}

// Somebody with earned minutes or in debt, if there is one.
Id Generator::WithEarned() {
  std::vector<Id> rich;
  for (const auto& [key, amount] : ledger().balances()) {
    const auto account = std::get<1>(key);
    const bool counts = account == v1::ACCOUNT_KIND_EARNED || account == v1::ACCOUNT_KIND_DEBT;
    if (counts) rich.push_back(std::get<0>(key));
  }
  return rich.empty() || Rarely() ? Cast::MemberId(AnyPerson()) : Pick(rich);
}

}  // namespace timebank::model
