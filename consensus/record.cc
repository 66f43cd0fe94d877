#include "consensus/record.h"

#include <utility>

#include "base/check.h"
#include "consensus/limits.h"

namespace timebank::consensus {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

Bytes EncodeBody(const Block& block);
Bytes EncodeVote(const Vote& vote);
std::optional<Record> DecodeBody(ByteView payload);
std::optional<Vote> DecodeVote(ByteView payload);
std::optional<Record> DecodeProposal(ByteView payload);

}  // namespace

RecordType TypeOf(const Record& record) {
  return std::visit(Overloaded{[](const BodyRecord&) { return RecordType::kBody; },
                               [](const CertificateRecord&) { return RecordType::kCertificate; },
                               [](const EpochStartRecord&) { return RecordType::kEpochStart; },
                               [](const MyVoteRecord&) { return RecordType::kMyVote; },
                               [](const MyProposalRecord&) { return RecordType::kMyProposal; },
                               [](const FirstSeenRecord&) { return RecordType::kFirstSeen; }},
                    record);
}

Bytes EncodeRecord(const Record& record) {
  return std::visit(
      Overloaded{[](const BodyRecord& r) { return EncodeBody(r.block); },
                 [](const CertificateRecord& r) { return r.certificate.Encode(); },
                 [](const EpochStartRecord& r) {
                   return ByteWriter().U64(r.epoch.value()).Raw(r.boundary.view()).Take();
                 },
                 [](const MyVoteRecord& r) { return EncodeVote(r.vote); },
                 [](const MyProposalRecord& r) {
                   ByteWriter out;
                   out.U64(r.position.epoch.value()).U64(r.position.view.value());
                   return out.U64(r.parent_view.value()).Raw(r.digest.view()).Take();
                 },
                 [](const FirstSeenRecord& r) { return EncodeVote(r.vote); }},
      record);
}

std::optional<Record> DecodeRecord(RecordType type, ByteView payload) {
  switch (type) {
    case RecordType::kBody:
      return DecodeBody(payload);
    case RecordType::kCertificate: {
      auto certificate = chain::Certificate::Decode(payload);
      if (!certificate) return std::nullopt;
      return CertificateRecord{std::move(*certificate)};
    }
    case RecordType::kEpochStart: {
      ByteReader in(payload);
      EpochStartRecord record;
      record.epoch = Epoch(in.U64());
      record.boundary = in.Read<Hash>();
      if (!in.AtEnd()) return std::nullopt;
      return record;
    }
    case RecordType::kMyVote: {
      const auto vote = DecodeVote(payload);
      if (!vote) return std::nullopt;
      return MyVoteRecord{*vote};
    }
    case RecordType::kMyProposal:
      return DecodeProposal(payload);
    case RecordType::kFirstSeen: {
      const auto vote = DecodeVote(payload);
      if (!vote) return std::nullopt;
      return FirstSeenRecord{*vote};
    }
    case RecordType::kFloorMark:
      return std::nullopt;
  }
  return std::nullopt;
}

namespace {

Bytes EncodeBody(const Block& block) {
  TB_CHECK(block.body() != nullptr);
  return ByteWriter().Raw(block.header().Encode()).Raw(*block.body()).Take();
}

std::optional<Record> DecodeBody(ByteView payload) {
  if (payload.size() < chain::kHeaderSize) return std::nullopt;
  if (payload.size() - chain::kHeaderSize > kBodyBytesMax) return std::nullopt;
  const auto header = chain::DecodeHeader(payload.first(chain::kHeaderSize));
  if (!header) return std::nullopt;
  auto body = std::make_shared<const Bytes>(ToBytes(payload.subspan(chain::kHeaderSize)));
  return BodyRecord{Block(*header, std::move(body))};
}

// kind u8 || epoch u64 || view u64 || parent_view u64 || digest 32 || signer u16 || signature 64.
Bytes EncodeVote(const Vote& vote) {
  const chain::VotePosition& p = vote.position;
  ByteWriter out;
  out.U8(static_cast<std::uint8_t>(p.kind)).U64(p.epoch.value()).U64(p.view.value());
  out.U64(p.parent_view.value()).Raw(p.digest.view()).U16(vote.signer.value());
  return out.Raw(vote.signature.view()).Take();
}

std::optional<Vote> DecodeVote(ByteView payload) {
  ByteReader in(payload);
  Vote vote;
  const std::uint8_t kind = in.U8();
  if (kind < 1 || kind > 3) return std::nullopt;
  vote.position.kind = static_cast<chain::VoteKind>(kind);
  vote.position.epoch = Epoch(in.U64());
  vote.position.view = View(in.U64());
  vote.position.parent_view = View(in.U64());
  vote.position.digest = in.Read<Hash>();
  vote.signer = ReplicaIndex(in.U16());
  vote.signature = in.Read<crypto::Signature>();
  if (!in.AtEnd()) return std::nullopt;
  return vote;
}

std::optional<Record> DecodeProposal(ByteView payload) {
  ByteReader in(payload);
  MyProposalRecord record;
  record.position.epoch = Epoch(in.U64());
  record.position.view = View(in.U64());
  record.parent_view = View(in.U64());
  record.digest = in.Read<Hash>();
  if (!in.AtEnd()) return std::nullopt;
  return record;
}

}  // namespace
}  // namespace timebank::consensus
