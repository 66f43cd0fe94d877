#include "api/client/tls.h"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>
#include <vector>

#include "crypto/sha256.h"

namespace timebank::client {

namespace {

namespace tls = grpc::experimental;

constexpr char kTls13Only[] =
    "openssl_conf = timebank\n"
    "[timebank]\nssl_conf = ssl\n"
    "[ssl]\nsystem_default = defaults\n"
    "[defaults]\nProtocol = -ALL, TLSv1.3\n";

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using ConfPtr = std::unique_ptr<CONF, Deleter<NCONF_free>>;

BioPtr Reading(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The check after the handshake, in which the other end has proven to hold the private key.
class PinVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit PinVerifier(TlsKeyAccepted accepted) : accepted_(std::move(accepted)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* sync_status) override {
    const grpc::string_ref pem = request->peer_cert();
    const auto key = TlsKeyHash({pem.data(), pem.size()});
    *sync_status = key && accepted_(*key)
                       ? grpc::Status::OK
                       : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                      "the TLS key is not the one that is pinned");
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  TlsKeyAccepted accepted_;
};

std::shared_ptr<tls::CertificateProviderInterface> Provide(const TlsIdentity& identity) {
  return std::make_shared<tls::StaticDataCertificateProvider>(
      std::vector<tls::IdentityKeyCertPair>{{identity.private_key, identity.certificate}});
}

}  // namespace

std::optional<Hash> TlsKeyHash(std::string_view pem) {
  const BioPtr in = Reading(pem);
  if (!in) return std::nullopt;
  const X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!certificate) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) return std::nullopt;
  const Hash hash = crypto::Sha256(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return hash;
}

bool RequireTls13() {
  if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr) != 1) return false;
  const BioPtr in = Reading(kTls13Only);
  const ConfPtr conf(NCONF_new(nullptr));
  if (!in || !conf) return false;
  if (NCONF_load_bio(conf.get(), in.get(), nullptr) != 1) return false;
  return CONF_modules_load(conf.get(), "openssl_conf", 0) == 1;
}

std::shared_ptr<grpc::ChannelCredentials> PinnedChannel(
    const Hash& server_key, const std::optional<TlsIdentity>& identity) {
  tls::TlsChannelCredentialsOptions options;
  // The pin decides: neither name nor issuer nor expiry date does (CONSENSUS 6).
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<PinVerifier>(
      [server_key](const Hash& key) { return key == server_key; }));
  if (identity) {
    options.set_certificate_provider(Provide(*identity));
    options.watch_identity_key_cert_pairs();
  }
  return tls::TlsCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> PublicServer(const TlsIdentity& identity) {
  tls::TlsServerCredentialsOptions options(Provide(identity));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return tls::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> MutualServer(const TlsIdentity& identity,
                                                      TlsKeyAccepted accepted) {
  tls::TlsServerCredentialsOptions options(Provide(identity));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<PinVerifier>(std::move(accepted)));
  return tls::TlsServerCredentials(options);
}

std::optional<Hash> PeerTlsKey(const grpc::AuthContext& context) {
  for (const grpc::string_ref& pem : context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    return TlsKeyHash({pem.data(), pem.size()});
  }
  return std::nullopt;
}

}  // namespace timebank::client
