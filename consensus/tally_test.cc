#include "consensus/tally.h"

#include <gtest/gtest.h>

namespace timebank::consensus {
namespace {

using chain::VoteKind;
using chain::VotePosition;

Hash DigestOf(int i) {
  Hash hash;
  hash.data[0] = static_cast<std::byte>(i);
  return hash;
}

Vote MakeVote(int signer, VoteKind kind, int digest, std::uint64_t parent_view = 0) {
  Vote vote;
  vote.position = {kind, Epoch(0), View(5), View(parent_view), DigestOf(digest)};
  vote.signer = ReplicaIndex(static_cast<std::uint16_t>(signer));
  vote.signature.data[0] = static_cast<std::byte>(signer);
  return vote;
}

// CONSENSUS 2: q = n - floor((n-1)/3). Two quorums meet in an honest validator, and the honest ones
// alone are a quorum.
TEST(Quorum, TableFromOneToTwenty) {
  const std::size_t quorum[] = {1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11, 12, 13, 13, 14};
  for (std::size_t n = 1; n <= 20; ++n) {
    SCOPED_TRACE(n);
    const std::size_t q = chain::Quorum(n);
    const std::size_t f = chain::MaxFaulty(n);
    EXPECT_EQ(q, quorum[n - 1]);
    EXPECT_GT(2 * q, n + f);
    EXPECT_LE(q, n - f);
    VoteTally tally(n, q);
    for (std::size_t i = 0; i < n; ++i) {
      const Vote vote = MakeVote(static_cast<int>(i), VoteKind::kFinalize, 1);
      EXPECT_TRUE(tally.Add(vote).empty());
      EXPECT_EQ(tally.QuorumOn(vote.position).has_value(), i + 1 >= q);
    }
  }
}

TEST(VoteTally, CertificateHoldsExactlyTheVotesInIndexOrder) {
  VoteTally tally(4, 3);
  for (int signer : {3, 0, 2})
    EXPECT_TRUE(tally.Add(MakeVote(signer, VoteKind::kFinalize, 1)).empty());
  const auto certificate = tally.QuorumOn(MakeVote(0, VoteKind::kFinalize, 1).position);
  ASSERT_TRUE(certificate.has_value());
  EXPECT_EQ(certificate->validator_count, 4);
  ASSERT_EQ(certificate->votes.size(), 3U);
  EXPECT_EQ(certificate->votes[0].signer, ReplicaIndex(0));
  EXPECT_EQ(certificate->votes[1].signer, ReplicaIndex(2));
  EXPECT_EQ(certificate->votes[2].signer, ReplicaIndex(3));
}

// The tally key of Notarize holds the parent view: votes for one digest on two parents do not add.
TEST(VoteTally, ParentViewIsPartOfTheKey) {
  VoteTally tally(4, 3);
  EXPECT_TRUE(tally.Add(MakeVote(0, VoteKind::kNotarize, 1, 0)).empty());
  EXPECT_TRUE(tally.Add(MakeVote(1, VoteKind::kNotarize, 1, 0)).empty());
  const Vote other = MakeVote(2, VoteKind::kNotarize, 1, 3);
  EXPECT_TRUE(tally.Add(other).empty());
  EXPECT_FALSE(tally.QuorumOn(other.position).has_value());
  EXPECT_FALSE(tally.QuorumOn(MakeVote(0, VoteKind::kNotarize, 1, 0).position).has_value());
  EXPECT_EQ(tally.Voters(View(5)), 3U);
}

// P10: the first vote goes on counting; the second is evidence; a third is not kept.
TEST(VoteTally, P10SecondVoteNeverDisplacesTheFirst) {
  VoteTally tally(4, 3);
  const Vote first = MakeVote(0, VoteKind::kNotarize, 1);
  const Vote second = MakeVote(0, VoteKind::kNotarize, 2);
  EXPECT_EQ(tally.Judge(first), Standing::kNew);
  EXPECT_TRUE(tally.Add(first).empty());
  EXPECT_EQ(tally.Judge(first), Standing::kKnown);
  EXPECT_EQ(tally.Judge(second), Standing::kContradiction);
  const auto evidence = tally.Add(second);
  ASSERT_EQ(evidence.size(), 1U);
  EXPECT_EQ(evidence[0].kind, chain::EvidenceKind::kConflictingNotarize);
  EXPECT_EQ(evidence[0].first, first);
  EXPECT_EQ(evidence[0].second, second);
  EXPECT_EQ(tally.Judge(second), Standing::kKnown);
  EXPECT_EQ(tally.Judge(MakeVote(0, VoteKind::kNotarize, 3)), Standing::kFull);
  EXPECT_TRUE(tally.Add(MakeVote(1, VoteKind::kNotarize, 2)).empty());
  EXPECT_TRUE(tally.Add(MakeVote(2, VoteKind::kNotarize, 2)).empty());
  EXPECT_FALSE(tally.QuorumOn(second.position).has_value());
}

TEST(VoteTally, NullifyAndFinalizeOfOneViewAreEvidenceInEitherOrder) {
  for (const bool nullify_first : {true, false}) {
    VoteTally tally(4, 3);
    Vote nullify = MakeVote(1, VoteKind::kNullify, 0);
    nullify.position.digest = Hash();
    const Vote finalize = MakeVote(1, VoteKind::kFinalize, 1);
    EXPECT_TRUE(tally.Add(nullify_first ? nullify : finalize).empty());
    const auto evidence = tally.Add(nullify_first ? finalize : nullify);
    ASSERT_EQ(evidence.size(), 1U);
    EXPECT_EQ(evidence[0].kind, chain::EvidenceKind::kNullifyFinalize);
    EXPECT_EQ(evidence[0].first, nullify);
    EXPECT_EQ(evidence[0].second, finalize);
  }
}

// Nullify after Notarize is what a timer does, and no contradiction.
TEST(VoteTally, NullifyAfterNotarizeIsNoEvidence) {
  VoteTally tally(4, 3);
  EXPECT_TRUE(tally.Add(MakeVote(1, VoteKind::kNotarize, 1)).empty());
  EXPECT_TRUE(tally.Add(MakeVote(1, VoteKind::kNullify, 0)).empty());
}

TEST(VoteTally, DropsViewsBelow) {
  VoteTally tally(4, 3);
  EXPECT_TRUE(tally.Add(MakeVote(1, VoteKind::kFinalize, 1)).empty());
  tally.DropBelow(View(5));
  EXPECT_EQ(tally.views(), 1U);
  tally.DropBelow(View(6));
  EXPECT_EQ(tally.views(), 0U);
}

}  // namespace
}  // namespace timebank::consensus
