// Evidence: what counts as proof, that a forged half blames nobody (P17), and that no bit of it can
// be changed.
#include "chain/evidence.h"

#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "chain/evidence_file.h"
#include "chain/testing/sample_chain.h"
#include "timebank/v1/block.pb.h"

namespace timebank::chain {
namespace {

using testing::KeyOf;
using testing::SampleChain;
using testing::Validators;

const SampleChain& Sample() {
  static const SampleChain sample;
  return sample;
}

EvidenceVote Signed(VoteKind kind, std::uint8_t block, std::uint64_t key = 2,
                    View parent = View(0)) {
  EvidenceVote vote;
  vote.position = {kind, Epoch(1), View(7), parent, Hash{}};
  if (kind != VoteKind::kNullify) vote.position.digest.data[0] = std::byte{block};
  vote.signature = KeyOf(key).Sign(VoteBytes(Sample().chain_id, vote.position));
  return vote;
}

Evidence Proof(EvidenceKind kind, EvidenceVote first, EvidenceVote second) {
  return {kind, KeyOf(2).public_key(), first, second};
}

std::vector<Evidence> AllKinds() {
  return {
      Proof(EvidenceKind::kConflictingNotarize, Signed(VoteKind::kNotarize, 1),
            Signed(VoteKind::kNotarize, 2)),
      Proof(EvidenceKind::kConflictingNotarize, Signed(VoteKind::kNotarize, 1),
            Signed(VoteKind::kNotarize, 1, 2, View(3))),
      Proof(EvidenceKind::kConflictingFinalize, Signed(VoteKind::kFinalize, 1),
            Signed(VoteKind::kFinalize, 2)),
      Proof(EvidenceKind::kNullifyFinalize, Signed(VoteKind::kNullify, 0),
            Signed(VoteKind::kFinalize, 2)),
  };
}

// Of the sample's second epoch.
std::optional<EvidenceFault> FaultOf(ByteView bytes) {
  const auto evidence = DecodeEvidence(bytes);
  if (!evidence) return evidence.error();
  return VerifyEvidence(*evidence, Sample().chain_id, Sample().second.set);
}

TEST(Evidence, EveryKindGoesThroughBytesAndHolds) {
  for (const Evidence& evidence : AllKinds()) {
    const std::string bytes = EncodeEvidence(evidence);
    EXPECT_LE(bytes.size(), kEvidenceBytesMax);
    const auto read = DecodeEvidence(AsBytes(bytes));
    ASSERT_TRUE(read) << Describe(read.error());
    EXPECT_EQ(*read, evidence);
    EXPECT_EQ(VerifyEvidence(*read, Sample().chain_id, Sample().second.set), std::nullopt);
  }
}

TEST(Evidence, EqualFindingsAreEqualBytes) {
  for (Evidence evidence : AllKinds()) {
    if (evidence.kind == EvidenceKind::kNullifyFinalize) continue;
    const std::string bytes = EncodeEvidence(evidence);
    std::swap(evidence.first, evidence.second);
    EXPECT_EQ(EncodeEvidence(evidence), bytes);
  }
}

// P17: one true vote beside a bogus signature blames nobody.
TEST(Evidence, P17EverySignatureInItIsVerified) {
  for (const Evidence& sound : AllKinds()) {
    for (EvidenceVote Evidence::*vote : {&Evidence::first, &Evidence::second}) {
      Evidence forged = sound;
      (forged.*vote).signature =
          KeyOf(3).Sign(VoteBytes(Sample().chain_id, (forged.*vote).position));
      EXPECT_EQ(FaultOf(AsBytes(EncodeEvidence(forged))), EvidenceFault::kBadSignature);
    }
  }
}

TEST(Evidence, VotesThatACorrectValidatorMayCastAreNone) {
  const auto fault = [](EvidenceKind kind, EvidenceVote first, EvidenceVote second) {
    return FaultOf(AsBytes(EncodeEvidence(Proof(kind, first, second))));
  };
  const auto notarize = Signed(VoteKind::kNotarize, 1);
  const auto finalize = Signed(VoteKind::kFinalize, 1);
  EXPECT_EQ(fault(EvidenceKind::kConflictingNotarize, notarize, notarize),
            EvidenceFault::kNoContradiction);
  EXPECT_EQ(fault(EvidenceKind::kConflictingFinalize, finalize, finalize),
            EvidenceFault::kNoContradiction);
  // A view notarized and then nullified, or finalized, is everyday; the kinds are not the votes'.
  EXPECT_EQ(fault(EvidenceKind::kNullifyFinalize, notarize, finalize), EvidenceFault::kBadField);
  EXPECT_EQ(fault(EvidenceKind::kConflictingNotarize, Signed(VoteKind::kNullify, 0), finalize),
            EvidenceFault::kBadField);
}

TEST(Evidence, TheKeyIsOfTheSetOfItsEpoch) {
  const auto evidence = AllKinds().front();
  const Validators others({11, 12, 13, 14});
  EXPECT_EQ(VerifyEvidence(evidence, Sample().chain_id, others.set), EvidenceFault::kNotMember);
  EXPECT_EQ(VerifyEvidence(evidence, Sample().later.Digest(), Sample().second.set),
            EvidenceFault::kBadSignature);
}

TEST(Evidence, NoBitOfItCanBeChanged) {
  for (const Evidence& evidence : AllKinds()) {
    const std::string sound = EncodeEvidence(evidence);
    for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
      std::string changed = sound;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_TRUE(FaultOf(AsBytes(changed)).has_value()) << bit;
    }
    for (std::size_t size = 0; size < sound.size(); ++size) {
      EXPECT_TRUE(FaultOf(AsBytes(sound).first(size)).has_value()) << size;
    }
  }
}

TEST(EvidenceFile, GenesisAloneIsEnough) {
  const auto genesis = ParseGenesis(AsBytes(Sample().genesis_bytes));
  ASSERT_TRUE(genesis);
  EpochLinks links;
  *links.Add() = Sample().link;
  const std::string item = EncodeEvidence(AllKinds().front());
  const auto fault = [&](const std::string& file) -> std::optional<EvidenceFault> {
    const auto verified = VerifyEvidenceFile(AsBytes(file), *genesis);
    return verified ? std::nullopt : std::optional(verified.error());
  };
  EXPECT_EQ(fault(BuildEvidenceFile(item, links)), std::nullopt);
  EXPECT_EQ(fault(BuildEvidenceFile(item, {})), EvidenceFault::kEpochs);
  EXPECT_EQ(fault(BuildEvidenceFile("", links)), EvidenceFault::kUnknownVersion);
  EXPECT_EQ(fault("x"), EvidenceFault::kNotCanonical);
  links.Mutable(0)->mutable_next_set()->back() ^= 1;
  EXPECT_EQ(fault(BuildEvidenceFile(item, links)), EvidenceFault::kEpochs);
}

}  // namespace
}  // namespace timebank::chain
