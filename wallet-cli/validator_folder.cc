#include "wallet-cli/validator_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/client/tls_identity.h"
#include "platform/entropy.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/deploy_files.h"

namespace timebank::cli {
namespace {

using Step = Expected<bool, std::string>;
using Json = nlohmann::json;

constexpr char kCardFile[] = "/validator.json";

// Passphrase of an encrypted key: 32 random bytes in hex, in a file of mode 0600 beside it. An
// operator moves it to where their secrets are kept.
std::string NewPassphrase() { return ToHex(platform::Random<Hash>().view()); }

Step WriteKey(const ValidatorFolder& folder, const crypto::SecretKey& key) {
  const std::string path = folder.directory + "/consensus.key";
  if (folder.development) {
    const auto written = platform::CreatePlainKeyFile(path, key);
    if (!written) return Unexpected{written.error()};
    return true;
  }
  const std::string passphrase = NewPassphrase();
  auto step = WriteNew(folder.directory + "/passphrase", passphrase + "\n", platform::kModePrivate);
  if (!step) return step;
  const auto written = platform::CreateKeyFile(path, key, platform::PassphraseIs(passphrase));
  if (!written) return Unexpected{written.error()};
  return true;
}

}  // namespace

Expected<ValidatorKeys, std::string> NewValidatorKeys(const std::string& name) {
  auto tls = client::NewTlsIdentity({name, {"localhost", "127.0.0.1"}});
  if (!tls) return Unexpected{tls.error()};
  const auto hash = client::TlsKeyHash(tls->certificate);
  if (!hash) return Unexpected{std::string("the new TLS certificate has no key")};
  return ValidatorKeys{platform::NewSecretKey(), *tls, *hash};
}

Step WriteNew(const std::string& path, std::string_view content, unsigned mode) {
  const auto written = platform::CreateFileExclusively(path, AsBytes(content), mode);
  if (!written) return Unexpected{written.error()};
  return true;
}

Step WriteValidatorFolder(ValidatorFolder folder, const ValidatorKeys& keys) {
  node::Config& config = folder.config;
  config.data_dir = "data";
  config.genesis_file = "genesis.bin";
  config.key_file = "consensus.key";
  config.passphrase_file = folder.development ? "" : "passphrase";
  config.tls_certificate_file = "tls.crt";
  config.tls_key_file = "tls.key";
  const auto made = platform::CreateDirectories(folder.directory, 0700);
  if (!made) return Unexpected{made.error()};
  const std::string& in = folder.directory;
  auto step = WriteNew(in + "/genesis.bin", folder.genesis, platform::kModePublic);
  if (step) step = WriteNew(in + "/tls.crt", keys.tls.certificate, platform::kModePublic);
  if (step) step = WriteNew(in + "/tls.key", keys.tls.private_key, platform::kModePrivate);
  if (step) step = WriteKey(folder, keys.key);
  if (step) step = WriteNew(in + "/timebank-node.service", kNodeServiceUnit, platform::kModePublic);
  if (step) step = WriteNew(in + "/config.toml", node::ConfigText(config), platform::kModePublic);
  return step;
}

Step WriteValidatorCard(const std::string& directory, const v1::Validator& validator) {
  const Json card = {{"name", validator.name()},
                     {"key", ToHex(AsBytes(validator.key()))},
                     {"tls_key_hash", ToHex(AsBytes(validator.tls_key_hash()))},
                     {"address", validator.address()}};
  return WriteNew(directory + kCardFile, card.dump(2) + "\n", platform::kModePublic);
}

Expected<v1::Validator, std::string> ReadValidatorCard(const std::string& path) {
  std::error_code error;
  const std::string file = std::filesystem::is_directory(path, error) ? path + kCardFile : path;
  const auto text = platform::ReadTextFile(file);
  if (!text) return Unexpected{text.error()};
  const Json card = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&card](const char* name) {
    const bool is_text = card.is_object() && card.contains(name) && card[name].is_string();
    return is_text ? card[name].get<std::string>() : std::string();
  };
  const auto key = FromHex(field("key"));
  const auto tls_key_hash = FromHex(field("tls_key_hash"));
  if (!key || !tls_key_hash || field("name").empty() || field("address").empty()) {
    return Unexpected{file + " is not a validator.json as `timebank validators new` writes it"};
  }
  v1::Validator validator;
  validator.set_key(ToString(*key));
  validator.set_tls_key_hash(ToString(*tls_key_hash));
  validator.set_name(field("name"));
  validator.set_address(field("address"));
  return validator;
}

}  // namespace timebank::cli
