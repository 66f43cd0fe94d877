// Layout of votes and certificates, and the verification of a quorum.
#include "chain/certificate.h"

#include <utility>

#include "base/check.h"

namespace timebank::chain {
namespace {

constexpr std::string_view kVoteTag = "TBv1";

// The part that votes and certificates share: epoch || view || [parent_view] || [digest].
void WritePosition(const VotePosition& position, ByteWriter& out) {
  out.U64(position.epoch.value()).U64(position.view.value());
  if (position.kind == VoteKind::kNotarize) out.U64(position.parent_view.value());
  if (position.kind != VoteKind::kNullify) out.Raw(position.digest.view());
}

bool IsKnownKind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(VoteKind::kNotarize) &&
         kind <= static_cast<std::uint8_t>(VoteKind::kFinalize);
}

VotePosition ReadPosition(VoteKind kind, ByteReader& in) {
  VotePosition position{.kind = kind};
  position.epoch = Epoch(in.U64());
  position.view = View(in.U64());
  if (kind == VoteKind::kNotarize) position.parent_view = View(in.U64());
  if (kind != VoteKind::kNullify) position.digest = in.Read<Hash>();
  return position;
}

// Validator i is bit 7 - i mod 8 of byte i / 8.
std::byte SignerBit(std::size_t index) { return static_cast<std::byte>(1U << (7 - index % 8)); }

bool SignersAreOrdered(const Certificate& certificate) {
  std::size_t next = 0;
  for (const SignedVote& vote : certificate.votes) {
    if (vote.signer.value() < next) return false;
    next = std::size_t{vote.signer.value()} + 1;
  }
  return next <= certificate.validator_count;
}

}  // namespace

Bytes VoteBytes(const Hash& chain_id, const VotePosition& position) {
  ByteWriter out;
  out.Raw(kVoteTag).U8(crypto::kSuiteEd25519).U8(static_cast<std::uint8_t>(position.kind));
  out.Raw(chain_id.view());
  WritePosition(position, out);
  return out.Take();
}

Bytes Certificate::Encode() const {
  TB_CHECK(SignersAreOrdered(*this));
  ByteWriter out;
  out.U8(static_cast<std::uint8_t>(position.kind)).U8(crypto::kSuiteEd25519);
  WritePosition(position, out);
  Bytes bitmap((std::size_t{validator_count} + 7) / 8);
  for (const SignedVote& vote : votes) {
    bitmap[vote.signer.value() / 8] |= SignerBit(vote.signer.value());
  }
  out.U8(validator_count).Raw(bitmap);
  for (const SignedVote& vote : votes) out.Raw(vote.signature.view());
  return out.Take();
}

Expected<Certificate, CertificateError> Certificate::Decode(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t kind = in.U8();
  const std::uint8_t suite = in.U8();
  if (!in.ok()) return Unexpected{CertificateError::kWrongSize};
  if (!IsKnownKind(kind)) return Unexpected{CertificateError::kUnknownKind};
  if (suite != crypto::kSuiteEd25519) return Unexpected{CertificateError::kWrongSuite};
  Certificate certificate;
  certificate.position = ReadPosition(static_cast<VoteKind>(kind), in);
  certificate.validator_count = in.U8();
  const std::size_t n = certificate.validator_count;
  if (!in.ok()) return Unexpected{CertificateError::kWrongSize};
  if (n == 0 || n > kValidatorsMax) return Unexpected{CertificateError::kWrongCount};
  const ByteView bitmap = in.Raw((n + 7) / 8);
  if (!in.ok()) return Unexpected{CertificateError::kWrongSize};
  for (std::size_t i = 0; i < bitmap.size() * 8; ++i) {
    if ((bitmap[i / 8] & SignerBit(i)) == std::byte{0}) continue;
    if (i >= n) return Unexpected{CertificateError::kTrailingBits};
    certificate.votes.push_back({ReplicaIndex(static_cast<std::uint16_t>(i)), {}});
  }
  for (SignedVote& vote : certificate.votes) vote.signature = in.Read<crypto::Signature>();
  if (!in.AtEnd()) return Unexpected{CertificateError::kWrongSize};
  return certificate;
}

std::optional<CertificateError> VerifyCertificate(const Certificate& certificate,
                                                  const Hash& chain_id, const ValidatorSet& set) {
  if (certificate.validator_count != set.size()) return CertificateError::kWrongCount;
  if (!SignersAreOrdered(certificate)) return CertificateError::kSignersUnordered;
  if (certificate.votes.size() < set.quorum()) return CertificateError::kTooFewSigners;
  const Bytes message = VoteBytes(chain_id, certificate.position);
  for (const SignedVote& vote : certificate.votes) {
    if (!crypto::Verify(set.key(vote.signer), message, vote.signature)) {
      return CertificateError::kBadSignature;
    }
  }
  return std::nullopt;
}

std::string_view Describe(CertificateError error) {
  switch (error) {
    case CertificateError::kWrongSize:
      return "the certificate is cut short or has bytes left over";
    case CertificateError::kUnknownKind:
      return "the certificate has an unknown vote kind";
    case CertificateError::kWrongSuite:
      return "the certificate uses an unknown signature suite";
    case CertificateError::kWrongCount:
      return "the certificate counts another number of validators than the set";
    case CertificateError::kTrailingBits:
      return "the certificate names a signer beyond the set";
    case CertificateError::kSignersUnordered:
      return "the certificate's signers are not in order";
    case CertificateError::kTooFewSigners:
      return "the certificate has fewer signers than a quorum";
    case CertificateError::kBadSignature:
      return "a signature of the certificate does not verify";
  }
  return "unknown";
}

}  // namespace timebank::chain
