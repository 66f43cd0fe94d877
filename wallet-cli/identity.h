// Identities: who signs. One folder holds, per identity, `<name>.json` (member id, offices; nothing
// secret) and `<name>.key` (the private key, mode 0600).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "crypto/ed25519.h"
#include "platform/keyfile.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::cli {

struct Office {
  v1::Role role = v1::ROLE_UNSPECIFIED;
  OrgId org;
};

struct Identity {
  std::string name;
  MemberId member;
  // Home organisation of the member, zero for a device without one.
  OrgId home;
  std::vector<Office> offices;
  // Absent for people without a phone: they act through a channel.
  std::optional<crypto::SecretKey> key;
};

// A name becomes a file name: letters of any script, digits, '-', '_' and '.', not starting with
// '.', at most 64 bytes of UTF-8.
[[nodiscard]] bool IsIdentityName(std::string_view name);

class IdentityStore {
 public:
  // `plain` keys are unencrypted: development networks only.
  IdentityStore(std::string directory, platform::PassphraseSource passphrase, bool allow_plain);

  // Reads the public part and opens the key where there is one. The error says what to do.
  [[nodiscard]] Expected<Identity, std::string> Open(const std::string& name) const;
  // The public part alone: no passphrase is asked for.
  [[nodiscard]] Expected<Identity, std::string> OpenPublic(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> Names() const;
  // Writes a new identity; never overwrites a key. With `plain`, the key is not encrypted.
  [[nodiscard]] Expected<bool, std::string> Create(const Identity& identity, bool plain) const;
  // Replaces the public part (offices change, the key does not).
  [[nodiscard]] Expected<bool, std::string> SavePublic(const Identity& identity) const;
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  platform::PassphraseSource passphrase_;
  bool allow_plain_;
};

// "approver" <-> ROLE_APPROVER; empty for a name of no role.
[[nodiscard]] std::optional<v1::Role> RoleOfName(std::string_view name);
[[nodiscard]] std::string NameOfRole(v1::Role role);

}  // namespace timebank::cli
