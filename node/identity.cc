#include "node/identity.h"

#include <algorithm>
#include <utility>

#include "platform/file.h"
#include "platform/keyfile.h"

namespace timebank::node {

namespace {

Unexpected<std::string> Fail(std::string text) { return Unexpected{std::move(text)}; }

const v1::Validator* FindByName(const chain::Genesis& genesis, const std::string& name) {
  for (const v1::Validator& validator : genesis.message.validators()) {
    if (validator.name() == name) return &validator;
  }
  return nullptr;
}

Expected<crypto::SecretKey, std::string> LoadKey(const Config& config, bool development) {
  const auto passphrase = config.passphrase_file.empty()
                              ? platform::PassphraseIs("")
                              : platform::PassphraseFromFile(config.passphrase_file);
  auto key = platform::OpenKeyFile(config.key_file, passphrase, {.allow_plain = development});
  if (!key) return Fail(key.error().text);
  return std::move(*key);
}

// `self`: what genesis says of this node, or null.
Expected<client::TlsIdentity, std::string> LoadTls(const Config& config,
                                                   const v1::Validator* self) {
  const auto certificate = platform::ReadTextFile(config.tls_certificate_file);
  if (!certificate) return Fail(certificate.error());
  const auto key = platform::ReadSecretFile(config.tls_key_file);
  if (!key) return Fail(key.error());
  const auto hash = client::TlsKeyHash(*certificate);
  if (!hash) return Fail(config.tls_certificate_file + ": holds no PEM certificate");
  if (self != nullptr && hash->text() != self->tls_key_hash()) {
    return Fail(config.tls_certificate_file +
                ": its key is not the one that the genesis pins for " + self->name() +
                "; peers and clients would refuse it. Use the certificate that came "
                "with this folder");
  }
  return client::TlsIdentity{*certificate, *key};
}

// Peers with a TLS key are seeds, the others are known by their names.
std::optional<std::string> AddPeers(const Config& config, Identity& identity) {
  for (const PeerConfig& peer : config.peers) {
    if (peer.name == config.name) return "peers: '" + peer.name + "' is this node itself";
    if (!identity.addresses.emplace(peer.name, peer.address).second) {
      return "peers: '" + peer.name + "' is listed twice";
    }
    if (peer.tls_key.empty()) continue;
    const auto bytes = FromHex(peer.tls_key);
    const auto key = bytes ? Hash::From(*bytes) : std::nullopt;
    if (!key) return "peers: tls_key of '" + peer.name + "' is not 64 hexadecimal digits";
    identity.seeds.push_back({.key = *key, .name = peer.name, .address = peer.address});
  }
  return std::nullopt;
}

// A validator of genesis whose address neither genesis nor the configuration says could never be
// called. Not asked of a newcomer, whose seeds are those that are there now.
std::optional<std::string> MissingPeer(const Identity& identity, const std::string& own) {
  for (const v1::Validator& validator : identity.genesis.message.validators()) {
    const bool known = identity.addresses.contains(validator.name()) ||
                       !validator.address().empty() || validator.name() == own;
    if (!known && identity.seeds.empty()) {
      return "peers: no address of '" + validator.name() + "'; add a [[peers]] table for it";
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<Identity, std::string> LoadIdentity(const Config& config) {
  const auto bytes = platform::ReadFile(config.genesis_file);
  if (!bytes) return Fail(bytes.error());
  auto genesis = chain::ParseGenesis(*bytes);
  if (!genesis) {
    return Fail(config.genesis_file + ": " + std::string(chain::Describe(genesis.error())) +
                "; use the genesis.bin that all validators share");
  }
  auto key = LoadKey(config, genesis->message.development());
  if (!key) return Fail(key.error());
  const v1::Validator* self = FindByName(*genesis, config.name);
  if (self != nullptr && crypto::SuitedKey(key->public_key()) != self->key()) {
    return Fail(config.key_file + ": is not the consensus key of " + config.name +
                " in the genesis; use the key that came with this folder");
  }
  auto tls = LoadTls(config, self);
  if (!tls) return Fail(tls.error());
  Identity identity{.genesis_bytes = ToString(*bytes),
                    .genesis = std::move(*genesis),
                    .key = std::move(*key),
                    .tls = std::move(*tls),
                    .addresses = {},
                    .seeds = {}};
  if (auto problem = AddPeers(config, identity)) return Fail(*problem);
  if (auto problem = MissingPeer(identity, config.name)) return Fail(*problem);
  return identity;
}

}  // namespace timebank::node
