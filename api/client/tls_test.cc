// Real servers on loopback: who gets through, who does not.
#include "api/client/tls.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <chrono>

#include "api/client/tls_identity.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {
namespace {

class StatusService final : public v1::NodeService::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* /*request*/,
                         v1::GetStatusResponse* response) override {
    const auto key = PeerTlsKey(*context->auth_context());
    if (key) response->set_name(ToHex(key->view()));
    return grpc::Status::OK;
  }
};

TlsIdentity NewIdentity(const std::string& name) {
  auto identity = NewTlsIdentity({.name = name, .hosts = {"localhost", "127.0.0.1"}});
  EXPECT_TRUE(identity.has_value());
  return *identity;
}

Hash KeyOf(const TlsIdentity& identity) {
  const auto key = TlsKeyHash(identity.certificate);
  EXPECT_TRUE(key.has_value());
  return key.value_or(Hash{});
}

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(RequireTls13()); }

  void Serve(std::shared_ptr<grpc::ServerCredentials> credentials) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  grpc::Status Call(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                    std::string* seen = nullptr) {
    // A channel of its own: gRPC shares connections between channels that look the same.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub =
        v1::NodeService::NewStub(grpc::CreateCustomChannel(address_, credentials, arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::GetStatusResponse response;
    const grpc::Status status = stub->GetStatus(&context, {}, &response);
    if (seen != nullptr) *seen = response.name();
    return status;
  }

  StatusService service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  const TlsIdentity node_ = NewIdentity("node-1");
  const TlsIdentity peer_ = NewIdentity("node-2");
  const TlsIdentity stranger_ = NewIdentity("stranger");
};

TEST_F(TlsTest, AClientReachesThePinnedServerAndNoOther) {
  Serve(PublicServer(node_));
  EXPECT_TRUE(Call(PinnedChannel(KeyOf(node_), {})).ok());
  EXPECT_EQ(Call(PinnedChannel(KeyOf(peer_), {})).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(Call(grpc::InsecureChannelCredentials()).ok());
}

TEST_F(TlsTest, APeerIsKnownByItsKey) {
  Serve(MutualServer(node_, [this](const Hash& key) { return key == KeyOf(peer_); }));
  std::string seen;
  EXPECT_TRUE(Call(PinnedChannel(KeyOf(node_), peer_), &seen).ok());
  EXPECT_EQ(seen, ToHex(KeyOf(peer_).view()));
}

TEST_F(TlsTest, ThePeerPortRefusesPlainTextStrangersAndClients) {
  Serve(MutualServer(node_, [this](const Hash& key) { return key == KeyOf(peer_); }));
  EXPECT_FALSE(Call(grpc::InsecureChannelCredentials()).ok());
  EXPECT_FALSE(Call(PinnedChannel(KeyOf(node_), stranger_)).ok());
  EXPECT_FALSE(Call(PinnedChannel(KeyOf(node_), {})).ok());
  EXPECT_TRUE(Call(PinnedChannel(KeyOf(node_), peer_)).ok());
}

TEST_F(TlsTest, ACopiedCertificateWithoutItsKeyIsWorthNothing) {
  Serve(MutualServer(node_, [this](const Hash& key) { return key == KeyOf(peer_); }));
  const TlsIdentity copied{peer_.certificate, stranger_.private_key};
  EXPECT_FALSE(Call(PinnedChannel(KeyOf(node_), copied)).ok());
}

TEST_F(TlsTest, OlderVersionsOfTlsAreOff) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()),
                                                                  &SSL_CTX_free);
  ASSERT_NE(context, nullptr);
  const auto options = SSL_CTX_get_options(context.get());
  EXPECT_NE(options & SSL_OP_NO_TLSv1_2, 0U);
  EXPECT_NE(options & SSL_OP_NO_TLSv1_1, 0U);
  EXPECT_EQ(options & SSL_OP_NO_TLSv1_3, 0U);
}

TEST_F(TlsTest, SomethingElseThanACertificateHasNoKey) {
  EXPECT_FALSE(TlsKeyHash("").has_value());
  EXPECT_FALSE(TlsKeyHash("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(TlsKeyHash(node_.private_key).has_value());
}

}  // namespace
}  // namespace timebank::client
