#include "node/replica/peer_codec.h"

#include <memory>
#include <optional>
#include <utility>

#include "chain/canonical.h"
#include "chain/certificate.h"
#include "chain/evidence.h"
#include "chain/header.h"
#include "consensus/limits.h"
#include "timebank/v1/peer.pb.h"

namespace timebank::replica {
namespace {

using consensus::Block;

void Write(const consensus::Proposal& in, v1::PeerMessage& out);
void Write(const consensus::Vote& in, v1::PeerMessage& out);
void Write(const consensus::CertificateMessage& in, v1::PeerMessage& out);
void Write(const consensus::Status& in, v1::PeerMessage& out);
void Write(const consensus::FetchCertificates& in, v1::PeerMessage& out);
void Write(const consensus::Certificates& in, v1::PeerMessage& out);
void Write(const consensus::FetchBlocks& in, v1::PeerMessage& out);
void Write(const consensus::FetchByDigest& in, v1::PeerMessage& out);
void Write(const consensus::Blocks& in, v1::PeerMessage& out);
void Write(const consensus::FetchEpochChain& in, v1::PeerMessage& out);
void Write(const consensus::EpochChain& in, v1::PeerMessage& out);

// Reads the parts of one message; the first part that is wrong decides the error.
class Reader {
 public:
  explicit Reader(const Hash& chain_id) : chain_id_(chain_id) {}
  [[nodiscard]] std::optional<PeerMessage> Read(v1::PeerMessage& in);
  [[nodiscard]] PeerCodecError error() const { return error_; }

 private:
  using Result = std::optional<PeerMessage>;
  Result Read(v1::Proposal& in);
  Result Read(const v1::Vote& in);
  Result Read(const v1::ConsensusStatus& in);
  Result Read(const v1::Certificates& in);
  Result Read(v1::Blocks& in);
  Result Read(const v1::EpochChain& in);
  Result Read(v1::Gossip& in);
  Result Read(const v1::FetchCertificates& in);
  Result Read(const v1::FetchBlocks& in);
  std::optional<chain::Certificate> ReadCertificate(const std::string& bytes);
  // Empty bytes are no certificate; false: bytes that are none.
  bool ReadOptional(const std::string& bytes, std::optional<chain::Certificate>& out);
  std::optional<Block> ReadBlock(const std::string& header, const std::string& body, bool has_body);
  std::nullopt_t Fail(PeerCodecError error) {
    error_ = error;
    return std::nullopt;
  }
  template <typename Fixed>
  bool ReadFixed(const std::string& bytes, Fixed& out) {
    const auto fixed = Fixed::From(bytes);
    if (fixed) out = *fixed;
    return fixed.has_value();
  }

  const Hash& chain_id_;
  PeerCodecError error_ = PeerCodecError::kMalformed;
};

}  // namespace

std::string EncodePeerMessage(const consensus::Message& message) {
  v1::PeerMessage out;
  std::visit([&out](const auto& in) { Write(in, out); }, message);
  return chain::CanonicalBytes(out);
}

std::string EncodeGossip(const GossipMessage& gossip) {
  v1::PeerMessage out;
  for (const SharedTransaction& transaction : gossip.transactions) {
    out.mutable_gossip()->add_envelopes(transaction->envelope);
  }
  for (const std::string& item : gossip.evidence) out.mutable_gossip()->add_evidence(item);
  return chain::CanonicalBytes(out);
}

Expected<PeerMessage, PeerCodecError> DecodePeerMessage(ByteView bytes, const Hash& chain_id) {
  if (bytes.size() > kPeerMessageBytesMax) return Unexpected{PeerCodecError::kOversize};
  auto message = chain::ParseCanonical<v1::PeerMessage>(bytes);
  if (!message) return Unexpected{PeerCodecError::kMalformed};
  Reader reader(chain_id);
  auto out = reader.Read(*message);
  if (!out) return Unexpected{reader.error()};
  return std::move(*out);
}

namespace {

std::string CertificateBytes(const chain::Certificate& certificate) {
  return ToString(certificate.Encode());
}

std::string HeaderBytes(const chain::Header& header) { return ToString(header.Encode()); }

std::string BodyBytes(const Block& block) {
  return block.body() == nullptr ? std::string() : ToString(*block.body());
}

void Write(const consensus::Proposal& in, v1::PeerMessage& out) {
  v1::Proposal& to = *out.mutable_proposal();
  to.set_epoch(in.position.epoch.value());
  to.set_view(in.position.view.value());
  to.set_parent_view(in.parent_view.value());
  if (in.parent_proof) to.set_parent_proof(CertificateBytes(*in.parent_proof));
  to.set_header(HeaderBytes(in.block.header()));
  to.set_body(BodyBytes(in.block));
  for (const auto& certificate : in.nullifications) {
    to.add_nullifications(CertificateBytes(certificate));
  }
  to.set_signature(in.signature.str());
}

void Write(const consensus::Vote& in, v1::PeerMessage& out) {
  v1::Vote& to = *out.mutable_vote();
  to.set_kind(static_cast<std::uint32_t>(in.position.kind));
  to.set_epoch(in.position.epoch.value());
  to.set_view(in.position.view.value());
  to.set_parent_view(in.position.parent_view.value());
  if (in.position.kind != chain::VoteKind::kNullify) to.set_digest(in.position.digest.str());
  to.set_signer(in.signer.value());
  to.set_signature(in.signature.str());
}

void Write(const consensus::CertificateMessage& in, v1::PeerMessage& out) {
  out.mutable_certificate()->set_certificate(CertificateBytes(in.certificate));
}

void Write(const consensus::Status& in, v1::PeerMessage& out) {
  v1::ConsensusStatus& to = *out.mutable_status();
  to.set_epoch(in.position.epoch.value());
  to.set_view(in.position.view.value());
  to.set_floor_epoch(in.floor.epoch.value());
  to.set_floor_view(in.floor.view.value());
  to.set_floor_digest(in.floor_digest.str());
  if (in.notarization) to.set_notarization(CertificateBytes(*in.notarization));
}

void Write(const consensus::FetchCertificates& in, v1::PeerMessage& out) {
  v1::FetchCertificates& to = *out.mutable_fetch_certificates();
  to.set_epoch(in.epoch.value());
  to.set_from_view(in.first.value());
  to.set_to_view(in.last.value());
}

void Write(const consensus::Certificates& in, v1::PeerMessage& out) {
  v1::Certificates& to = *out.mutable_certificates();
  for (const auto& certificate : in.certificates) {
    to.add_certificates(CertificateBytes(certificate));
  }
}

void Write(const consensus::FetchBlocks& in, v1::PeerMessage& out) {
  v1::FetchBlocks& to = *out.mutable_fetch_blocks();
  to.set_from_height(in.first.value());
  to.set_count(in.count);
  to.set_headers_only(in.headers_only);
}

void Write(const consensus::FetchByDigest& in, v1::PeerMessage& out) {
  out.mutable_fetch_by_digest()->set_digest(in.digest.str());
}

void Write(const consensus::Blocks& in, v1::PeerMessage& out) {
  v1::Blocks& to = *out.mutable_blocks();
  for (const Block& block : in.blocks) {
    v1::BlockItem& item = *to.add_blocks();
    item.set_header(HeaderBytes(block.header()));
    item.set_body(BodyBytes(block));
    item.set_has_body(block.body() != nullptr);
  }
}

void Write(const consensus::FetchEpochChain& in, v1::PeerMessage& out) {
  out.mutable_fetch_epoch_chain()->set_from_epoch(in.first.value());
}

void Write(const consensus::EpochChain& in, v1::PeerMessage& out) {
  v1::EpochChain& to = *out.mutable_epoch_chain();
  for (const chain::Certificate& finalization : in.finalizations) {
    to.add_finalizations(CertificateBytes(finalization));
  }
}

Reader::Result Reader::Read(v1::PeerMessage& in) {
  switch (in.kind_case()) {
    case v1::PeerMessage::kProposal:
      return Read(*in.mutable_proposal());
    case v1::PeerMessage::kVote:
      return Read(in.vote());
    case v1::PeerMessage::kCertificate: {
      auto certificate = ReadCertificate(in.certificate().certificate());
      if (!certificate) return std::nullopt;
      return consensus::Message(consensus::CertificateMessage{std::move(*certificate)});
    }
    case v1::PeerMessage::kStatus:
      return Read(in.status());
    case v1::PeerMessage::kFetchCertificates:
      return Read(in.fetch_certificates());
    case v1::PeerMessage::kFetchBlocks:
      return Read(in.fetch_blocks());
    case v1::PeerMessage::kFetchByDigest: {
      consensus::FetchByDigest out;
      if (!ReadFixed(in.fetch_by_digest().digest(), out.digest)) return std::nullopt;
      return consensus::Message(out);
    }
    case v1::PeerMessage::kFetchEpochChain:
      return consensus::Message(
          consensus::FetchEpochChain{Epoch(in.fetch_epoch_chain().from_epoch())});
    case v1::PeerMessage::kCertificates:
      return Read(in.certificates());
    case v1::PeerMessage::kBlocks:
      return Read(*in.mutable_blocks());
    case v1::PeerMessage::kEpochChain:
      return Read(*in.mutable_epoch_chain());
    case v1::PeerMessage::kGossip:
      return Read(*in.mutable_gossip());
    case v1::PeerMessage::KIND_NOT_SET:
      return Fail(PeerCodecError::kMalformed);
  }
  return Fail(PeerCodecError::kMalformed);
}

Reader::Result Reader::Read(v1::Proposal& in) {
  consensus::Proposal out;
  out.position = {Epoch(in.epoch()), View(in.view())};
  out.parent_view = View(in.parent_view());
  if (!ReadOptional(in.parent_proof(), out.parent_proof)) return std::nullopt;
  auto block = ReadBlock(in.header(), in.body(), /*has_body=*/true);
  if (!block) return std::nullopt;
  out.block = std::move(*block);
  const auto count = static_cast<std::size_t>(in.nullifications_size());
  if (count > consensus::kProposalNullificationsMax) return Fail(PeerCodecError::kOversize);
  for (const std::string& bytes : in.nullifications()) {
    auto certificate = ReadCertificate(bytes);
    if (!certificate) return std::nullopt;
    out.nullifications.push_back(std::move(*certificate));
  }
  if (!ReadFixed(in.signature(), out.signature)) return std::nullopt;
  return consensus::Message(std::move(out));
}

Reader::Result Reader::Read(const v1::Vote& in) {
  consensus::Vote out;
  if (in.kind() < static_cast<std::uint32_t>(chain::VoteKind::kNotarize) ||
      in.kind() > static_cast<std::uint32_t>(chain::VoteKind::kFinalize) ||
      in.signer() >= chain::kValidatorsMax) {
    return std::nullopt;
  }
  out.position.kind = static_cast<chain::VoteKind>(in.kind());
  out.position.epoch = Epoch(in.epoch());
  out.position.view = View(in.view());
  out.position.parent_view = View(in.parent_view());
  const bool notarize = out.position.kind == chain::VoteKind::kNotarize;
  const bool nullify = out.position.kind == chain::VoteKind::kNullify;
  if (!notarize && in.parent_view() != 0) return std::nullopt;
  if (nullify ? !in.digest().empty() : !ReadFixed(in.digest(), out.position.digest)) {
    return std::nullopt;
  }
  out.signer = ReplicaIndex(static_cast<std::uint16_t>(in.signer()));
  if (!ReadFixed(in.signature(), out.signature)) return std::nullopt;
  return consensus::Message(out);
}

Reader::Result Reader::Read(const v1::ConsensusStatus& in) {
  consensus::Status out;
  out.position = {Epoch(in.epoch()), View(in.view())};
  out.floor = {Epoch(in.floor_epoch()), View(in.floor_view())};
  if (!ReadFixed(in.floor_digest(), out.floor_digest)) return std::nullopt;
  if (!ReadOptional(in.notarization(), out.notarization)) return std::nullopt;
  return consensus::Message(std::move(out));
}

Reader::Result Reader::Read(const v1::FetchCertificates& in) {
  return consensus::Message(
      consensus::FetchCertificates{Epoch(in.epoch()), View(in.from_view()), View(in.to_view())});
}

Reader::Result Reader::Read(const v1::FetchBlocks& in) {
  return consensus::Message(
      consensus::FetchBlocks{Height(in.from_height()), in.count(), in.headers_only()});
}

Reader::Result Reader::Read(const v1::Certificates& in) {
  consensus::Certificates out;
  if (static_cast<std::size_t>(in.certificates_size()) > consensus::kFetchCertificatesMax) {
    return Fail(PeerCodecError::kOversize);
  }
  for (const std::string& bytes : in.certificates()) {
    auto certificate = ReadCertificate(bytes);
    if (!certificate) return std::nullopt;
    out.certificates.push_back(std::move(*certificate));
  }
  return consensus::Message(std::move(out));
}

Reader::Result Reader::Read(v1::Blocks& in) {
  consensus::Blocks out;
  if (static_cast<std::size_t>(in.blocks_size()) > consensus::kFetchHeadersMax) {
    return Fail(PeerCodecError::kOversize);
  }
  for (const v1::BlockItem& item : in.blocks()) {
    auto block = ReadBlock(item.header(), item.body(), item.has_body());
    if (!block) return std::nullopt;
    out.blocks.push_back(std::move(*block));
  }
  return consensus::Message(std::move(out));
}

Reader::Result Reader::Read(const v1::EpochChain& in) {
  consensus::EpochChain out;
  if (static_cast<std::size_t>(in.finalizations_size()) > consensus::kFetchEpochsMax) {
    return Fail(PeerCodecError::kOversize);
  }
  for (const std::string& bytes : in.finalizations()) {
    auto certificate = ReadCertificate(bytes);
    if (!certificate) return std::nullopt;
    out.finalizations.push_back(std::move(*certificate));
  }
  return consensus::Message(std::move(out));
}

Reader::Result Reader::Read(v1::Gossip& in) {
  GossipMessage out;
  if (static_cast<std::size_t>(in.envelopes_size()) > kGossipTransactionsMax) {
    return Fail(PeerCodecError::kOversize);
  }
  if (static_cast<std::size_t>(in.evidence_size()) > kGossipEvidenceMax) {
    return Fail(PeerCodecError::kOversize);
  }
  for (const std::string& item : in.evidence()) {
    if (item.size() > chain::kEvidenceBytesMax) return Fail(PeerCodecError::kOversize);
    out.evidence.push_back(item);
  }
  for (std::string& envelope : *in.mutable_envelopes()) {
    auto transaction = ReadTransaction(std::move(envelope), chain_id_);
    if (!transaction) return Fail(PeerCodecError::kBadTransaction);
    out.transactions.push_back(std::move(*transaction));
  }
  return out;
}

std::optional<chain::Certificate> Reader::ReadCertificate(const std::string& bytes) {
  auto certificate = chain::Certificate::Decode(AsBytes(bytes));
  if (!certificate) return Fail(PeerCodecError::kBadCertificate);
  return std::move(*certificate);
}

bool Reader::ReadOptional(const std::string& bytes, std::optional<chain::Certificate>& out) {
  if (bytes.empty()) return true;
  out = ReadCertificate(bytes);
  return out.has_value();
}

std::optional<Block> Reader::ReadBlock(const std::string& header, const std::string& body,
                                       bool has_body) {
  const auto decoded = chain::DecodeHeader(AsBytes(header));
  if (!decoded) return Fail(PeerCodecError::kBadHeader);
  if (body.size() > consensus::kBodyBytesMax) return Fail(PeerCodecError::kOversize);
  if (!has_body && !body.empty()) return Fail(PeerCodecError::kMalformed);
  return Block(*decoded,
               has_body ? std::make_shared<const Bytes>(ToBytes(AsBytes(body))) : nullptr);
}

}  // namespace
}  // namespace timebank::replica
