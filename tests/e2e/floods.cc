// Floods of garbage on both ports of a node, and what must not get onto the peer port at all.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <thread>

#include "api/client/tls.h"
#include "api/client/tls_identity.h"
#include "base/prng.h"
#include "node/config.h"
#include "platform/file.h"
#include "tests/e2e/hostile.h"
#include "timebank/v1/peer.grpc.pb.h"
#include "wallet-cli/demo/stage.h"

namespace timebank::hostile {
namespace {

constexpr std::size_t kFrame = 500;
constexpr auto kFloodTime = std::chrono::seconds(60);

std::string Noise(Prng& prng, std::size_t bytes_max) {
  std::string noise(prng.Below(bytes_max) + 1, '\0');
  for (char& byte : noise) byte = static_cast<char>(prng.Below(256));
  return noise;
}

// Noise, a good message cut off, or one with a bit turned.
std::string Garbage(Prng& prng, const std::string& good) {
  std::string out = good;
  switch (prng.Below(3)) {
    case 0:
      return Noise(prng, 400);
    case 1:
      out.resize(prng.Below(good.size()));
      return out;
    default:
      out[prng.Below(good.size())] ^= static_cast<char>(1U << prng.Below(8));
      return out;
  }
}

// A vote, a certificate, a status, a gossip and noise, well formed on the outside.
std::string PeerGarbage(Prng& prng, const std::string& envelope) {
  v1::PeerMessage message;
  switch (prng.Below(6)) {
    case 0: {
      v1::Vote& vote = *message.mutable_vote();
      vote.set_kind(static_cast<std::uint32_t>(prng.Below(5)));
      vote.set_view(prng.Below(2) == 0 ? ~std::uint64_t{0} - prng.Below(9) : prng.Below(1000));
      vote.set_digest(std::string(32, 'd'));
      vote.set_signer(static_cast<std::uint32_t>(prng.Below(5)));
      vote.set_signature(std::string(64, 's'));
      break;
    }
    case 1:
      message.mutable_certificate()->set_certificate(Noise(prng, 300));
      break;
    case 2:
      message.mutable_status()->set_view(~std::uint64_t{0});
      message.mutable_status()->set_floor_digest(std::string(32, 'f'));
      message.mutable_status()->set_floor_view(~std::uint64_t{0} - 1);
      break;
    case 3:
      message.mutable_gossip()->add_envelopes(Garbage(prng, envelope));
      break;
    case 4:
      message.mutable_proposal()->set_view(prng.Below(1000));
      message.mutable_proposal()->set_header(Noise(prng, 400));
      message.mutable_proposal()->set_body(Noise(prng, 400));
      break;
    default:
      return Noise(prng, 400);
  }
  return message.SerializeAsString();
}

client::SignedTransaction GoodTransaction(Net& net, int number) {
  const cli::Identity& elder = net.Person("M0002" + std::to_string(number));
  v1::TransactionBody body;
  body.mutable_place_order();
  v1::PlaceOrder& order = *body.mutable_place_order();
  const std::uint64_t now = net.Now().value();
  EntryId id;
  Prng prng(now);
  prng.Fill(id.data);
  for (int i = 0; i < 6; ++i) {
    id.data[static_cast<std::size_t>(i)] = static_cast<std::byte>(now >> (8 * (5 - i)));
  }
  order.set_entry(id.str());
  order.set_elder(elder.member.str());
  order.set_community(elder.home.str());
  order.set_category(v1::CATEGORY_ERRAND);
  order.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  order.set_planned_start_ms(now / 60'000 * 60'000 + 24 * 3'600'000);
  order.set_planned_minutes(15);
  return client::BuildTransaction(net.chain_id(), net.Now(), {cli::AsMember(elder)}, body);
}

void GoodPasses(Net& net, Tally& tally, int number, const std::string& after) {
  const Outcome outcome = net.Submit(GoodTransaction(net, number).envelope);
  tally.Check(outcome.ok, "a good transaction passes right after " + after, outcome.Name());
}

// Every unary method of every service, with noise in place of its message.
void CallWithNoise(Net& net, Tally& tally, Prng& prng) {
  grpc::GenericStub generic(client::ChannelTo(net.node(), net.genesis()));
  std::size_t refused = 0;
  std::size_t calls = 0;
  for (const char* service :
       {"TransactionService", "LedgerService", "ChainService", "NodeService"}) {
    const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        std::string("timebank.v1.") + service);
    for (int m = 0; descriptor != nullptr && m < descriptor->method_count(); ++m) {
      if (descriptor->method(m)->client_streaming()) continue;
      for (int i = 0; i < 50; ++i, ++calls) {
        grpc::ClientContext call;
        call.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        const grpc::Slice slice(Noise(prng, 2000));
        grpc::ByteBuffer request(&slice, 1);
        grpc::ByteBuffer response;
        grpc::CompletionQueue queue;
        const auto pending = generic.PrepareUnaryCall(
            &call, std::string("/timebank.v1.") + service + "/" + descriptor->method(m)->name(),
            request, &queue);
        pending->StartCall();
        grpc::Status result;
        pending->Finish(&response, &result, nullptr);
        void* tag = nullptr;
        bool ok = false;
        (void)queue.Next(&tag, &ok);
        refused += result.ok() ? 0U : 1U;
      }
    }
  }
  tally.Check(calls > 0 && refused > calls / 2,
              std::to_string(refused) + " of " + std::to_string(calls) +
                  " calls with noise refused, all answered",
              "too few");
}

}  // namespace

void FloodClientPort(Net& net, Tally& tally, std::size_t count) {
  Prng prng(7);
  const std::string good = GoodTransaction(net, 6).envelope;
  const auto stub = v1::TransactionService::NewStub(client::ChannelTo(net.node(), net.genesis()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kFloodTime);
  const auto stream = stub->SubmitStream(&context);
  std::size_t answered = 0;
  std::size_t admitted = 0;
  std::thread reader([&] {
    v1::SubmitStreamResponse response;
    while (stream->Read(&response)) {
      for (const v1::SubmitResult& result : response.results()) {
        ++answered;
        if (result.reason() == v1::REASON_UNSPECIFIED) ++admitted;
      }
    }
  });
  for (std::size_t sent = 0; sent < count; sent += kFrame) {
    v1::SubmitStreamRequest frame;
    for (std::size_t i = 0; i < kFrame; ++i) frame.add_envelopes(Garbage(prng, good));
    if (!stream->Write(frame)) break;
  }
  stream->WritesDone();
  reader.join();
  const grpc::Status status = stream->Finish();
  tally.Check(answered >= count && admitted == 0 && status.ok(),
              std::to_string(answered) + " garbage submissions, each refused",
              std::to_string(admitted) + " admitted; " + status.error_message());

  CallWithNoise(net, tally, prng);
  GoodPasses(net, tally, 6, "the flood");
}

void FloodPeerPorts(Net& net, Tally& tally, std::size_t count) {
  // With the stolen identity of the last validator, which is stopped.
  const cli::ClusterNode& thief = net.cluster().nodes.back();
  const auto config = node::LoadConfig(thief.dir + "/config.toml");
  if (!config) return tally.Check(false, "the stolen identity", "cannot be read");
  const auto certificate = platform::ReadTextFile(thief.dir + "/tls.crt");
  const auto key = platform::ReadTextFile(thief.dir + "/tls.key");
  if (!certificate || !key) return tally.Check(false, "the stolen identity", "cannot be read");
  Prng prng(11);
  const std::string envelope = GoodTransaction(net, 7).envelope;
  const auto end = std::chrono::steady_clock::now() + kFloodTime;
  std::size_t sent = 0;
  std::size_t streams = 0;
  while (sent < count && std::chrono::steady_clock::now() < end) {
    const cli::ClusterNode& victim = net.cluster().nodes[streams++ % 3];
    const auto channel = grpc::CreateChannel(
        PeerAddressOf(victim),
        client::PinnedChannel(PinOf(net, victim.name), client::TlsIdentity{*certificate, *key}));
    const auto stub = v1::PeerService::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    const auto stream = stub->Exchange(&context);
    for (bool open = true; open && sent < count;) {
      v1::ExchangeRequest frame;
      for (std::size_t i = 0; i < kFrame; ++i) frame.add_messages(PeerGarbage(prng, envelope));
      sent += kFrame;
      open = stream->Write(frame);
    }
    context.TryCancel();
    (void)stream->Finish();
  }
  tally.Check(sent >= count,
              std::to_string(sent) + " garbage messages on the peer ports over " +
                  std::to_string(streams) + " streams",
              "not all could be sent in time");
  GoodPasses(net, tally, 7, "the flood");
}

void TryPeerPort(Net& net, Tally& tally) {
  const cli::ClusterNode& victim = net.cluster().nodes.front();
  const auto stranger = client::NewTlsIdentity({.name = victim.name, .hosts = {"127.0.0.1"}});
  if (!stranger) return tally.Check(false, "making a key", stranger.error());
  const Hash pin = PinOf(net, victim.name);
  struct Case {
    const char* name;
    std::shared_ptr<grpc::ChannelCredentials> credentials;
  };
  const Case cases[] = {
      {"a plain-text peer is refused", grpc::InsecureChannelCredentials()},
      {"a peer with a key of nobody is refused", client::PinnedChannel(pin, *stranger)},
      {"a client on the peer port is refused", client::PinnedChannel(pin, std::nullopt)},
  };
  for (const Case& c : cases) {
    const auto stub =
        v1::PeerService::NewStub(grpc::CreateChannel(PeerAddressOf(victim), c.credentials));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    const auto stream = stub->Exchange(&context);
    stream->WaitForInitialMetadata();
    const bool taken = context.GetServerInitialMetadata().contains("timebank-peer");
    context.TryCancel();
    (void)stream->Finish();
    tally.Check(!taken, c.name, "it was taken for a validator");
  }
  const auto plain = v1::NodeService::NewStub(
      grpc::CreateChannel(victim.grpc, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  v1::GetStatusResponse response;
  tally.Check(!plain->GetStatus(&context, v1::GetStatusRequest(), &response).ok(),
              "a plain-text client is refused", "it was answered");
}

}  // namespace timebank::hostile
