#include "tests/scenario/verbs.h"

#include <algorithm>
#include <charconv>

#include "chain/canonical.h"
#include "crypto/sha256.h"

namespace timebank::scenario {
namespace {

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string Commitment(const std::string& of) {
  return crypto::Sha256(AsBytes("commitment/" + of)).str();
}

}  // namespace

const std::vector<Verbs::Entry>& Verbs::Table() {
  static const std::vector<Entry> kTable = {
      {"create-org", &Verbs::CreateOrg, {v1::ROLE_REGULATOR}},
      {"appoint", &Verbs::Appoint, {v1::ROLE_REGULATOR, v1::ROLE_FINANCE}},
      {"dismiss", &Verbs::Dismiss, {v1::ROLE_REGULATOR}},
      {"policy", &Verbs::Policy, {v1::ROLE_REGULATOR}},
      {"threshold", &Verbs::Threshold, {v1::ROLE_REGULATOR}},
      {"approve-budget", &Verbs::ApproveBudget, {v1::ROLE_REGULATOR, v1::ROLE_FINANCE}},
      {"register", &Verbs::Register, {v1::ROLE_CLERK}},
      {"add-key", &Verbs::AddKey, {}},
      {"revoke-key", &Verbs::RevokeKey, {}},
      {"proxy", &Verbs::Proxy, {v1::ROLE_REVIEWER}},
      {"kin", &Verbs::Kin, {v1::ROLE_LISTER, v1::ROLE_CLERK}},
      {"list", &Verbs::List, {v1::ROLE_LISTER, v1::ROLE_ASSESSOR}},
      {"unlist", &Verbs::Unlist, {v1::ROLE_LISTER, v1::ROLE_ASSESSOR}},
      {"grant", &Verbs::Grant, {v1::ROLE_REGULATOR, v1::ROLE_FINANCE}},
      {"donate", &Verbs::Donate, {}},
      {"revoke-donation", &Verbs::RevokeDonation, {}},
      {"transfer", &Verbs::Transfer, {}},
      {"order", &Verbs::Order, {v1::ROLE_DISPATCHER}},
      {"claim", &Verbs::Claim, {}},
      {"checkin", &Verbs::CheckIn, {}},
      {"checkout", &Verbs::CheckOut, {}},
      {"submit", &Verbs::Submit, {}},
      {"confirm", &Verbs::Confirm, {}},
      {"approve", &Verbs::Approve, {v1::ROLE_APPROVER}},
      {"review", &Verbs::Review, {v1::ROLE_REVIEWER}},
      {"reject", &Verbs::Reject, {v1::ROLE_APPROVER}},
      {"cancel", &Verbs::Cancel, {v1::ROLE_DISPATCHER}},
      {"noshow", &Verbs::NoShow, {v1::ROLE_DISPATCHER}},
      {"paper", &Verbs::Paper, {v1::ROLE_CLERK}},
      {"correct", &Verbs::Correct, {v1::ROLE_APPROVER, v1::ROLE_REVIEWER}},
      {"offer", &Verbs::Offer, {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}},
      {"redeem", &Verbs::Redeem, {v1::ROLE_TERMINAL}},
      {"accept", &Verbs::Accept, {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}},
      {"decline", &Verbs::Decline, {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}},
      {"fulfil", &Verbs::Fulfil, {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}},
      {"confirm-redemption", &Verbs::ConfirmRedemption, {v1::ROLE_TERMINAL, v1::ROLE_CLERK}},
      {"cancel-redemption", &Verbs::CancelRedemption, {}},
  };
  return kTable;
}

bool Verbs::Knows(const std::string& verb) {
  return std::any_of(Table().begin(), Table().end(),
                     [&](const Entry& entry) { return entry.verb == verb; });
}

Verbs::Body Verbs::Build(const Line& line, Time now_ms) {
  now_ms_ = now_ms;
  pending_name_.clear();
  Body body;
  const auto valid = ParseDuration(line.Option("valid", "30m"));
  if (!valid) errors_.push_back("not a duration: " + line.Option("valid"));
  body.set_valid_until_ms(now_ms + static_cast<Time>(valid.value_or(0)));
  for (const Entry& entry : Table()) {
    if (entry.verb == line.verb) (this->*entry.fill)(line, body);
  }
  return body;
}

void Verbs::Accepted() {
  if (!pending_name_.empty()) known_[pending_name_].content = pending_content_;
}

// "A", "A/2", "A:approver@elm", "A/2:proxy".
std::vector<model::Signature> Verbs::SignersOf(const Line& line) {
  std::vector<model::Signature> signers;
  for (const std::string& word : line.by) {
    const auto colon = word.find(':');
    const std::string who = word.substr(0, colon);
    const auto slash = who.find('/');
    model::Signature signature{.name = who.substr(0, slash)};
    if (slash != std::string::npos) {
      signature.key = static_cast<int>(NumberOf(who.substr(slash + 1)));
    }
    if (colon != std::string::npos) {
      const std::string capacity = word.substr(colon + 1);
      const auto at = capacity.find('@');
      signature.role = RoleOf(capacity.substr(0, at));
      if (at != std::string::npos) signature.org = capacity.substr(at + 1);
      signers.push_back(signature);
      continue;
    }
    signature.role = Capacity(line, signature.name, signature.org);
    signers.push_back(signature);
  }
  return signers;
}

v1::Role Verbs::Capacity(const Line& line, const std::string& name, std::string& org) {
  std::vector<v1::Role> offices;
  std::string self = name;
  for (const Entry& entry : Table()) {
    if (entry.verb == line.verb) offices = entry.offices;
  }
  const std::string channel = line.Option("channel", "app");
  if (line.verb == "confirm" && channel == "card") offices = {v1::ROLE_TERMINAL};
  if (line.verb == "confirm" && channel == "callback") offices = {v1::ROLE_DISPATCHER};
  if (line.verb == "confirm" && channel == "paper") offices = {v1::ROLE_CLERK};
  for (const v1::Role role : offices) {
    for (const model::OfficeOf& office : cast_.OfficesOf(name)) {
      if (office.role != role) continue;
      org = office.org;
      return role;
    }
  }
  if (line.verb == "order" || line.verb == "cancel" || line.verb == "noshow") {
    const auto known = known_.find(Word(line, 0));
    self = line.Option("elder", known == known_.end() ? "" : known->second.elder);
  }
  if (line.verb == "redeem") self = line.Option("holder");
  if (line.verb == "cancel-redemption") self = known_[Word(line, 0)].elder;
  if (channel == "proxy") return v1::ROLE_PROXY;
  return self == name ? v1::ROLE_MEMBER : v1::ROLE_PROXY;
}

void Verbs::CreateOrg(const Line& line, Body& body) {
  auto& tx = *body.mutable_create_organisation();
  tx.set_org(model::Cast::OrgId(Word(line, 0)));
  tx.set_parent(model::Cast::OrgId(line.Option("parent")));
  tx.set_kind(Named(&v1::OrganisationKind_Parse, "ORGANISATION_KIND_", line.Option("kind")));
  tx.set_name(Word(line, 0));
}

void Verbs::Appoint(const Line& line, Body& body) {
  auto& tx = *body.mutable_appoint_officer();
  tx.set_org(model::Cast::OrgId(Word(line, 2)));
  tx.set_member(model::Cast::MemberId(Word(line, 0)));
  tx.set_role(RoleOf(Word(line, 1)));
  if (line.expect.empty()) cast_.NoteOffice(Word(line, 0), {Word(line, 2), tx.role()});
}

void Verbs::Dismiss(const Line& line, Body& body) {
  auto& tx = *body.mutable_dismiss_officer();
  tx.set_org(model::Cast::OrgId(Word(line, 2)));
  tx.set_member(model::Cast::MemberId(Word(line, 0)));
  tx.set_role(RoleOf(Word(line, 1)));
}

void Verbs::Policy(const Line& line, Body& body) {
  auto& tx = *body.mutable_set_policy();
  tx.set_org(model::Cast::OrgId(Word(line, 0)));
  tx.set_effective_from_ms(At(line, "from", now_ms_));
  std::map<std::uint32_t, std::int64_t> values;
  for (const auto& [key, value] : line.options) {
    if (key != "from" && key != "valid") values[ParameterOf(key)] = NumberOf(value);
  }
  for (const auto& [parameter, value] : values) {
    auto* out = tx.add_values();
    out->set_parameter(parameter);
    out->set_value(value);
  }
}

void Verbs::Threshold(const Line& line, Body& body) {
  auto& tx = *body.mutable_set_threshold();
  tx.set_org(model::Cast::OrgId(Word(line, 0)));
  tx.set_action(Number(line, "action", "0"));
  tx.set_persons(Number(line, "persons", "0"));
}

void Verbs::ApproveBudget(const Line& line, Body& body) {
  auto& tx = *body.mutable_approve_budget();
  tx.set_district(model::Cast::OrgId(Word(line, 0)));
  tx.set_minutes(NumberOf(line.Option("minutes")));
}

void Verbs::Register(const Line& line, Body& body) {
  auto& tx = *body.mutable_register_member();
  const std::string name = Word(line, 0);
  tx.set_member(model::Cast::MemberId(name));
  tx.set_home_org(model::Cast::OrgId(line.Option("home")));
  tx.set_birth_year(Number(line, "born", "0"));
  *tx.add_keys() = cast_.NewKeyOf(name, 1);
  if (line.Option("proof") == "wrong") {
    tx.mutable_keys(0)->set_proof(cast_.NewKeyOf(name + "!", 1).proof());
  }
  SetHome(name, line.Option("home"));
}

void Verbs::AddKey(const Line& line, Body& body) {
  auto& tx = *body.mutable_add_key();
  tx.set_member(model::Cast::MemberId(Word(line, 0)));
  const int number = static_cast<int>(Number(line, "key", "2"));
  *tx.mutable_key() = cast_.NewKeyOf(Word(line, 0), number);
  if (line.Option("proof") == "wrong") {
    tx.mutable_key()->set_proof(cast_.NewKeyOf(Word(line, 0) + "!", number).proof());
  }
}

void Verbs::RevokeKey(const Line& line, Body& body) {
  auto& tx = *body.mutable_revoke_key();
  tx.set_member(model::Cast::MemberId(Word(line, 0)));
  const auto& key = cast_.KeyOf(Word(line, 0), static_cast<int>(Number(line, "key", "1")));
  tx.set_key_id(crypto::KeyIdOf(key.public_key()).str());
}

void Verbs::Proxy(const Line& line, Body& body) {
  static const std::map<std::string, std::uint32_t> kScopes = {
      {"none", 0}, {"confirm", 1}, {"redeem", 2}, {"view", 4}, {"order", 8}, {"all", 15}};
  auto& tx = *body.mutable_set_proxy();
  tx.set_member(model::Cast::MemberId(line.Option("member")));
  tx.set_proxy(model::Cast::MemberId(line.Option("proxy")));
  tx.set_until_ms(At(line, "until", 0));
  const auto scope = kScopes.find(line.Option("scope"));
  if (scope == kScopes.end()) errors_.push_back("no such scope: " + line.Option("scope"));
  tx.set_scope(scope == kScopes.end() ? 0 : scope->second);
  if (line.Option("document") == "yes") tx.set_document_commitment(Commitment("document"));
}

void Verbs::Kin(const Line& line, Body& body) {
  auto& tx = *body.mutable_register_kin();
  tx.set_member(model::Cast::MemberId(line.Option("member")));
  tx.set_relative(model::Cast::MemberId(line.Option("relative")));
  tx.set_kinship(Named(&v1::Kinship_Parse, "KINSHIP_", line.Option("kinship")));
  tx.set_document_commitment(Commitment("kin"));
}

void Verbs::List(const Line& line, Body& body) {
  auto& tx = *body.mutable_list_member();
  tx.set_org(model::Cast::OrgId(line.Option("org")));
  tx.set_list_class(Number(line, "class", "1"));
  for (const std::string& name : line.words) tx.add_members(model::Cast::MemberId(name));
  std::sort(tx.mutable_members()->begin(), tx.mutable_members()->end());
}

void Verbs::Unlist(const Line& line, Body& body) {
  Body as_list;
  List(line, as_list);
  auto& tx = *body.mutable_unlist_member();
  tx.set_org(as_list.list_member().org());
  tx.set_list_class(as_list.list_member().list_class());
  *tx.mutable_members() = as_list.list_member().members();
}

void Verbs::Grant(const Line& line, Body& body) {
  auto& tx = *body.mutable_grant_run();
  tx.set_district(model::Cast::OrgId(line.Option("org")));
  tx.set_month(static_cast<std::uint32_t>(NumberOf(Word(line, 0))));
  tx.set_list_class(Number(line, "class", "1"));
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    tx.add_members(model::Cast::MemberId(line.words[i]));
  }
  std::sort(tx.mutable_members()->begin(), tx.mutable_members()->end());
  std::string all;
  for (const std::string& member : tx.members()) all += member;
  if (line.Option("hash") == "wrong") all += "!";
  tx.set_list_hash(crypto::Sha256(AsBytes(all)).str());
}

void Verbs::Donate(const Line& line, Body& body) {
  auto& tx = *body.mutable_donate();
  tx.set_hold(IdOf(line, Word(line, 0)));
  tx.set_org(model::Cast::OrgId(line.Option("org")));
  tx.set_minutes(NumberOf(line.Option("minutes")));
}

void Verbs::RevokeDonation(const Line& line, Body& body) {
  body.mutable_revoke_donation()->set_hold(IdOf(line, Word(line, 0)));
}

void Verbs::Transfer(const Line& line, Body& body) {
  auto& tx = *body.mutable_transfer();
  tx.set_to(model::Cast::MemberId(line.Option("to")));
  tx.set_minutes(NumberOf(line.Option("minutes")));
}

std::string Verbs::IdOf(const Line& line, const std::string& name) {
  Known& known = known_[name];
  if (known.id.empty()) known.id = model::Cast::TimedId(name, At(line, "idtime", now_ms_));
  return known.id;
}

std::string Verbs::Word(const Line& line, std::size_t index) {
  if (index < line.words.size()) return line.words[index];
  errors_.push_back("a word is missing: " + line.text);
  return "";
}

Time Verbs::At(const Line& line, const std::string& key, Time otherwise) {
  const std::string text = line.Option(key);
  if (text.empty()) return otherwise;
  const auto at = ParseTime(text);
  if (!at) errors_.push_back("not a time: " + text);
  return at.value_or(otherwise);
}

std::int64_t Verbs::NumberOf(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    const auto duration = ParseDuration(text);
    if (!duration) errors_.push_back("not a number: " + text);
    value = duration.value_or(0);
  }
  return value;
}

std::uint32_t Verbs::Number(const Line& line, const std::string& key,
                            const std::string& otherwise) {
  return static_cast<std::uint32_t>(NumberOf(line.Option(key, otherwise)));
}

std::uint32_t Verbs::ParameterOf(const std::string& name) {
  if (name.front() >= '0' && name.front() <= '9') return static_cast<std::uint32_t>(NumberOf(name));
  return static_cast<std::uint32_t>(Named(&v1::PolicyParameter_Parse, "POLICY_PARAMETER_", name));
}

v1::Role Verbs::RoleOf(const std::string& name) { return Named(&v1::Role_Parse, "ROLE_", name); }

v1::OrganisationKind Verbs::OrgKindOf(const std::string& name) {
  return Named(&v1::OrganisationKind_Parse, "ORGANISATION_KIND_", name);
}

template <typename Enum>
Enum Verbs::Named(bool (*parse)(const std::string&, Enum*), const std::string& prefix,
                  const std::string& name) {
  Enum value{};
  if (!parse(prefix + Upper(name), &value)) errors_.push_back("no such " + prefix + ": " + name);
  return value;
}

}  // namespace timebank::scenario
