#include "api/client/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "platform/entropy.h"

namespace timebank::client {

namespace {

constexpr long kSecondsPerDay = 86400;
constexpr long kValidDays = 36500;
constexpr long kBackdatedDays = 1;  // clocks of peers differ

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

bool IsIpAddress(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

std::string AlternativeNames(const TlsSubject& subject) {
  std::string out;
  for (const std::string& host : subject.hosts) {
    if (!out.empty()) out += ',';
    out += (IsIpAddress(host) ? "IP:" : "DNS:") + host;
  }
  return out;
}

bool AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool Fill(X509* certificate, EVP_PKEY* key, const TlsSubject& subject) {
  std::array<std::byte, 16> serial{};
  platform::FillRandom(serial);
  serial[0] &= std::byte{0x7F};  // a positive number
  const std::unique_ptr<BIGNUM, Deleter<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), serial.size(), nullptr));
  if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return false;
  }
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kBackdatedDays * kSecondsPerDay);
  X509_time_adj_ex(X509_getm_notAfter(certificate), kValidDays, 0, nullptr);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(subject.name.c_str());
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         (subject.hosts.empty() ||
          AddExtension(certificate, NID_subject_alt_name, AlternativeNames(subject))) &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

platform::Result<TlsIdentity> NewTlsIdentity(const TlsSubject& subject) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  if (!key || !certificate || !Fill(certificate.get(), key.get(), subject)) {
    return platform::Fail("OpenSSL could not make a certificate for '" + subject.name + "'");
  }
  const BioPtr certificate_out(BIO_new(BIO_s_mem()));
  const BioPtr key_out(BIO_new(BIO_s_mem()));
  if (!certificate_out || !key_out ||
      PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return platform::Fail("OpenSSL could not write the certificate of '" + subject.name + "'");
  }
  return TlsIdentity{Drain(certificate_out.get()), Drain(key_out.get())};
}

}  // namespace timebank::client
