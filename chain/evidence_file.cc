#include "chain/evidence_file.h"

#include "chain/canonical.h"
#include "timebank/v1/block.pb.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kVersion = 1;

}  // namespace

std::string BuildEvidenceFile(std::string_view evidence, const EpochLinks& epochs) {
  v1::EvidenceFile out;
  out.set_version(kVersion);
  out.set_evidence(std::string(evidence));
  *out.mutable_epochs() = epochs;
  return CanonicalBytes(out);
}

Expected<Evidence, EvidenceFault> VerifyEvidenceFile(ByteView file, const Genesis& genesis) {
  const auto in = ParseCanonical<v1::EvidenceFile>(file);
  if (!in) return Unexpected{EvidenceFault::kNotCanonical};
  if (in->version() != kVersion) return Unexpected{EvidenceFault::kUnknownVersion};
  auto evidence = DecodeEvidence(AsBytes(in->evidence()));
  if (!evidence) return evidence;
  const auto reach = WalkEpochs(in->epochs(), genesis);
  if (!reach || reach->epoch != evidence->epoch()) return Unexpected{EvidenceFault::kEpochs};
  if (const auto fault = VerifyEvidence(*evidence, reach->chain_id, reach->validators)) {
    return Unexpected{*fault};
  }
  return evidence;
}

}  // namespace timebank::chain
