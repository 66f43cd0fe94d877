// Answers to peers, within each one's allowance (P20). Over it the answer is empty, which means
// "ask somebody else"; what is asked for beyond a limit is cut, never refused (P6).
#include <algorithm>
#include <utility>

#include "consensus/state.h"

namespace timebank::consensus {
namespace {

// Observers beyond this many are forgotten, oldest number first; only their allowances are lost.
constexpr std::size_t kObserversTracked = 256;

}  // namespace

Peer& Core::State::PeerState(PeerId peer) {
  const auto known = peers_.find(peer);
  if (known != peers_.end()) return known->second;
  if (peers_.size() >= n_ + kObserversTracked) {
    const auto oldest = peers_.lower_bound(PeerId(kFirstObserverPeer));
    if (oldest != peers_.end()) peers_.erase(oldest);
  }
  return peers_[peer];
}

// A lower floor is answered with my Finalization, a lower view with what let me enter mine.
void Core::State::OnStatus(PeerId from, const Status& status) {
  if (status.position.epoch > floor_.epoch) AskEpochChain(from, status.position.epoch);
  if (status.notarization && !OnCertificate(from, *status.notarization)) return;
  if (halted_ || !PeerState(from).answers.Take(now_.steady_ms, 1)) return;
  if (status.position.epoch < floor_.epoch) {
    // Nothing of this epoch is of use to it yet.
    out_.serve_epochs.push_back({from, status.position.epoch});
    return;
  }
  const bool behind = status.floor < floor_ && floor_certificate_;
  if (behind) Send(from, CertificateMessage{*floor_certificate_});
  const bool entered_by_floor = behind && entered_by_ == floor_certificate_;
  if (status.position < Position{floor_.epoch, view_} && entered_by_ && !entered_by_floor) {
    Send(from, CertificateMessage{*entered_by_});
  }
  const chain::Certificate* highest = rounds_.HighestNotarization();
  const bool they_lack =
      highest != nullptr &&
      (!status.notarization || status.notarization->position.view < highest->position.view);
  if (they_lack && entered_by_ != *highest) Send(from, CertificateMessage{*highest});
  // What it has forgotten with a lost log shows here (CONSENSUS 8). After the certificates, so that
  // it does not vote in between.
  if (IsValidator(from) && std::exchange(PeerState(from).fresh_link, false)) {
    const ReplicaIndex signer(static_cast<std::uint16_t>(from.value()));
    for (const Vote& vote : tally_.VotesOf(signer, floor_.view, kEchoedVotesMax)) Send(from, vote);
  }
  // The other way round: my floor is lower, and a Status of mine is answered with theirs.
  if (floor_ < status.floor) Send(from, MyStatus());
}

void Core::State::Serve(PeerId from, const FetchCertificates& request) {
  if (!PeerState(from).answers.Take(now_.steady_ms, 1)) return Send(from, Certificates{});
  Certificates reply;
  const Position first{request.epoch, request.first};
  if (first <= floor_ && floor_certificate_) reply.certificates.push_back(*floor_certificate_);
  for (const auto& [view, round] : rounds_.all()) {
    if (request.epoch != floor_.epoch || view < request.first || view > request.last) continue;
    if (reply.certificates.size() + 2 > kFetchCertificatesMax) break;
    if (round.notarization) reply.certificates.push_back(*round.notarization);
    if (round.nullification) reply.certificates.push_back(*round.nullification);
  }
  Send(from, std::move(reply));
}

// Storage answers: the core keeps no old blocks.
void Core::State::Serve(PeerId from, const FetchBlocks& request) {
  if (!PeerState(from).answers.Take(now_.steady_ms, 1)) return Send(from, Blocks{});
  const std::size_t most = request.headers_only ? kFetchHeadersMax : kFetchBlocksMax;
  ServeBlocks serve{from, request};
  serve.request.count = static_cast<std::uint32_t>(PeerState(from).blocks.TakeUpTo(
      now_.steady_ms, std::min<std::uint64_t>(request.count, most)));
  if (serve.request.count == 0) return Send(from, Blocks{});
  out_.serve.push_back(serve);
}

void Core::State::Serve(PeerId from, const FetchByDigest& request) {
  if (!PeerState(from).answers.Take(now_.steady_ms, 1)) return Send(from, Blocks{});
  if (const Block* block = tree_.FindForPeer(request.digest)) {
    if (!PeerState(from).bytes.Take(now_.steady_ms, block->body()->size())) {
      return Send(from, Blocks{});
    }
    return Send(from, Blocks{{*block}});
  }
  // After a restart no final block is held here, not even the floor's, which others cannot do
  // without: storage has them all.
  out_.serve_by_digest.push_back({from, request.digest, floor_certificate_});
}

}  // namespace timebank::consensus
