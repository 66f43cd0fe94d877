#include "wallet-cli/identity.h"

#include <dirent.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "ledger/form.h"
#include "platform/file.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kRolePrefix = "ROLE_";

Json ToJson(const Identity& identity) {
  Json offices = Json::array();
  for (const Office& office : identity.offices) {
    offices.push_back({{"role", NameOfRole(office.role)}, {"org", ToHex(office.org.view())}});
  }
  Json out = {{"name", identity.name},
              {"member", ToHex(identity.member.view())},
              {"home", ToHex(identity.home.view())},
              {"offices", offices},
              {"has_key", identity.key.has_value()}};
  if (identity.key) out["public_key"] = ToHex(identity.key->public_key().view());
  return out;
}

template <typename Fixed>
std::optional<Fixed> FixedFromHex(const Json& json, const char* field) {
  const auto bytes = FromHex(json.value(field, std::string()));
  return bytes ? Fixed::From(ByteView(*bytes)) : std::nullopt;
}

Expected<Identity, std::string> FromJson(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Unexpected{path + " is not a JSON object"};
  Identity identity;
  identity.name = json.value("name", std::string());
  const auto member = FixedFromHex<MemberId>(json, "member");
  const auto home = FixedFromHex<OrgId>(json, "home");
  if (!member || !home) return Unexpected{path + ": member or home is not 32 hex digits"};
  identity.member = *member;
  identity.home = *home;
  for (const Json& office : json.value("offices", Json::array())) {
    const auto role = RoleOfName(office.value("role", std::string()));
    const auto org = FixedFromHex<OrgId>(office, "org");
    if (!role || !org) return Unexpected{path + ": an office has no role or organisation"};
    identity.offices.push_back({*role, *org});
  }
  return identity;
}

}  // namespace

bool IsIdentityName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] != '.' && ledger::IsPublicText(name) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.';
         });
}

IdentityStore::IdentityStore(std::string directory, platform::PassphraseSource passphrase,
                             bool allow_plain)
    : directory_(std::move(directory)),
      passphrase_(std::move(passphrase)),
      allow_plain_(allow_plain) {}

Expected<Identity, std::string> IdentityStore::OpenPublic(const std::string& name) const {
  if (!IsIdentityName(name)) return Unexpected{"'" + name + "' is no identity name"};
  const std::string path = directory_ + "/" + name + ".json";
  auto text = platform::ReadTextFile(path);
  if (!text) {
    return Unexpected{"there is no identity '" + name + "' in " + directory_ +
                      "; `timebank keys list` shows those there are"};
  }
  return FromJson(*text, path);
}

Expected<Identity, std::string> IdentityStore::Open(const std::string& name) const {
  auto identity = OpenPublic(name);
  if (!identity) return identity;
  const std::string path = directory_ + "/" + name + ".key";
  if (!platform::FileExists(path)) return identity;
  auto key = platform::OpenKeyFile(path, passphrase_, {.allow_plain = allow_plain_});
  if (!key) return Unexpected{key.error().text};
  identity->key = *key;
  return identity;
}

std::vector<std::string> IdentityStore::Names() const {
  std::vector<std::string> names;
  DIR* directory = opendir(directory_.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view file = entry->d_name;
    if (file.ends_with(".json")) names.emplace_back(file.substr(0, file.size() - 5));
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

Expected<bool, std::string> IdentityStore::Create(const Identity& identity, bool plain) const {
  if (!IsIdentityName(identity.name)) {
    return Unexpected{"'" + identity.name + "' is no identity name: letters, digits, - _ ."};
  }
  const auto made = platform::CreateDirectories(directory_, 0700);
  if (!made) return Unexpected{made.error()};
  if (identity.key) {
    const std::string path = directory_ + "/" + identity.name + ".key";
    const auto written = plain ? platform::CreatePlainKeyFile(path, *identity.key)
                               : platform::CreateKeyFile(path, *identity.key, passphrase_);
    if (!written) return Unexpected{written.error()};
  }
  return SavePublic(identity);
}

Expected<bool, std::string> IdentityStore::SavePublic(const Identity& identity) const {
  const std::string text = ToJson(identity).dump(2) + "\n";
  const auto written =
      platform::WriteFileAtomically(directory_ + "/" + identity.name + ".json", AsBytes(text));
  if (!written) return Unexpected{written.error()};
  return true;
}

std::optional<v1::Role> RoleOfName(std::string_view name) {
  std::string upper(kRolePrefix);
  for (const char c : name) {
    upper += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  v1::Role role{};
  if (!v1::Role_Parse(upper, &role) || role == v1::ROLE_UNSPECIFIED) return std::nullopt;
  return role;
}

std::string NameOfRole(v1::Role role) {
  std::string name = v1::Role_Name(role);
  if (name.starts_with(kRolePrefix)) name.erase(0, kRolePrefix.size());
  for (char& c : name) {
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace timebank::cli
