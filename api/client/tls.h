// TLS as this project uses it: version 1.3 only, and trust by pinned public keys instead of names
// and expiry dates. A validator's key hash stands in the validator set (Validator.tls_key_hash), so
// whoever has the genesis file can tell every node from an impostor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace grpc {
class AuthContext;
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace timebank::client {

// H of the DER SubjectPublicKeyInfo of the first certificate in `pem`; empty when there is none.
[[nodiscard]] std::optional<Hash> TlsKeyHash(std::string_view pem);

// Restricts every TLS connection of this process to version 1.3: gRPC 1.51 has no setting for it.
// Call it first in main, before any thread starts. False when OpenSSL refuses.
[[nodiscard]] bool RequireTls13();

// A certificate and its private key, PEM.
struct TlsIdentity {
  std::string certificate;
  std::string private_key;
};

using TlsKeyAccepted = std::function<bool(const Hash& key_hash)>;

// Talks only to a server whose key is `server_key`. With `identity`, presents it.
[[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> PinnedChannel(
    const Hash& server_key, const std::optional<TlsIdentity>& identity);

// For clients, which need no certificate.
[[nodiscard]] std::shared_ptr<grpc::ServerCredentials> PublicServer(const TlsIdentity& identity);

// Mutual: refuses, in the handshake, a client without a certificate or with a key that `accepted`
// does not accept. `accepted` is called on gRPC's threads.
[[nodiscard]] std::shared_ptr<grpc::ServerCredentials> MutualServer(const TlsIdentity& identity,
                                                                    TlsKeyAccepted accepted);

// The key of the certificate that the other end of a call presented; empty without one.
[[nodiscard]] std::optional<Hash> PeerTlsKey(const grpc::AuthContext& context);

}  // namespace timebank::client
