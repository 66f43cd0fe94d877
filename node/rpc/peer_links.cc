#include "node/rpc/peer_links.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "node/rpc/peer_link.h"
#include "platform/clock.h"
#include "timebank/v1/peer.grpc.pb.h"

namespace timebank::rpc {

namespace {

constexpr std::uint64_t kComplaintEveryMs = 10'000;

}  // namespace

// The listening side: one thread of gRPC's for each peer's stream, which blocks while the inbox has
// no room for that peer, so that its flow control slows it down.
class PeerLinks::Service final : public v1::PeerService::Service {
 public:
  Service(const PeerLinksConfig& config, const BlockTap& tap, Inbox* inbox, Metrics* metrics)
      : config_(config), block_tap_(tap), inbox_(inbox), metrics_(metrics) {}

  [[nodiscard]] bool Start();
  void Stop();
  void Cut(consensus::PeerId peer);

  grpc::Status Exchange(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ExchangeResponse, v1::ExchangeRequest>* stream) override;

 private:
  [[nodiscard]] const PeerAddress* PeerOf(const grpc::ServerContext& context) const;
  [[nodiscard]] bool Take(const PeerAddress& peer, const v1::ExchangeRequest& frame);
  // True at most once in a while: a peer must not be able to fill the log.
  [[nodiscard]] bool MayComplain();

  const PeerLinksConfig& config_;
  const BlockTap& block_tap_;
  Inbox* const inbox_;
  Metrics* const metrics_;
  std::mutex mutex_;
  std::map<consensus::PeerId, grpc::ServerContext*> streams_;  // the newest of each peer
  std::atomic<std::uint64_t> complained_ms_{0};
  std::unique_ptr<grpc::Server> server_;
};

bool PeerLinks::Service::Start() {
  grpc::ResourceQuota quota("peers");
  quota.Resize(config_.memory_bytes);
  // A stream of each peer, one more while it connects again, and those that wait for work.
  quota.SetMaxThreads(static_cast<int>(3 * config_.peers.size()) + 8);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kFrameMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 2);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPeerPingMs / 2);
  int port = 0;
  builder.AddListeningPort(config_.listen,
                           client::MutualServer(config_.identity,
                                                [this](const Hash& key) {
                                                  return std::ranges::any_of(
                                                      config_.peers, [&key](const auto& peer) {
                                                        return peer.tls_key == key;
                                                      });
                                                }),
                           &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  return server_ != nullptr && port != 0;
}

void PeerLinks::Service::Stop() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
}

grpc::Status PeerLinks::Service::Exchange(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::ExchangeResponse, v1::ExchangeRequest>* stream) {
  const PeerAddress* peer = PeerOf(*context);
  if (peer == nullptr) return {grpc::StatusCode::UNAUTHENTICATED, "no validator's key"};
  {
    const std::scoped_lock lock(mutex_);
    grpc::ServerContext*& newest = streams_[peer->peer];
    if (newest != nullptr) newest->TryCancel();
    newest = context;
  }
  context->AddInitialMetadata("timebank-peer", "1");
  stream->SendInitialMetadata();
  v1::ExchangeRequest frame;
  bool good = true;
  while (good && stream->Read(&frame)) good = Take(*peer, frame);
  const std::scoped_lock lock(mutex_);
  const auto entry = streams_.find(peer->peer);
  if (entry != streams_.end() && entry->second == context) streams_.erase(entry);
  return good ? grpc::Status::OK
              : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "not understood");
}

const PeerAddress* PeerLinks::Service::PeerOf(const grpc::ServerContext& context) const {
  const auto key = client::PeerTlsKey(*context.auth_context());
  if (!key) return nullptr;
  for (const PeerAddress& peer : config_.peers) {
    if (peer.tls_key == *key) return &peer;
  }
  return nullptr;
}

bool PeerLinks::Service::Take(const PeerAddress& peer, const v1::ExchangeRequest& frame) {
  for (const std::string& bytes : frame.messages()) {
    ++metrics_->peer_messages;
    auto message = replica::DecodePeerMessage(AsBytes(bytes), config_.chain_id);
    if (!message) {
      ++metrics_->peer_faults;
      if (MayComplain()) {
        spdlog::warn("peer {} sent a message that is none; closing its stream", peer.name);
      }
      return false;
    }
    const auto* consensus_message = std::get_if<consensus::Message>(&*message);
    const auto* blocks =
        consensus_message == nullptr ? nullptr : std::get_if<consensus::Blocks>(consensus_message);
    if (blocks != nullptr && block_tap_) block_tap_(*blocks);
    if (!inbox_->PutPeer({.from = peer.peer, .message = std::move(*message)}, bytes.size())) {
      return false;
    }
  }
  return true;
}

bool PeerLinks::Service::MayComplain() {
  const std::uint64_t now = platform::MonotonicMs();
  std::uint64_t last = complained_ms_;
  return (last == 0 || now - last > kComplaintEveryMs) &&
         complained_ms_.compare_exchange_strong(last, now);
}

void PeerLinks::Service::Cut(consensus::PeerId peer) {
  const std::scoped_lock lock(mutex_);
  const auto stream = streams_.find(peer);
  if (stream != streams_.end()) stream->second->TryCancel();
}

PeerLinks::PeerLinks(PeerLinksConfig config, Inbox* inbox, Metrics* metrics)
    : config_(std::move(config)), inbox_(inbox), metrics_(metrics) {
  for (const PeerAddress& peer : config_.peers) {
    links_.push_back(std::make_unique<Link>(peer, config_.identity, inbox_, metrics_));
  }
  service_ = std::make_unique<Service>(config_, block_tap_, inbox_, metrics_);
}

PeerLinks::~PeerLinks() { Stop(); }

bool PeerLinks::Start() {
  if (!service_->Start()) return false;
  for (const auto& link : links_) link->Start();
  return true;
}

void PeerLinks::Stop() {
  for (const auto& link : links_) link->Stop();
  service_->Stop();
}

void PeerLinks::Send(consensus::PeerId to, const replica::SharedMessage& message,
                     replica::Lane lane) {
  for (const auto& link : links_) {
    if (link->address().peer == to) return link->Put(message, lane);
  }
}

void PeerLinks::Broadcast(const replica::SharedMessage& message, replica::Lane lane) {
  for (const auto& link : links_) link->Put(message, lane);
}

void PeerLinks::Disconnect(consensus::PeerId peer, consensus::Misbehaviour reason) {
  ++metrics_->peer_faults;
  for (const auto& link : links_) {
    if (link->address().peer != peer) continue;
    spdlog::warn("closing the link to {}: misbehaviour {}", link->address().name,
                 static_cast<int>(reason));
    link->Break();
  }
  service_->Cut(peer);
}

std::vector<PeerState> PeerLinks::states() const {
  std::vector<PeerState> out;
  for (const auto& link : links_) {
    out.push_back({.name = link->address().name, .reachable = link->up()});
  }
  return out;
}

std::size_t PeerLinks::reachable() const {
  std::size_t count = 1;
  for (const auto& link : links_) count += link->up() ? 1U : 0U;
  return count;
}

}  // namespace timebank::rpc
