#include "node/rpc/client_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <utility>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "node/rpc/services.h"
#include "node/rpc/transaction_service.h"
#include "platform/clock.h"

namespace timebank::rpc {

namespace {

constexpr int kPingMs = 20'000;        // finds clients that went away without a word
constexpr int kPingMinimumMs = 5'000;  // clients that ping more often are cut off
constexpr int kHandshakeMs = 10'000;   // who connects and says nothing holds a socket so long
constexpr int kIdleMs = 300'000;       // a connection without calls; clients connect anew
constexpr int kMetadataBytesMax = 8 * 1024;
constexpr int kThreadsMax = 64;
// A frame of submissions is the largest message of a client.
constexpr int kMessageBytesMax = static_cast<int>(kSubmitFrameBytesMax) + 4096;

}  // namespace

class ClientServer::Impl {
 public:
  Impl(ClientServerConfig config, Backend* backend)
      : config_(std::move(config)), backend_(backend) {
    services_.push_back(NewTransactionService(backend));
    services_.push_back(NewLedgerService(backend));
    services_.push_back(NewChainService(backend));
    services_.push_back(NewNodeService(backend));
  }

  bool Start() {
    // Named so that the linker keeps it: reflection describes the health service with it.
    (void)::grpc::health::v1::HealthCheckRequest::descriptor();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ResourceQuota quota("clients");
    quota.Resize(config_.memory_bytes);
    quota.SetMaxThreads(kThreadsMax);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               static_cast<int>(config_.streams_per_connection));
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               kPingMinimumMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    builder.AddListeningPort(config_.listen, client::PublicServer(config_.identity), &port_);
    for (const auto& service : services_) builder.RegisterService(service.get());
    server_ = builder.BuildAndStart();
    return server_ != nullptr && port_ != 0;
  }

  void Stop(std::uint32_t grace_ms) {
    if (!server_) return;
    // Shutdown returns when all calls have ended, so somebody else has to end them.
    const ClientDesk::Timer end =
        backend_->desk->CallAt(platform::MonotonicMs() + grace_ms / 2, [backend = backend_] {
          backend->calls.EndAll(client::MakeError(v1::REASON_SHUTTING_DOWN));
        });
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    server_->Wait();
    backend_->desk->CallOff(end);
    server_.reset();
  }

  [[nodiscard]] int port() const { return port_; }

  void SetServing(bool serving) {
    if (server_) server_->GetHealthCheckService()->SetServingStatus(serving);
  }

 private:
  const ClientServerConfig config_;
  Backend* const backend_;
  int port_ = 0;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

ClientServer::ClientServer(ClientServerConfig config, Backend* backend)
    : impl_(std::make_unique<Impl>(std::move(config), backend)) {}
ClientServer::~ClientServer() { Stop(0); }
bool ClientServer::Start() { return impl_->Start(); }
void ClientServer::Stop(std::uint32_t grace_ms) { impl_->Stop(grace_ms); }
int ClientServer::port() const { return impl_->port(); }
void ClientServer::SetServing(bool serving) { impl_->SetServing(serving); }

}  // namespace timebank::rpc
