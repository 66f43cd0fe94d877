// A validator that votes twice and one that accuses another, over the wire of real nodes, with the
// stolen keys of the last validator, which is stopped.
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "api/client/tls.h"
#include "chain/canonical.h"
#include "chain/evidence.h"
#include "node/config.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "tests/e2e/hostile.h"
#include "timebank/v1/peer.grpc.pb.h"

namespace timebank::hostile {
namespace {

constexpr auto kStreamTime = std::chrono::seconds(10);

struct Stolen {
  client::TlsIdentity tls;
  crypto::SecretKey key;
};

std::optional<Stolen> Steal(const cli::ClusterNode& node) {
  const auto certificate = platform::ReadTextFile(node.dir + "/tls.crt");
  const auto tls_key = platform::ReadTextFile(node.dir + "/tls.key");
  const auto key = platform::OpenKeyFile(node.dir + "/consensus.key", platform::PassphraseIs(""),
                                         {.allow_plain = true});
  if (!certificate || !tls_key || !key) return std::nullopt;
  return Stolen{{*certificate, *tls_key}, *key};
}

chain::EvidenceVote Finalize(const Stolen& stolen, const Hash& chain_id, View view, int block) {
  chain::EvidenceVote vote;
  vote.position = {chain::VoteKind::kFinalize, Epoch(0), view, View(0), Hash{}};
  vote.position.digest.data.fill(static_cast<std::byte>(block));
  vote.signature = stolen.key.Sign(chain::VoteBytes(chain_id, vote.position));
  return vote;
}

std::string AsMessage(const chain::EvidenceVote& vote, ReplicaIndex signer) {
  v1::PeerMessage message;
  v1::Vote& out = *message.mutable_vote();
  out.set_kind(static_cast<std::uint32_t>(vote.position.kind));
  out.set_epoch(vote.position.epoch.value());
  out.set_view(vote.position.view.value());
  out.set_digest(vote.position.digest.str());
  out.set_signer(signer.value());
  out.set_signature(vote.signature.str());
  return chain::CanonicalBytes(message);
}

// Sends the messages and waits for the node to end the stream. True when it did.
bool SayAndWait(const Net& net, const Stolen& stolen, const cli::ClusterNode& to,
                const std::vector<std::string>& messages) {
  const auto stub = v1::PeerService::NewStub(grpc::CreateChannel(
      PeerAddressOf(to), client::PinnedChannel(PinOf(net, to.name), stolen.tls)));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kStreamTime);
  const auto stream = stub->Exchange(&context);
  v1::ExchangeRequest frame;
  for (const std::string& message : messages) frame.add_messages(message);
  (void)stream->Write(frame);
  v1::ExchangeResponse response;
  while (stream->Read(&response)) {
  }
  return stream->Finish().error_code() != grpc::StatusCode::DEADLINE_EXCEEDED;
}

}  // namespace

void VoteTwice(Net& net, Tally& tally) {
  const auto stolen = Steal(net.cluster().nodes.back());
  if (!stolen) return tally.Check(false, "the stolen keys", "cannot be read");
  const auto signer = net.genesis().validators.IndexOf(stolen->key.public_key());
  if (!signer) return tally.Check(false, "the stolen key", "is of no validator of genesis");
  const View view(net.Status().view());
  const auto first = Finalize(*stolen, net.chain_id(), view, 1);
  const auto second = Finalize(*stolen, net.chain_id(), view, 2);

  // The votes are its own, the name is another's.
  const ReplicaIndex other(signer->value() == 0 ? 1 : 0);
  const chain::Evidence lie{chain::EvidenceKind::kConflictingFinalize,
                            net.genesis().validators.key(other), first, second};
  v1::PeerMessage gossip;
  gossip.mutable_gossip()->add_evidence(chain::EncodeEvidence(lie));
  tally.Check(SayAndWait(net, *stolen, net.cluster().nodes[1], {chain::CanonicalBytes(gossip)}),
              "who accuses an innocent is cut off", "the stream stays open");

  // Only one node hears both.
  tally.Check(!SayAndWait(net, *stolen, net.cluster().nodes[0],
                          {AsMessage(first, *signer), AsMessage(second, *signer)}),
              "two Finalize votes of one view are taken", "the stream was ended");
}

}  // namespace timebank::hostile
