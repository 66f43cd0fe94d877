// Members: registering them, their keys, proxies and relatives, and what the ledger has of them.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

struct RegisterOptions {
  std::string name;
  std::string home_org;
  std::string birth_year = "0";
  std::string new_key;
  bool no_key = false;
};

struct ProxyOptions {
  std::string member;
  std::string proxy;
  std::string scope;
  std::string until;
  std::string document;
};

struct KinOptions {
  std::string member;
  std::string relative;
  std::string kinship;
  std::string document;
};

// The identity `name` of this machine, made where there is none.
Result<Identity> FindOrMake(Context& context, const RegisterOptions& options, const OrgId& home) {
  const IdentityStore store = context.Identities();
  const auto known = store.OpenPublic(options.name);
  if (known) {
    auto opened = store.Open(options.name);
    if (!opened) return Unexpected{LocalFailure(opened.error())};
    if (opened->home.IsZero()) {
      opened->home = home;
      const auto saved = store.SavePublic(*opened);
      if (!saved) return Unexpected{LocalFailure(saved.error())};
    }
    return *opened;
  }
  Identity identity;
  identity.name = options.name;
  identity.member = platform::Random<MemberId>();
  identity.home = home;
  if (!options.no_key) identity.key = platform::NewSecretKey();
  const auto made = context.CreateIdentity(identity);
  if (!made) return Unexpected{made.error()};
  return identity;
}

Result<Exit> Register(Context& context, const RegisterOptions& options) {
  Inputs in(context);
  const OrgId home = in.Org(options.home_org, "--home-org");
  const auto year = in.Number(options.birth_year, "--birth-year", {0, 9999});
  if (in.failed()) return in.failure();
  const auto chain_id = context.ChainId();
  if (!chain_id) return Unexpected{chain_id.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_CLERK}};
  v1::RegisterMember& member = *deed.body.mutable_register_member();
  if (!options.new_key.empty()) {
    // Somebody else's key and proof, from `keys show --proof` on their machine.
    const auto bytes = FromHex(options.new_key);
    const auto id = ParseHex(options.name, "NAME (with --new-key: the member id)", MemberId::kSize);
    if (!id) return Unexpected{id.error()};
    if (!bytes || !member.add_keys()->ParseFromString(ToString(*bytes))) {
      return Unexpected{UsageFailure("--new-key is not what `timebank keys show --proof` prints")};
    }
    member.set_member(*id);
  } else {
    const auto identity = FindOrMake(context, options, home);
    if (!identity) return Unexpected{identity.error()};
    member.set_member(identity->member.str());
    if (identity->key) {
      *member.add_keys() = client::ProveKey(*chain_id, identity->member, *identity->key);
    }
  }
  member.set_home_org(home.str());
  member.set_birth_year(static_cast<std::uint32_t>(year));
  deed.facts = {{"member", ToHex(AsBytes(member.member()))}};
  return Record(context, deed);
}

// A second identity of the same member with a key of its own: a backup, or a new phone.
Result<Exit> AddKey(Context& context, const std::string& name) {
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  const auto chain_id = context.ChainId();
  if (!chain_id) return Unexpected{chain_id.error()};
  Identity backup = **self;
  backup.name = name;
  backup.key = platform::NewSecretKey();
  const auto made = context.CreateIdentity(backup);
  if (!made) return Unexpected{made.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  v1::AddKey& add = *deed.body.mutable_add_key();
  add.set_member(backup.member.str());
  *add.mutable_key() = client::ProveKey(*chain_id, backup.member, *backup.key);
  deed.facts = {{"key_id", ToHex(crypto::KeyIdOf(backup.key->public_key()).view())}};
  return Record(context, deed);
}

Result<Exit> RevokeKey(Context& context, const std::string& key_id) {
  Inputs in(context);
  const std::string id = in.Hex(key_id, "KEY_ID", KeyId::kSize);
  if (in.failed()) return in.failure();
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  deed.body.mutable_revoke_key()->set_member((*self)->member.str());
  deed.body.mutable_revoke_key()->set_key_id(id);
  return Record(context, deed);
}

// "confirm,order" -> bits; "none" revokes.
Result<std::uint32_t> ScopeOf(const std::string& text) {
  if (text == "none") return 0U;
  std::uint32_t scope = 0;
  std::string rest = text + ",";
  for (std::size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    const std::string word = rest.substr(0, comma);
    rest.erase(0, comma + 1);
    const std::uint32_t bit = word == "confirm"  ? 1U
                              : word == "redeem" ? 2U
                              : word == "view"   ? 4U
                              : word == "order"  ? 8U
                                                 : 0U;
    if (bit == 0) {
      return Unexpected{UsageFailure("--scope '" + text +
                                     "' is not a list of confirm, redeem, view, order; or none")};
    }
    scope |= bit;
  }
  return scope;
}

Result<Exit> SetProxy(Context& context, const ProxyOptions& options) {
  Inputs in(context);
  const auto scope = ScopeOf(options.scope);
  if (!scope) return Unexpected{scope.error()};
  const SlipParty proxy = in.Member(options.proxy, "--proxy");
  const std::string document = in.Hex(options.document, "--document", Hash::kSize);
  const Millis until = *scope == 0 ? Millis(0) : in.Time(options.until, "--until");
  if (in.failed()) return in.failure();
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  MemberId member = (*self)->member;
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  if (!options.member.empty()) {
    member = in.Member(options.member, "--member").member;
    if (in.failed()) return in.failure();
    if (member != (*self)->member) deed.roles = {v1::ROLE_REVIEWER};
  }
  v1::SetProxy& set = *deed.body.mutable_set_proxy();
  set.set_member(member.str());
  set.set_proxy(proxy.member.str());
  set.set_scope(*scope);
  set.set_until_ms(until.value());
  set.set_document_commitment(document);
  return Record(context, deed);
}

Result<Exit> RegisterKin(Context& context, const KinOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_LISTER}};
  v1::RegisterKin& kin = *deed.body.mutable_register_kin();
  kin.set_member(in.Member(options.member, "--member").member.str());
  kin.set_relative(in.Member(options.relative, "--relative").member.str());
  kin.set_kinship(in.Word<v1::Kinship>(options.kinship, "--kinship"));
  kin.set_document_commitment(in.Hex(options.document, "--document", Hash::kSize));
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

Json JsonOf(Context& context, const v1::Member& member) {
  Json keys = Json::array();
  for (const v1::MemberKey& key : member.keys()) {
    keys.push_back({{"key_id", ToHex(AsBytes(key.key_id()))},
                    {"since", Rfc3339(key.since_ms(), context.CivilOffset())},
                    {"revoked", key.revoked_ms() != 0}});
  }
  Json offices = Json::array();
  for (const v1::Office& office : member.offices()) {
    offices.push_back({{"role", NameOfRole(office.role())},
                       {"org", ToHex(AsBytes(office.org()))},
                       {"org_name", context.NameOfOrg(office.org())}});
  }
  Json listings = Json::array();
  for (const v1::Listing& listing : member.listings()) listings.push_back(listing.list_class());
  Json kin = Json::array();
  for (const v1::KinLink& link : member.kin()) {
    kin.push_back(
        {{"relative", ToHex(AsBytes(link.relative()))}, {"kinship", WordOf(link.kinship())}});
  }
  Json proxies = Json::array();
  for (const v1::ProxyGrant& grant : member.proxies()) {
    proxies.push_back({{"proxy", ToHex(AsBytes(grant.proxy()))},
                       {"scope", grant.scope()},
                       {"until", Rfc3339(grant.until_ms(), context.CivilOffset())}});
  }
  return {{"member", ToHex(AsBytes(member.member()))},
          {"name", context.NameOf(member.member())},
          {"home", ToHex(AsBytes(member.home_org()))},
          {"home_name", context.NameOfOrg(member.home_org())},
          {"birth_year", member.birth_year()},
          {"status", WordOf(member.status())},
          {"created", Rfc3339(member.created_ms(), context.CivilOffset())},
          {"entries_approved", member.entries_approved()},
          {"honours_minutes", member.honours_minutes()},
          {"keys", keys},
          {"offices", offices},
          {"listings", listings},
          {"proxies", proxies},
          {"kin", kin}};
}

Result<Exit> Show(Context& context, const std::string& text) {
  Inputs in(context);
  const SlipParty who = in.Member(text, "MEMBER");
  if (in.failed()) return in.failure();
  const auto member = ReadMember(context, who.member);
  if (!member) return Unexpected{member.error()};
  const Json out = JsonOf(context, *member);
  if (context.json()) {
    PrintJson(out);
    return Exit::kOk;
  }
  for (const auto& [name, value] : out.items()) {
    PrintText(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return Exit::kOk;
}

Result<Exit> List(Context& context, const std::string& text) {
  Inputs in(context);
  const OrgId org = in.Org(text, "ORG");
  if (in.failed()) return in.failure();
  v1::ListMembersRequest request;
  request.set_org(org.str());
  Json all = Json::array();
  Table table({context.Say(Text::kMember), "", context.Say(Text::kOrganisation), "birth", ""});
  do {
    const auto page = Read<v1::ListMembersResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Member& member : page->members()) {
      if (context.json()) all.push_back(JsonOf(context, member));
      table.Add({ToHex(AsBytes(member.member())), context.NameOf(member.member()),
                 context.NameOfOrg(member.home_org()), std::to_string(member.birth_year()),
                 WordOf(member.status())});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

void AddReads(CLI::App& family, Program& program) {
  auto who = std::make_shared<std::string>();
  CLI::App* show = program.Add(
      family,
      {"show", "What the ledger has of a member", "timebank --as M00001 member show M00001"},
      [who](Context& context) { return Show(context, *who); });
  show->add_option("MEMBER", *who, "identity name or member id")->required();
  auto org = std::make_shared<std::string>();
  CLI::App* list = program.Add(family,
                               {"list", "Members whose home lies under an organisation",
                                "timebank --as clerk-c03 member list c03"},
                               [org](Context& context) { return List(context, *org); });
  list->add_option("ORG", *org, "organisation: id, code or name")->required();
}

void AddLinks(CLI::App& family, Program& program) {
  auto proxy = std::make_shared<ProxyOptions>();
  CLI::App* set = program.Add(
      family,
      {"proxy", "Let another person act for a member, or stop it with --scope none",
       "timebank --as M01761 member proxy --proxy M00002 --scope confirm,order --until 2022-01-01"},
      [proxy](Context& context) { return SetProxy(context, *proxy); });
  set->add_option("--proxy", proxy->proxy, "who may act")->required();
  set->add_option("--scope", proxy->scope, "confirm, redeem, view, order, comma-separated; or none")
      ->required();
  set->add_option("--until", proxy->until, "end of it");
  set->add_option("--member", proxy->member, "for whom (default: --as; else a reviewer signs)");
  set->add_option("--document", proxy->document, "commitment to the document, 64 hex digits");
  auto kin = std::make_shared<KinOptions>();
  CLI::App* relate = program.Add(
      family,
      {"kin", "Register two members as relatives",
       "timebank --as lister-s1 member kin --member M00001 --relative M00002 --kinship spouse"},
      [kin](Context& context) { return RegisterKin(context, *kin); });
  relate->add_option("--member", kin->member, "the member")->required();
  relate->add_option("--relative", kin->relative, "the relative")->required();
  relate->add_option("--kinship", kin->kinship, "what the relative is to the member")->required();
  relate->add_option("--document", kin->document, "commitment to the document, 64 hex digits");
}

}  // namespace

void AddMemberCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"member", "People and devices of the ledger", ""});
  auto options = std::make_shared<RegisterOptions>();
  CLI::App* enrol =
      program.Add(*family,
                  {"register", "Enter a member; signed by a clerk",
                   "timebank --as clerk-1 member register wang --home-org c03 --birth-year 1950"},
                  [options](Context& context) { return Register(context, *options); });
  enrol->add_option("NAME", options->name, "identity, made where there is none; or a member id")
      ->required();
  enrol->add_option("--home-org", options->home_org, "home organisation")->required();
  enrol->add_option("--birth-year", options->birth_year, "year of birth; 0 for a device");
  enrol->add_option("--new-key", options->new_key, "key and proof from `keys show --proof`");
  enrol->add_flag("--no-key", options->no_key, "a person without a phone");
  auto backup = std::make_shared<std::string>();
  CLI::App* add =
      program.Add(*family,
                  {"add-key", "Register a further key of oneself, kept as a new identity",
                   "timebank --as wang member add-key wang-backup"},
                  [backup](Context& context) { return AddKey(context, *backup); });
  add->add_option("NAME", *backup, "name of the new identity")->required();
  auto key_id = std::make_shared<std::string>();
  CLI::App* revoke =
      program.Add(*family,
                  {"revoke-key", "Revoke a key of oneself",
                   "timebank --as wang member revoke-key 0a1b2c3d4e5f6071"},
                  [key_id](Context& context) { return RevokeKey(context, *key_id); });
  revoke->add_option("KEY_ID", *key_id, "16 hexadecimal digits")->required();
  AddLinks(*family, program);
  AddReads(*family, program);
}

}  // namespace timebank::cli
