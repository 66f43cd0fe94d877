#include "chain/evidence.h"

#include <utility>

#include "chain/canonical.h"
#include "timebank/v1/validators.pb.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kVersion = 1;

struct Kinds {
  VoteKind first;
  VoteKind second;
};

Kinds KindsOf(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::kConflictingNotarize:
      return {VoteKind::kNotarize, VoteKind::kNotarize};
    case EvidenceKind::kConflictingFinalize:
      return {VoteKind::kFinalize, VoteKind::kFinalize};
    case EvidenceKind::kNullifyFinalize:
      break;
  }
  return {VoteKind::kNullify, VoteKind::kFinalize};
}

void Write(const EvidenceVote& vote, v1::EvidenceVote& out) {
  out.set_parent_view(vote.position.parent_view.value());
  if (vote.position.kind != VoteKind::kNullify) out.set_digest(vote.position.digest.str());
  out.set_signature(crypto::SuitedSignature(vote.signature));
}

// The vote of that kind; empty when a field is missing or should not be there.
std::optional<EvidenceVote> Read(const v1::Evidence& in, const v1::EvidenceVote& vote,
                                 VoteKind kind) {
  EvidenceVote out;
  out.position.kind = kind;
  out.position.epoch = Epoch(in.epoch());
  out.position.view = View(in.view());
  out.position.parent_view = View(vote.parent_view());
  const bool has_digest = !vote.digest().empty();
  if (has_digest != (kind != VoteKind::kNullify)) return std::nullopt;
  if (kind != VoteKind::kNotarize && vote.parent_view() != 0) return std::nullopt;
  if (has_digest) out.position.digest = *Hash::From(vote.digest());
  const auto signature = crypto::ParseSuitedSignature(AsBytes(vote.signature()));
  if (!signature) return std::nullopt;
  out.signature = *signature;
  return out;
}

}  // namespace

std::string_view Describe(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::kConflictingNotarize:
      return "two Notarize votes of one view";
    case EvidenceKind::kConflictingFinalize:
      return "two Finalize votes of one view";
    case EvidenceKind::kNullifyFinalize:
      return "Nullify and Finalize votes of one view";
  }
  return "unknown";
}

std::string_view Describe(EvidenceFault fault) {
  switch (fault) {
    case EvidenceFault::kNotCanonical:
      return "not the canonical bytes of evidence";
    case EvidenceFault::kUnknownVersion:
      return "unknown version";
    case EvidenceFault::kBadField:
      return "a field is missing, or one vote of that kind does not have";
    case EvidenceFault::kNoContradiction:
      return "the two votes do not exclude each other";
    case EvidenceFault::kNotMember:
      return "no validator of that epoch has this key";
    case EvidenceFault::kBadSignature:
      return "a vote is not signed by that validator";
    case EvidenceFault::kEpochs:
      return "the epoch links do not lead from genesis to the set of that epoch";
  }
  return "unknown";
}

std::string EncodeEvidence(const Evidence& evidence) {
  v1::Evidence out;
  out.set_version(kVersion);
  out.set_kind(static_cast<v1::EvidenceKind>(evidence.kind));
  out.set_epoch(evidence.epoch().value());
  out.set_view(evidence.first.position.view.value());
  out.set_validator(crypto::SuitedKey(evidence.validator));
  const EvidenceVote* first = &evidence.first;
  const EvidenceVote* second = &evidence.second;
  if (second->position.kind == first->position.kind && second->position < first->position) {
    std::swap(first, second);
  }
  Write(*first, *out.mutable_first());
  Write(*second, *out.mutable_second());
  return CanonicalBytes(out);
}

Expected<Evidence, EvidenceFault> DecodeEvidence(ByteView bytes) {
  if (bytes.size() > kEvidenceBytesMax) return Unexpected{EvidenceFault::kNotCanonical};
  const auto in = ParseCanonical<v1::Evidence>(bytes);
  if (!in) return Unexpected{EvidenceFault::kNotCanonical};
  if (in->version() != kVersion) return Unexpected{EvidenceFault::kUnknownVersion};
  const auto key = crypto::ParseSuitedKey(AsBytes(in->validator()));
  if (!key || in->kind() == v1::EVIDENCE_KIND_UNSPECIFIED || !in->has_first() ||
      !in->has_second()) {
    return Unexpected{EvidenceFault::kBadField};
  }
  Evidence out;
  out.kind = static_cast<EvidenceKind>(in->kind());
  out.validator = *key;
  const Kinds kinds = KindsOf(out.kind);
  const auto first = Read(*in, in->first(), kinds.first);
  const auto second = Read(*in, in->second(), kinds.second);
  if (!first || !second) return Unexpected{EvidenceFault::kBadField};
  out.first = *first;
  out.second = *second;
  const bool excludes = kinds.first != kinds.second || first->position < second->position;
  if (!excludes) return Unexpected{EvidenceFault::kNoContradiction};
  return out;
}

std::optional<EvidenceFault> VerifyEvidence(const Evidence& evidence, const Hash& chain_id,
                                            const ValidatorSet& set) {
  if (!set.IndexOf(evidence.validator)) return EvidenceFault::kNotMember;
  for (const EvidenceVote* vote : {&evidence.first, &evidence.second}) {
    if (!crypto::Verify(evidence.validator, VoteBytes(chain_id, vote->position), vote->signature)) {
      return EvidenceFault::kBadSignature;
    }
  }
  return std::nullopt;
}

}  // namespace timebank::chain
