#include "crypto/ed25519.h"

#include <sodium.h>

#include "base/check.h"
#include "crypto/sha256.h"

namespace timebank::crypto {
namespace {

const unsigned char* Raw(ByteView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

unsigned char* Writable(std::span<std::byte> view) {
  return reinterpret_cast<unsigned char*>(view.data());
}

// libsodium picks its implementation here; calling it again is cheap and safe.
void Initialise() {
  static const int result = sodium_init();
  TB_CHECK(result >= 0);
}

}  // namespace

SecretKey::SecretKey(const Seed& seed) {
  Initialise();
  TB_CHECK(crypto_sign_ed25519_seed_keypair(Writable(public_key_.data), Writable(secret_),
                                            Raw(seed.view())) == 0);
}

SecretKey::~SecretKey() { sodium_memzero(secret_.data(), secret_.size()); }

Signature SecretKey::Sign(ByteView message) const {
  Signature out;
  TB_CHECK(crypto_sign_ed25519_detached(Writable(out.data), nullptr, Raw(message), message.size(),
                                        Raw(ByteView(secret_))) == 0);
  return out;
}

SecretKey::Seed SecretKey::seed() const {
  Seed out;
  std::memcpy(out.data.data(), secret_.data(), out.data.size());
  return out;
}

bool Verify(const PublicKey& key, ByteView message, const Signature& signature) {
  Initialise();
  return crypto_sign_ed25519_verify_detached(Raw(signature.view()), Raw(message), message.size(),
                                             Raw(key.view())) == 0;
}

std::optional<PublicKey> ParseSuitedKey(ByteView suited) {
  if (suited.empty() || suited[0] != std::byte{kSuiteEd25519}) return std::nullopt;
  return PublicKey::From(suited.subspan(1));
}

std::optional<Signature> ParseSuitedSignature(ByteView suited) {
  if (suited.empty() || suited[0] != std::byte{kSuiteEd25519}) return std::nullopt;
  return Signature::From(suited.subspan(1));
}

std::string SuitedKey(const PublicKey& key) {
  return std::string(1, static_cast<char>(kSuiteEd25519)) + key.str();
}

std::string SuitedSignature(const Signature& signature) {
  return std::string(1, static_cast<char>(kSuiteEd25519)) + signature.str();
}

KeyId KeyIdOf(const PublicKey& key) {
  const std::string suited = SuitedKey(key);
  const Hash hash = Sha256(AsBytes(suited));
  return *KeyId::From(hash.view().first(KeyId::kSize));
}

}  // namespace timebank::crypto
