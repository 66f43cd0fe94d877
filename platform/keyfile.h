// Private key files: created with mode 0600, refused when others may read them, encrypted at rest.
//
// Layout, big-endian:
//   magic "TBkey\0\1\n" 8 | protection u8 | operations u64 | memory_bytes u64 | salt 16 |
//   nonce 24 | public key (suite u8 || 32) | sealed seed 48 | first 8 bytes of H(all before)
// The seed is sealed by XChaCha20-Poly1305 with everything before it as associated data, under
// Argon2id(passphrase, salt, operations, memory_bytes). In a PLAIN file the 48 bytes are the seed
// and 16 zeros. The checksum tells a damaged file from a wrong passphrase.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/expected.h"
#include "crypto/ed25519.h"
#include "platform/status.h"

namespace timebank::platform {

enum class KeyFileFault {
  kUnreadable,       // Absent, or the system refused to read it.
  kPermissions,      // Group or others may read or write it.
  kDamaged,          // Wrong length, magic or checksum, or the key does not match its public half.
  kUnsupported,      // Protection or Argon2id parameters this program does not accept.
  kNoPassphrase,     // The passphrase source had nothing to give.
  kWrongPassphrase,  // The file is whole; the passphrase does not open it.
  kPlainRefused,     // An unencrypted key outside a development network.
};

struct KeyFileError {
  KeyFileFault fault = KeyFileFault::kUnreadable;
  std::string text;  // One sentence that names the file and what to do.
};

// Asked only when a file is encrypted. The error says why there is no passphrase.
using PassphraseSource = std::function<Result<std::string>()>;
// The first line of a file (refused like a key file when others may read it; a credential of a
// systemd unit is accepted), a variable of the environment, a value known already.
[[nodiscard]] PassphraseSource PassphraseFromFile(std::string path);
[[nodiscard]] PassphraseSource PassphraseFromEnvironment(std::string variable);
[[nodiscard]] PassphraseSource PassphraseIs(std::string passphrase);

// Cost of one guess of the passphrase. The default takes 256 MiB and under a second.
struct Argon2Cost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
};
// What libsodium allows at least: for tests and the many identities of a development network.
inline constexpr Argon2Cost kArgon2CostMin{.operations = 1, .memory_bytes = 8192};

// Fails when the file exists: a private key is never overwritten.
[[nodiscard]] Status CreateKeyFile(const std::string& path, const crypto::SecretKey& key,
                                   const PassphraseSource& passphrase, Argon2Cost cost = {});
// Unencrypted and marked so in the file; opened only where plain keys are allowed.
[[nodiscard]] Status CreatePlainKeyFile(const std::string& path, const crypto::SecretKey& key);

struct KeyFilePolicy {
  bool allow_plain = false;  // Development networks only.
};
[[nodiscard]] Expected<crypto::SecretKey, KeyFileError> OpenKeyFile(
    const std::string& path, const PassphraseSource& passphrase, KeyFilePolicy policy = {});

// A secret kept as text, say a TLS key: refused like a key file when others may read or change it.
[[nodiscard]] Result<std::string> ReadSecretFile(const std::string& path);

// The public half, without a passphrase; not yet proven to match the sealed seed.
[[nodiscard]] Expected<crypto::PublicKey, KeyFileError> ReadPublicKey(const std::string& path);

}  // namespace timebank::platform
