#include "platform/keyfile.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/check.h"
#include "crypto/sha256.h"
#include "platform/entropy.h"
#include "platform/file.h"

namespace timebank::platform {
namespace {

using Seed = crypto::SecretKey::Seed;
using Salt = FixedBytes<struct KeyFileSaltTag, crypto_pwhash_SALTBYTES>;
using Nonce = FixedBytes<struct KeyFileNonceTag, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;
using Sealed =
    FixedBytes<struct KeyFileSealedTag, Seed::kSize + crypto_aead_xchacha20poly1305_ietf_ABYTES>;
using Magic = FixedBytes<struct KeyFileMagicTag, 8>;
using Checksum = FixedBytes<struct KeyFileChecksumTag, 8>;

constexpr std::string_view kMagic("TBkey\0\1\n", Magic::kSize);
// A file that asks for more than this is refused rather than starving the machine.
constexpr std::uint64_t kOperationsMax = 64;
constexpr std::uint64_t kMemoryBytesMax = std::uint64_t{4} << 30;

enum class Protection : std::uint8_t { kPlain = 1, kArgon2id = 2 };

struct KeyFile {
  Protection protection = Protection::kArgon2id;
  Argon2Cost cost;
  Salt salt;
  Nonce nonce;
  crypto::PublicKey public_key;
  Sealed sealed;
};

unsigned char* Writable(std::span<std::byte> view) {
  return reinterpret_cast<unsigned char*>(view.data());
}
const unsigned char* Raw(ByteView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

// The 32 bytes derived from a passphrase; wiped when gone.
struct SealingKey {
  std::array<std::byte, crypto_aead_xchacha20poly1305_ietf_KEYBYTES> data{};
  SealingKey() = default;
  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;
  ~SealingKey() { sodium_memzero(data.data(), data.size()); }
};

Bytes EncodeHead(const KeyFile& file);
Bytes Encode(const KeyFile& file);
Expected<KeyFile, KeyFileError> Load(const std::string& path);
std::optional<SealingKey> Derive(std::string& passphrase, const KeyFile& file);
std::optional<KeyFileError> RefuseOpenToOthers(const std::string& path);
Unexpected<KeyFileError> Refuse(KeyFileFault fault, std::string text) {
  return Unexpected<KeyFileError>{{.fault = fault, .text = std::move(text)}};
}

}  // namespace

Status CreateKeyFile(const std::string& path, const crypto::SecretKey& key,
                     const PassphraseSource& source, Argon2Cost cost) {
  auto passphrase = source();
  if (!passphrase) return Fail(passphrase.error());
  if (passphrase->empty()) return Fail("the passphrase for " + path + " is empty");
  KeyFile file{.protection = Protection::kArgon2id,
               .cost = cost,
               .salt = Random<Salt>(),
               .nonce = Random<Nonce>(),
               .public_key = key.public_key()};
  const auto sealing = Derive(*passphrase, file);
  if (!sealing) return Fail("cannot derive a key for " + path + ": not enough memory");
  const Bytes head = EncodeHead(file);
  Seed seed = key.seed();
  TB_CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
               Writable(file.sealed.data), nullptr, Raw(seed.view()), Seed::kSize, Raw(head),
               head.size(), nullptr, Raw(file.nonce.view()), Raw(sealing->data)) == 0);
  sodium_memzero(seed.data.data(), seed.data.size());
  return CreateFileExclusively(path, Encode(file), kModePrivate);
}

Status CreatePlainKeyFile(const std::string& path, const crypto::SecretKey& key) {
  KeyFile file{.protection = Protection::kPlain,
               .cost = {.operations = 0, .memory_bytes = 0},
               .public_key = key.public_key()};
  const Seed seed = key.seed();
  std::memcpy(file.sealed.data.data(), seed.data.data(), Seed::kSize);
  return CreateFileExclusively(path, Encode(file), kModePrivate);
}

Expected<crypto::SecretKey, KeyFileError> OpenKeyFile(const std::string& path,
                                                      const PassphraseSource& source,
                                                      KeyFilePolicy policy) {
  const auto file = Load(path);
  if (!file) return Unexpected<KeyFileError>{file.error()};
  Seed seed;
  if (file->protection == Protection::kPlain) {
    if (!policy.allow_plain) {
      return Refuse(KeyFileFault::kPlainRefused,
                    path +
                        " holds an unencrypted key, which only a development network may use; "
                        "make an encrypted one");
    }
    std::memcpy(seed.data.data(), file->sealed.data.data(), Seed::kSize);
  } else {
    auto passphrase = source();
    if (!passphrase) return Refuse(KeyFileFault::kNoPassphrase, passphrase.error());
    const auto sealing = Derive(*passphrase, *file);
    if (!sealing) {
      return Refuse(KeyFileFault::kUnsupported, "not enough memory to open " + path);
    }
    const Bytes head = EncodeHead(*file);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            Writable(seed.data), nullptr, nullptr, Raw(file->sealed.view()), Sealed::kSize,
            Raw(head), head.size(), Raw(file->nonce.view()), Raw(sealing->data)) != 0) {
      return Refuse(KeyFileFault::kWrongPassphrase, "wrong passphrase for " + path);
    }
  }
  const crypto::SecretKey key(seed);
  sodium_memzero(seed.data.data(), seed.data.size());
  if (key.public_key() != file->public_key) {
    return Refuse(KeyFileFault::kDamaged, path + " is damaged: its two halves do not match");
  }
  return key;
}

Result<std::string> ReadSecretFile(const std::string& path) {
  if (const auto refused = RefuseOpenToOthers(path)) return Fail(refused->text);
  return ReadTextFile(path);
}

Expected<crypto::PublicKey, KeyFileError> ReadPublicKey(const std::string& path) {
  const auto file = Load(path);
  if (!file) return Unexpected<KeyFileError>{file.error()};
  return file->public_key;
}

PassphraseSource PassphraseFromFile(std::string path) {
  return [path = std::move(path)]() -> Result<std::string> {
    auto text = ReadSecretFile(path);
    if (!text) return text;
    return text->substr(0, text->find_first_of("\r\n"));
  };
}

PassphraseSource PassphraseFromEnvironment(std::string variable) {
  return [variable = std::move(variable)]() -> Result<std::string> {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) return Fail("the environment variable " + variable + " is not set");
    return std::string(value);
  };
}

PassphraseSource PassphraseIs(std::string passphrase) {
  return [passphrase = std::move(passphrase)]() -> Result<std::string> { return passphrase; };
}

namespace {

Bytes EncodeHead(const KeyFile& file) {
  ByteWriter out;
  out.Raw(kMagic).U8(static_cast<std::uint8_t>(file.protection)).U64(file.cost.operations);
  out.U64(file.cost.memory_bytes).Raw(file.salt.view()).Raw(file.nonce.view());
  out.Raw(crypto::SuitedKey(file.public_key));
  return out.Take();
}

Bytes Encode(const KeyFile& file) {
  ByteWriter out;
  out.Raw(EncodeHead(file)).Raw(file.sealed.view());
  const Hash hash = crypto::Sha256(out.bytes());
  out.Raw(hash.view().first(Checksum::kSize));
  return out.Take();
}

Expected<KeyFile, KeyFileError> Load(const std::string& path) {
  if (auto refused = RefuseOpenToOthers(path)) return Unexpected<KeyFileError>{*refused};
  const auto bytes = ReadFile(path);
  if (!bytes) return Refuse(KeyFileFault::kUnreadable, bytes.error());
  ByteReader in(*bytes);
  KeyFile file;
  const auto magic = in.Read<Magic>();
  const std::uint8_t protection = in.U8();
  file.cost.operations = in.U64();
  file.cost.memory_bytes = in.U64();
  file.salt = in.Read<Salt>();
  file.nonce = in.Read<Nonce>();
  const auto public_key = crypto::ParseSuitedKey(in.Raw(1 + crypto::PublicKey::kSize));
  file.sealed = in.Read<Sealed>();
  const auto checksum = in.Read<Checksum>();
  const bool whole = in.AtEnd() && magic.text() == kMagic && public_key;
  if (!whole || crypto::Sha256(ByteView(*bytes).first(bytes->size() - Checksum::kSize))
                        .text()
                        .substr(0, Checksum::kSize) != checksum.text()) {
    return Refuse(KeyFileFault::kDamaged,
                  path + " is no key file of this program or is damaged; restore it from a copy");
  }
  file.public_key = *public_key;
  file.protection = static_cast<Protection>(protection);
  if (file.protection == Protection::kPlain) return file;
  if (file.protection != Protection::kArgon2id || file.cost.operations > kOperationsMax ||
      file.cost.memory_bytes > kMemoryBytesMax) {
    return Refuse(KeyFileFault::kUnsupported,
                  path + " is protected in a way this version does not support");
  }
  return file;
}

std::optional<SealingKey> Derive(std::string& passphrase, const KeyFile& file) {
  SealingKey key;
  const bool derived = crypto_pwhash(Writable(key.data), key.data.size(), passphrase.data(),
                                     passphrase.size(), Raw(file.salt.view()), file.cost.operations,
                                     static_cast<std::size_t>(file.cost.memory_bytes),
                                     crypto_pwhash_ALG_ARGON2ID13) == 0;
  sodium_memzero(passphrase.data(), passphrase.size());
  return derived ? std::optional(key) : std::nullopt;
}

std::optional<KeyFileError> RefuseOpenToOthers(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) {
    return KeyFileError{KeyFileFault::kUnreadable, FailErrno("cannot open " + path).error};
  }
  const auto open_to = static_cast<unsigned>(info.st_mode & (S_IRWXG | S_IRWXO));
  // A credential of a systemd unit: root's, with an entry that lets this user read, which shows as
  // a right of the group.
  const bool is_credential =
      open_to == S_IRGRP && info.st_uid == 0 && info.st_gid == 0 && ::geteuid() != 0;
  if (open_to != 0 && !is_credential) {
    return KeyFileError{KeyFileFault::kPermissions,
                        path + " can be read or changed by others; run: chmod 600 " + path};
  }
  return std::nullopt;
}

}  // namespace
}  // namespace timebank::platform
