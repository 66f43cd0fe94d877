#include "node/rpc/peer_link.h"

#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "platform/clock.h"
#include "timebank/v1/peer.grpc.pb.h"

namespace timebank::rpc {

namespace {

constexpr std::uint32_t kBackoffFirstMs = 100;
constexpr std::uint32_t kBackoffMaxMs = 2000;
constexpr auto kConnectTimeout = std::chrono::seconds(3);

std::shared_ptr<grpc::Channel> Connect(const replica::Peer& peer,
                                       const client::TlsIdentity& identity) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPeerPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPeerPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kBackoffFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kBackoffMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kBackoffFirstMs);
  return grpc::CreateCustomChannel(peer.address, client::PinnedChannel(peer.key, identity),
                                   arguments);
}

}  // namespace

struct PeerLinks::Link::Stream {
  grpc::ClientContext context;
};

PeerLinks::Link::Link(replica::Peer peer, const PeerLinksConfig& config,
                      const PeerPenalties* penalties, Inbox* inbox, Metrics* metrics)
    : peer_(std::move(peer)),
      config_(config),
      penalties_(penalties),
      inbox_(inbox),
      metrics_(metrics) {}

PeerLinks::Link::~Link() {
  End();
  Join();
}

void PeerLinks::Link::Start() {
  if (peer_.address.empty()) {
    spdlog::warn("no address of {}: it may connect, but is not called; add it to [[peers]]",
                 peer_.name);
    return;
  }
  thread_ = std::thread([this] { Run(); });
}

void PeerLinks::Link::End() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (stream_ != nullptr) stream_->context.TryCancel();
  }
  changed_.notify_all();
}

void PeerLinks::Link::Join() {
  if (thread_.joinable()) thread_.join();
}

void PeerLinks::Link::Put(const replica::SharedMessage& message, replica::Lane lane) {
  // A peer that is not there gets nothing kept for it: what it missed it fetches (CONSENSUS 3).
  if (!up_) return;
  {
    const std::scoped_lock lock(mutex_);
    Lane& to = lane == replica::Lane::kConsensus ? consensus_ : bulk_;
    if (to.messages.size() >= kLaneMessagesMax || to.bytes + message->size() > kLaneBytesMax) {
      ++metrics_->peer_drops;
      return;
    }
    to.bytes += message->size();
    to.messages.push_back(message);
  }
  changed_.notify_one();
}

void PeerLinks::Link::Break() {
  const std::scoped_lock lock(mutex_);
  broken_ = true;
  if (stream_ != nullptr) stream_->context.TryCancel();
  changed_.notify_all();
}

void PeerLinks::Link::Run() {
  std::uint32_t pause_ms = kBackoffFirstMs;
  for (;;) {
    pause_ms = RunStream() ? kBackoffFirstMs : std::min(2 * pause_ms, kBackoffMaxMs);
    std::unique_lock lock(mutex_);
    consensus_ = {};
    bulk_ = {};
    broken_ = false;
    const std::uint64_t barred = penalties_->BarredFor(peer_.key, platform::MonotonicMs());
    const std::chrono::milliseconds pause(std::max<std::uint64_t>(pause_ms, barred));
    changed_.wait_for(lock, pause, [this] { return stopped_; });
    if (stopped_) return;
  }
}

bool PeerLinks::Link::RunStream() {
  const auto channel = Connect(peer_, config_.identity);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) return false;
  const auto stub = v1::PeerService::NewStub(channel);
  Stream stream;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return false;
    stream_ = &stream;
  }
  const auto call = stub->Exchange(&stream.context);
  call->WaitForInitialMetadata();  // the other end sends it once it has taken us
  const bool taken = stream.context.GetServerInitialMetadata().contains("timebank-peer");
  if (taken) {
    up_ = true;
    inbox_->PutOwn(replica::PeerConnected{peer_.key});
    // Nothing ever arrives here: the read ends when the stream does, also while it is quiet.
    std::thread watcher([this, &call] {
      v1::ExchangeResponse nothing;
      while (call->Read(&nothing)) {
      }
      Break();
    });
    v1::ExchangeRequest frame;
    for (auto messages = TakeFrame(); !messages.empty(); messages = TakeFrame()) {
      frame.Clear();
      for (const replica::SharedMessage& message : messages) frame.add_messages(*message);
      frame.set_ledger_time_ms(config_.ledger_now().value());
      if (!call->Write(frame)) break;
    }
    up_ = false;
    stream.context.TryCancel();
    watcher.join();
  }
  stream.context.TryCancel();
  (void)call->Finish();
  const std::scoped_lock lock(mutex_);
  stream_ = nullptr;
  return taken;
}

std::vector<replica::SharedMessage> PeerLinks::Link::TakeFrame() {
  std::vector<replica::SharedMessage> out;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return stopped_ || broken_ || !consensus_.messages.empty() || !bulk_.messages.empty();
  });
  if (stopped_ || broken_) return out;
  std::size_t bytes = 0;
  for (Lane* lane : {&consensus_, &bulk_}) {
    while (!lane->messages.empty() && out.size() < kFrameMessagesMax &&
           (out.empty() || bytes + lane->messages.front()->size() <= kFrameBytesMax)) {
      const std::size_t size = lane->messages.front()->size();
      bytes += size;
      lane->bytes -= size;
      out.push_back(std::move(lane->messages.front()));
      lane->messages.pop_front();
    }
  }
  return out;
}

}  // namespace timebank::rpc
