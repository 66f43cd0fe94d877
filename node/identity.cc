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

Expected<client::TlsIdentity, std::string> LoadTls(const Config& config,
                                                   const v1::Validator& self) {
  const auto certificate = platform::ReadTextFile(config.tls_certificate_file);
  if (!certificate) return Fail(certificate.error());
  const auto key = platform::ReadSecretFile(config.tls_key_file);
  if (!key) return Fail(key.error());
  const auto hash = client::TlsKeyHash(*certificate);
  if (!hash) return Fail(config.tls_certificate_file + ": holds no PEM certificate");
  if (hash->text() != self.tls_key_hash()) {
    return Fail(config.tls_certificate_file +
                ": its key is not the one that the genesis pins for " + self.name() +
                "; peers and clients would refuse it. Use the certificate that came "
                "with this folder");
  }
  return client::TlsIdentity{*certificate, *key};
}

Expected<std::vector<rpc::PeerAddress>, std::string> FindPeers(const Config& config,
                                                               const chain::Genesis& genesis) {
  std::vector<rpc::PeerAddress> out;
  for (const PeerConfig& peer : config.peers) {
    const v1::Validator* validator = FindByName(genesis, peer.name);
    if (validator == nullptr) {
      return Fail("peers: the genesis names no validator '" + peer.name + "'");
    }
    if (peer.name == config.name) return Fail("peers: '" + peer.name + "' is this node itself");
    const auto key = crypto::ParseSuitedKey(AsBytes(validator->key()));
    const auto index = key ? genesis.validators.IndexOf(*key) : std::nullopt;
    const auto tls_key = Hash::From(validator->tls_key_hash());
    if (!index || !tls_key) return Fail("the genesis has no keys for '" + peer.name + "'");
    out.push_back({.peer = consensus::PeerId(index->value()),
                   .name = peer.name,
                   .address = peer.address,
                   .tls_key = *tls_key});
  }
  const std::size_t others = genesis.validators.size() - 1;
  if (out.size() != others) {
    return Fail("peers: " + std::to_string(out.size()) + " of the " + std::to_string(others) +
                " other validators are listed; add a [[peers]] table for each");
  }
  return out;
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
  const v1::Validator* self = FindByName(*genesis, config.name);
  if (self == nullptr) {
    return Fail("name: the genesis names no validator '" + config.name + "'");
  }
  auto key = LoadKey(config, genesis->message.development());
  if (!key) return Fail(key.error());
  if (crypto::SuitedKey(key->public_key()) != self->key()) {
    return Fail(config.key_file + ": is not the consensus key of " + config.name +
                " in the genesis; use the key that came with this folder");
  }
  auto tls = LoadTls(config, *self);
  if (!tls) return Fail(tls.error());
  auto peers = FindPeers(config, *genesis);
  if (!peers) return Fail(peers.error());
  return Identity{.genesis_bytes = ToString(*bytes),
                  .genesis = std::move(*genesis),
                  .key = std::move(*key),
                  .tls = std::move(*tls),
                  .peers = std::move(*peers)};
}

}  // namespace timebank::node
