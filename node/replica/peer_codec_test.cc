#include "node/replica/peer_codec.h"

#include <memory>

#include "chain/canonical.h"
#include "chain/transaction.h"
#include "consensus/limits.h"
#include "timebank/v1/peer.pb.h"

namespace timebank::replica {
namespace {

using consensus::Block;
using consensus::Message;

Hash HashOf(int number) {
  Hash hash;
  hash.data.fill(static_cast<std::byte>(number));
  return hash;
}

const Hash kChain = HashOf(7);

chain::Certificate MakeCertificate(chain::VoteKind kind) {
  chain::Certificate certificate;
  certificate.position = {kind, Epoch(0), View(5), View(0), HashOf(1)};
  if (kind == chain::VoteKind::kNotarize) certificate.position.parent_view = View(3);
  if (kind == chain::VoteKind::kNullify) certificate.position.digest = Hash();
  certificate.validator_count = 4;
  for (std::uint16_t i = 0; i < 3; ++i) certificate.votes.push_back({ReplicaIndex(i), {}});
  return certificate;
}

Block MakeBlock(bool with_body) {
  chain::Header header;
  header.chain_id = kChain;
  header.height = Height(12);
  return Block(header, with_body ? std::make_shared<const Bytes>(Bytes{std::byte{1}}) : nullptr);
}

consensus::Vote MakeVote(chain::VoteKind kind) {
  consensus::Vote vote;
  vote.position = MakeCertificate(kind).position;
  vote.signer = ReplicaIndex(2);
  vote.signature.data.fill(std::byte{9});
  return vote;
}

consensus::Proposal MakeProposal() {
  consensus::Proposal proposal;
  proposal.position = {Epoch(0), View(6)};
  proposal.parent_view = View(5);
  proposal.parent_proof = MakeCertificate(chain::VoteKind::kNotarize);
  proposal.block = MakeBlock(/*with_body=*/true);
  proposal.nullifications.push_back(MakeCertificate(chain::VoteKind::kNullify));
  return proposal;
}

std::vector<Message> EveryMessage() {
  consensus::Status status;
  status.position = {Epoch(0), View(6)};
  status.floor = {Epoch(0), View(4)};
  status.floor_digest = HashOf(3);
  consensus::Status with_notarization = status;
  with_notarization.notarization = MakeCertificate(chain::VoteKind::kNotarize);
  consensus::Proposal first;
  first.position = {Epoch(0), View(1)};
  first.block = Block(MakeBlock(false).header(), std::make_shared<const Bytes>());
  const auto finalization = MakeCertificate(chain::VoteKind::kFinalize);
  return {MakeProposal(),
          first,
          MakeVote(chain::VoteKind::kNotarize),
          MakeVote(chain::VoteKind::kNullify),
          MakeVote(chain::VoteKind::kFinalize),
          consensus::CertificateMessage{finalization},
          status,
          with_notarization,
          consensus::FetchCertificates{Epoch(0), View(1), View(9)},
          consensus::Certificates{{finalization, finalization}},
          consensus::FetchBlocks{Height(3), 64, true},
          consensus::FetchByDigest{HashOf(4)},
          consensus::Blocks{{MakeBlock(true), MakeBlock(false)}},
          consensus::Blocks{},
          consensus::FetchEpochChain{Epoch(2)},
          consensus::EpochChain{{finalization, finalization}}};
}

TEST(PeerCodec, EveryMessageComesBackAsTheSameBytes) {
  for (const Message& message : EveryMessage()) {
    SCOPED_TRACE(message.index());
    const std::string bytes = EncodePeerMessage(message);
    const auto decoded = DecodePeerMessage(AsBytes(bytes), kChain);
    ASSERT_TRUE(decoded.has_value());
    const auto* back = std::get_if<Message>(&*decoded);
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(EncodePeerMessage(*back), bytes);
  }
}

TEST(PeerCodec, TellsAHeaderFromABlockWithAnEmptyBody) {
  const Block empty(MakeBlock(false).header(), std::make_shared<const Bytes>());
  const auto bytes = EncodePeerMessage(consensus::Blocks{{empty, MakeBlock(false)}});
  const auto decoded = DecodePeerMessage(AsBytes(bytes), kChain);
  ASSERT_TRUE(decoded.has_value());
  const auto& blocks = std::get<consensus::Blocks>(std::get<Message>(*decoded)).blocks;
  EXPECT_NE(blocks[0].body(), nullptr);
  EXPECT_EQ(blocks[1].body(), nullptr);
}

// No byte of any message may be changed into something that reads differently without notice:
// decode(changed) fails or gives exactly the changed bytes back.
TEST(PeerCodec, EveryChangedByteIsRefusedOrReadAsItStands) {
  for (const Message& message : EveryMessage()) {
    SCOPED_TRACE(message.index());
    const std::string bytes = EncodePeerMessage(message);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ 0x21);
      const auto decoded = DecodePeerMessage(AsBytes(changed), kChain);
      if (!decoded) continue;
      const auto* back = std::get_if<Message>(&*decoded);
      ASSERT_NE(back, nullptr);
      EXPECT_EQ(EncodePeerMessage(*back), changed) << "at " << i;
    }
  }
}

TEST(PeerCodec, EveryTruncationIsRefused) {
  const std::string bytes = EncodePeerMessage(MakeProposal());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePeerMessage(AsBytes(bytes.substr(0, size)), kChain).has_value()) << size;
  }
}

PeerCodecError ErrorOf(const v1::PeerMessage& message) {
  const auto decoded = DecodePeerMessage(AsBytes(chain::CanonicalBytes(message)), kChain);
  EXPECT_FALSE(decoded.has_value());
  return decoded ? PeerCodecError::kMalformed : decoded.error();
}

TEST(PeerCodec, RefusesMoreThanTheBounds) {
  v1::PeerMessage many;
  const std::string certificate = ToString(MakeCertificate(chain::VoteKind::kFinalize).Encode());
  for (std::size_t i = 0; i <= consensus::kFetchCertificatesMax; ++i) {
    many.mutable_certificates()->add_certificates(certificate);
  }
  EXPECT_EQ(ErrorOf(many), PeerCodecError::kOversize);
  many.mutable_certificates()->mutable_certificates()->RemoveLast();
  EXPECT_TRUE(DecodePeerMessage(AsBytes(chain::CanonicalBytes(many)), kChain).has_value());

  v1::PeerMessage body;
  v1::BlockItem& item = *body.mutable_blocks()->add_blocks();
  item.set_header(ToString(MakeBlock(false).header().Encode()));
  item.set_body(std::string(consensus::kBodyBytesMax + 1, 'x'));
  item.set_has_body(true);
  EXPECT_EQ(ErrorOf(body), PeerCodecError::kOversize);

  v1::PeerMessage gossip;
  for (std::size_t i = 0; i <= kGossipTransactionsMax; ++i) {
    gossip.mutable_gossip()->add_envelopes("x");
  }
  EXPECT_EQ(ErrorOf(gossip), PeerCodecError::kOversize);
  EXPECT_EQ(DecodePeerMessage(Bytes(kPeerMessageBytesMax + 1), kChain).error(),
            PeerCodecError::kOversize);
}

TEST(PeerCodec, RefusesFieldsOfAWrongSizeAndSaysWhich) {
  v1::PeerMessage bad_header;
  bad_header.mutable_blocks()->add_blocks()->set_header("short");
  EXPECT_EQ(ErrorOf(bad_header), PeerCodecError::kBadHeader);
  v1::PeerMessage bad_certificate;
  bad_certificate.mutable_certificate()->set_certificate("short");
  EXPECT_EQ(ErrorOf(bad_certificate), PeerCodecError::kBadCertificate);
  v1::PeerMessage bad_transaction;
  bad_transaction.mutable_gossip()->add_envelopes("no transaction");
  EXPECT_EQ(ErrorOf(bad_transaction), PeerCodecError::kBadTransaction);
  v1::PeerMessage bad_digest;
  bad_digest.mutable_fetch_by_digest()->set_digest(std::string(31, 'x'));
  EXPECT_EQ(ErrorOf(bad_digest), PeerCodecError::kMalformed);
  EXPECT_EQ(ErrorOf(v1::PeerMessage()), PeerCodecError::kMalformed);
}

TEST(PeerCodec, RefusesVotesThatSayTooMuch) {
  const auto vote_of = [](chain::VoteKind kind) {
    v1::PeerMessage message;
    EXPECT_TRUE(message.ParseFromString(EncodePeerMessage(MakeVote(kind))));
    return message;
  };
  v1::PeerMessage nullify = vote_of(chain::VoteKind::kNullify);
  nullify.mutable_vote()->set_digest(HashOf(1).str());
  EXPECT_EQ(ErrorOf(nullify), PeerCodecError::kMalformed);
  v1::PeerMessage finalize = vote_of(chain::VoteKind::kFinalize);
  finalize.mutable_vote()->set_parent_view(1);
  EXPECT_EQ(ErrorOf(finalize), PeerCodecError::kMalformed);
  v1::PeerMessage kind = vote_of(chain::VoteKind::kFinalize);
  kind.mutable_vote()->set_kind(4);
  EXPECT_EQ(ErrorOf(kind), PeerCodecError::kMalformed);
  v1::PeerMessage signer = vote_of(chain::VoteKind::kFinalize);
  signer.mutable_vote()->set_signer(20);
  EXPECT_EQ(ErrorOf(signer), PeerCodecError::kMalformed);
}

}  // namespace
}  // namespace timebank::replica
