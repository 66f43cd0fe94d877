#include "node/rpc/peer_links.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "consensus/limits.h"
#include "node/rpc/peer_link.h"
#include "platform/clock.h"
#include "timebank/v1/peer.grpc.pb.h"

namespace timebank::rpc {

namespace {

// Whoever connects and says nothing holds a descriptor no longer than this. gRPC's own is 120 s.
constexpr int kHandshakeMs = 5'000;
// The sets of two epochs, those who join, seeds.
constexpr int kPeersMax = 4 * static_cast<int>(chain::kValidatorsMax);

std::string_view TextOf(consensus::Misbehaviour reason) {
  switch (reason) {
    case consensus::Misbehaviour::kBadVoteSignature:
      return "a vote with a wrong signature";
    case consensus::Misbehaviour::kBadCertificate:
      return "a certificate that does not verify";
    case consensus::Misbehaviour::kBodyMismatch:
      return "a body that is not its header's";
    case consensus::Misbehaviour::kOversize:
      return "more than a message may hold";
    case consensus::Misbehaviour::kBadTransactionSignature:
      return "a transaction with a wrong signature";
    case consensus::Misbehaviour::kBadEvidence:
      return "evidence that proves nothing";
  }
  return "what it must not send";
}

}  // namespace

// The listening side: one thread of gRPC's for each peer's stream, which blocks while the inbox has
// no room for that peer, so that its flow control slows it down.
class PeerLinks::Service final : public v1::PeerService::Service {
 public:
  Service(PeerLinks& links, Inbox* inbox, Metrics* metrics)
      : links_(links), config_(links.config_), inbox_(inbox), metrics_(metrics) {}

  [[nodiscard]] bool Start();
  void Stop();
  void Cut(const replica::PeerKey& peer);

  grpc::Status Exchange(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ExchangeResponse, v1::ExchangeRequest>* stream) override;

 private:
  // Empty: nobody who may be linked.
  [[nodiscard]] std::optional<replica::PeerKey> PeerOf(const grpc::ServerContext& context) const;
  [[nodiscard]] bool Take(const replica::PeerKey& peer, const v1::ExchangeRequest& frame);

  PeerLinks& links_;
  const PeerLinksConfig& config_;
  Inbox* const inbox_;
  Metrics* const metrics_;
  std::mutex mutex_;
  std::map<replica::PeerKey, grpc::ServerContext*> streams_;  // the newest of each peer
  std::unique_ptr<grpc::Server> server_;
};

bool PeerLinks::Service::Start() {
  grpc::ResourceQuota quota("peers");
  quota.Resize(config_.memory_bytes);
  // A stream of each peer, one more while it connects again, and those that wait for work.
  quota.SetMaxThreads(3 * kPeersMax + 8);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kFrameMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 2);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPeerPingMs / 2);
  int port = 0;
  builder.AddListeningPort(
      config_.listen,
      client::MutualServer(config_.identity,
                           [this](const Hash& key) { return links_.LinkTo(key) != nullptr; }),
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
  const auto peer = PeerOf(*context);
  if (!peer) return {grpc::StatusCode::UNAUTHENTICATED, "no validator's key"};
  if (links_.penalties_.BarredFor(*peer, platform::MonotonicMs()) != 0) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "barred for misbehaviour; try again later"};
  }
  {
    const std::scoped_lock lock(mutex_);
    grpc::ServerContext*& newest = streams_[*peer];
    if (newest != nullptr) newest->TryCancel();
    newest = context;
  }
  if (const SharedLink link = links_.LinkTo(*peer)) link->clock().Begin();
  context->AddInitialMetadata("timebank-peer", "1");
  stream->SendInitialMetadata();
  v1::ExchangeRequest frame;
  bool good = true;
  while (good && stream->Read(&frame)) good = Take(*peer, frame);
  const std::scoped_lock lock(mutex_);
  const auto entry = streams_.find(*peer);
  if (entry != streams_.end() && entry->second == context) streams_.erase(entry);
  return good ? grpc::Status::OK
              : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "not understood");
}

std::optional<replica::PeerKey> PeerLinks::Service::PeerOf(
    const grpc::ServerContext& context) const {
  const auto key = client::PeerTlsKey(*context.auth_context());
  return key && links_.LinkTo(*key) != nullptr ? key : std::nullopt;
}

bool PeerLinks::Service::Take(const replica::PeerKey& peer, const v1::ExchangeRequest& frame) {
  if (frame.messages_size() == 0 || frame.messages_size() > kFrameMessagesMax) {
    links_.Punish(peer, "a frame of no or too many messages");
    return false;
  }
  const SharedLink link = links_.LinkTo(peer);
  if (link != nullptr && frame.ledger_time_ms() != 0) {
    link->clock().Note(Millis(frame.ledger_time_ms()), config_.ledger_now(),
                       platform::MonotonicMs());
  }
  for (const std::string& bytes : frame.messages()) {
    // The rest of what it sent before it was found out.
    if (links_.penalties_.BarredFor(peer, platform::MonotonicMs()) != 0) return false;
    ++metrics_->peer_messages;
    auto message = replica::DecodePeerMessage(AsBytes(bytes), config_.chain_id);
    if (!message) {
      links_.Punish(peer, "a message that is none");
      return false;
    }
    const auto* consensus_message = std::get_if<consensus::Message>(&*message);
    const auto* blocks =
        consensus_message == nullptr ? nullptr : std::get_if<consensus::Blocks>(consensus_message);
    if (blocks != nullptr && links_.block_tap_) links_.block_tap_(peer, *blocks);
    if (!inbox_->PutPeer({.from = peer, .message = std::move(*message)}, bytes.size())) {
      return false;
    }
  }
  return true;
}

void PeerLinks::Service::Cut(const replica::PeerKey& peer) {
  const std::scoped_lock lock(mutex_);
  const auto stream = streams_.find(peer);
  if (stream != streams_.end()) stream->second->TryCancel();
}

PeerLinks::PeerLinks(PeerLinksConfig config, Inbox* inbox, Metrics* metrics)
    : config_(std::move(config)), inbox_(inbox), metrics_(metrics) {
  service_ = std::make_unique<Service>(*this, inbox_, metrics_);
}

PeerLinks::~PeerLinks() { Stop(); }

bool PeerLinks::Start() {
  if (!service_->Start()) return false;
  const std::scoped_lock lock(mutex_);
  started_ = true;
  for (const auto& [key, link] : links_) link->Start();
  return true;
}

void PeerLinks::Stop() {
  std::vector<SharedLink> all = links();
  {
    const std::scoped_lock lock(mutex_);
    all.insert(all.end(), ended_.begin(), ended_.end());
    ended_.clear();
  }
  for (const SharedLink& link : all) link->End();
  for (const SharedLink& link : all) link->Join();
  service_->Stop();
}

// Never waits for a thread: the replica calls it. A link whose name or address is another now is a
// new link.
void PeerLinks::SetPeers(const std::vector<replica::Peer>& peers) {
  std::map<replica::PeerKey, replica::Peer> wanted;
  for (const replica::Peer& peer : peers) wanted.emplace(peer.key, WithAddress(peer));
  for (const replica::Peer& seed : config_.seeds) wanted.emplace(seed.key, seed);
  std::vector<replica::PeerKey> gone;
  {
    const std::scoped_lock lock(mutex_);
    for (auto link = links_.begin(); link != links_.end();) {
      const auto same = wanted.find(link->first);
      if (same != wanted.end() && same->second == link->second->peer()) {
        wanted.erase(same);
        ++link;
        continue;
      }
      if (same == wanted.end()) gone.push_back(link->first);
      link->second->End();
      ended_.push_back(std::move(link->second));
      link = links_.erase(link);
    }
    for (const auto& [key, peer] : wanted) {
      const auto link = std::make_shared<Link>(peer, config_, &penalties_, inbox_, metrics_);
      if (started_) link->Start();
      links_.emplace(key, link);
    }
  }
  for (const replica::PeerKey& key : gone) service_->Cut(key);
}

replica::Peer PeerLinks::WithAddress(replica::Peer peer) const {
  const auto configured = config_.addresses.find(peer.name);
  if (configured != config_.addresses.end()) peer.address = configured->second;
  return peer;
}

PeerLinks::SharedLink PeerLinks::LinkTo(const replica::PeerKey& peer) const {
  const std::scoped_lock lock(mutex_);
  const auto found = links_.find(peer);
  return found == links_.end() ? nullptr : found->second;
}

std::vector<PeerLinks::SharedLink> PeerLinks::links() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SharedLink> out;
  for (const auto& [key, link] : links_) out.push_back(link);
  return out;
}

void PeerLinks::Send(const replica::PeerKey& to, const replica::SharedMessage& message,
                     replica::Lane lane) {
  if (const SharedLink link = LinkTo(to)) link->Put(message, lane);
}

void PeerLinks::Broadcast(const replica::SharedMessage& message, replica::Lane lane) {
  for (const SharedLink& link : links()) link->Put(message, lane);
}

void PeerLinks::Disconnect(const replica::PeerKey& peer, consensus::Misbehaviour reason) {
  Punish(peer, TextOf(reason));
}

void PeerLinks::Punish(const replica::PeerKey& peer, std::string_view what) {
  ++metrics_->peer_faults;
  const auto pause_ms = penalties_.Punish(peer, platform::MonotonicMs());
  if (!pause_ms) return;
  if (const SharedLink link = LinkTo(peer)) {
    spdlog::warn("peer {} sent {}: nothing is taken from it for {} s", link->peer().name, what,
                 *pause_ms / 1000);
    link->Break();
  }
  service_->Cut(peer);
}

std::vector<PeerState> PeerLinks::states() const {
  std::vector<PeerState> out;
  for (const SharedLink& link : links()) {
    out.push_back({.name = link->peer().name,
                   .reachable = link->up(),
                   .clock_ahead_ms = link->clock().ahead_ms()});
  }
  std::ranges::sort(out, {}, &PeerState::name);
  return out;
}

std::vector<PeerState> PeerLinks::ClocksApart() const {
  constexpr auto kMax = static_cast<std::int64_t>(consensus::kSkewMaxMs);
  std::vector<PeerState> out = states();
  std::erase_if(out, [](const PeerState& peer) {
    return !peer.reachable || std::abs(peer.clock_ahead_ms.value_or(0)) <= kMax;
  });
  return out;
}

void PeerLinks::ForgetClocks() {
  for (const SharedLink& link : links()) link->clock().Begin();
}

std::size_t PeerLinks::Reachable(const std::vector<std::string>& names) const {
  const std::vector<SharedLink> all = links();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&names](const SharedLink& link) {
    return link->up() && std::ranges::find(names, link->peer().name) != names.end();
  }));
}

}  // namespace timebank::rpc
