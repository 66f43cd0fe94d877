// The folder of one validator: keys, certificate, genesis, configuration and unit, as an operator
// receives or makes it. `testnet init` writes those of genesis, `validators new` one that joins.
#pragma once

#include <string>
#include <string_view>

#include "api/client/tls.h"
#include "base/expected.h"
#include "crypto/ed25519.h"
#include "node/config.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::cli {

struct ValidatorKeys {
  crypto::SecretKey key;
  client::TlsIdentity tls;
  Hash tls_key_hash;
};
// A new consensus key and a certificate for `name` on the loopback names.
[[nodiscard]] Expected<ValidatorKeys, std::string> NewValidatorKeys(const std::string& name);

struct ValidatorFolder {
  std::string directory;  // made, or empty
  std::string_view genesis;
  node::Config config;       // paths of keys and genesis are filled in
  bool development = false;  // plain key, no passphrase
};
[[nodiscard]] Expected<bool, std::string> WriteValidatorFolder(ValidatorFolder folder,
                                                               const ValidatorKeys& keys);

// validator.json in the folder: what the council is told of a validator that is to be added.
[[nodiscard]] Expected<bool, std::string> WriteValidatorCard(const std::string& directory,
                                                             const v1::Validator& validator);
// `path`: the file or its folder.
[[nodiscard]] Expected<v1::Validator, std::string> ReadValidatorCard(const std::string& path);

// Writes a new file; never over another.
[[nodiscard]] Expected<bool, std::string> WriteNew(const std::string& path,
                                                   std::string_view content, unsigned mode);

}  // namespace timebank::cli
