// Identities of this machine: making keys, listing them, showing what others may know of them.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "api/client/transaction_builder.h"
#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

struct NewOptions {
  std::string name;
  std::string home_org;
};

struct ShowOptions {
  std::string name;
  bool proof = false;
};

Json JsonOf(Context& context, const Identity& identity) {
  Json offices = Json::array();
  for (const Office& office : identity.offices) {
    offices.push_back({{"role", NameOfRole(office.role)}, {"org", ToHex(office.org.view())}});
  }
  Json out = {{"name", identity.name},
              {"member", ToHex(identity.member.view())},
              {"home", ToHex(identity.home.view())},
              {"home_name", context.NameOfOrg(identity.home.text())},
              {"offices", offices}};
  if (identity.key) {
    out["public_key"] = ToHex(identity.key->public_key().view());
    out["key_id"] = ToHex(crypto::KeyIdOf(identity.key->public_key()).view());
  }
  return out;
}

std::string OfficesOf(Context& context, const Identity& identity) {
  std::string out;
  for (const Office& office : identity.offices) {
    if (!out.empty()) out += ", ";
    out += NameOfRole(office.role) + "@" + context.NameOfOrg(office.org.text());
  }
  return out;
}

void TellIdentity(Context& context, const Json& identity) {
  if (context.json()) return PrintJson(identity);
  for (const auto& [name, value] : identity.items()) {
    PrintText(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
}

Result<Exit> New(Context& context, const NewOptions& options) {
  Inputs in(context);
  Identity identity;
  identity.name = options.name;
  identity.member = platform::Random<MemberId>();
  if (!options.home_org.empty()) identity.home = in.Org(options.home_org, "--home-org");
  if (in.failed()) return in.failure();
  identity.key = platform::NewSecretKey();
  const auto made = context.CreateIdentity(identity);
  if (!made) return Unexpected{made.error()};
  TellIdentity(context, JsonOf(context, identity));
  return Exit::kOk;
}

Result<Exit> List(Context& context) {
  const IdentityStore store = context.Identities();
  Json all = Json::array();
  Table table(
      {context.Say(Text::kName), context.Say(Text::kMember), context.Say(Text::kOrganisation), ""});
  for (const std::string& name : store.Names()) {
    const auto identity = store.OpenPublic(name);
    if (!identity) return Unexpected{LocalFailure(identity.error())};
    all.push_back(JsonOf(context, *identity));
    table.Add({name, ToHex(identity->member.view()), context.NameOfOrg(identity->home.text()),
               OfficesOf(context, *identity)});
  }
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(store.directory() + "\n" + table.Text());
  }
  return Exit::kOk;
}

// With --proof: the public key and the signature that a clerk needs to register it. The key never
// leaves this machine.
Result<Exit> Show(Context& context, const ShowOptions& options) {
  if (!options.proof) {
    const auto identity = context.Identities().OpenPublic(options.name);
    if (!identity) return Unexpected{LocalFailure(identity.error())};
    Json out = JsonOf(context, *identity);
    const auto key =
        platform::ReadPublicKey(context.Identities().directory() + "/" + options.name + ".key");
    if (key) {
      out["public_key"] = ToHex(key->view());
      out["key_id"] = ToHex(crypto::KeyIdOf(*key).view());
    }
    TellIdentity(context, out);
    return Exit::kOk;
  }
  const auto identity = context.Person(options.name);
  if (!identity) return Unexpected{identity.error()};
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  Json out = JsonOf(context, **identity);
  const v1::NewKey proven =
      client::ProveKey((*genesis)->chain_id, (*identity)->member, *(*identity)->key);
  out["new_key"] = ToHex(AsBytes(proven.SerializeAsString()));
  TellIdentity(context, out);
  return Exit::kOk;
}

}  // namespace

void AddKeyCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"keys", "Identities and keys of this machine", ""});
  auto made = std::make_shared<NewOptions>();
  CLI::App* create = program.Add(
      *family, {"new", "Make an identity: a random member id and a key", "timebank keys new wang"},
      [made](Context& context) { return New(context, *made); });
  create->add_option("NAME", made->name, "name of the identity on this machine")->required();
  create->add_option("--home-org", made->home_org, "home organisation: id, code or name");

  program.Add(*family, {"list", "All identities of this machine", "timebank keys list"}, List);

  auto shown = std::make_shared<ShowOptions>();
  CLI::App* show = program.Add(
      *family,
      {"show", "Public part of an identity; with --proof, what a clerk needs to register its key",
       "timebank keys show wang --proof"},
      [shown](Context& context) { return Show(context, *shown); });
  show->add_option("NAME", shown->name, "name of the identity")->required();
  show->add_flag("--proof", shown->proof, "also prove possession of the key for this ledger");
}

}  // namespace timebank::cli
