// Ed25519 by libsodium: the one verifier of every replica. Other libraries accept signatures that
// libsodium refuses (small-order points, some S >= L), so none may be mixed into consensus.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace timebank::crypto {

// The only suite so far: u8 in front of keys and signatures wherever they may change in decades.
inline constexpr std::uint8_t kSuiteEd25519 = 1;

using PublicKey = FixedBytes<struct PublicKeyTag, 32>;
using Signature = FixedBytes<struct SignatureTag, 64>;

// A signing key. Wiped when destroyed; never printed.
class SecretKey {
 public:
  using Seed = FixedBytes<struct SeedTag, 32>;
  explicit SecretKey(const Seed& seed);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature Sign(ByteView message) const;
  // The 32 secret bytes, for a key file only.
  [[nodiscard]] Seed seed() const;

 private:
  std::array<std::byte, 64> secret_{};
  PublicKey public_key_;
};

[[nodiscard]] bool Verify(const PublicKey& key, ByteView message, const Signature& signature);

// suite u8 || bytes: FORMATS 1. Empty for another suite or length.
[[nodiscard]] std::optional<PublicKey> ParseSuitedKey(ByteView suited);
[[nodiscard]] std::optional<Signature> ParseSuitedSignature(ByteView suited);
[[nodiscard]] std::string SuitedKey(const PublicKey& key);
[[nodiscard]] std::string SuitedSignature(const Signature& signature);
// First 8 bytes of H(suite || public key): FORMATS 1.
[[nodiscard]] KeyId KeyIdOf(const PublicKey& key);

}  // namespace timebank::crypto
