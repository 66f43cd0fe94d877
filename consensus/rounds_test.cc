#include "consensus/rounds.h"

#include <gtest/gtest.h>

namespace timebank::consensus {
namespace {

using chain::VoteKind;

Vote Mine(VoteKind kind, std::uint64_t view, int digest, std::uint64_t parent_view = 0) {
  Vote vote;
  vote.position = {kind, Epoch(0), View(view), View(parent_view), Hash()};
  vote.position.digest.data[0] = static_cast<std::byte>(digest);
  return vote;
}

chain::Certificate CertificateOn(VoteKind kind, std::uint64_t view, int digest) {
  chain::Certificate certificate;
  certificate.position = Mine(kind, view, digest).position;
  return certificate;
}

TEST(RoundsDeathTest, NotarizeOfTwoPositionsInAViewBreaksI1) {
  Rounds rounds;
  rounds.NoteMine(Mine(VoteKind::kNotarize, 3, 1, 2));
  rounds.NoteMine(Mine(VoteKind::kNotarize, 3, 1, 2));  // the same again
  EXPECT_DEATH(rounds.NoteMine(Mine(VoteKind::kNotarize, 3, 2, 2)), "check failed");
  EXPECT_DEATH(rounds.NoteMine(Mine(VoteKind::kNotarize, 3, 1, 1)), "check failed");
  rounds.NoteMine(Mine(VoteKind::kNotarize, 4, 2, 2));  // another view
}

TEST(RoundsDeathTest, NullifyAndFinalizeOfAViewBreakI2) {
  Rounds rounds;
  rounds.NoteMine(Mine(VoteKind::kNullify, 3, 0));
  EXPECT_DEATH(rounds.NoteMine(Mine(VoteKind::kFinalize, 3, 1)), "check failed");
  rounds.NoteMine(Mine(VoteKind::kFinalize, 4, 1));
  EXPECT_DEATH(rounds.NoteMine(Mine(VoteKind::kNullify, 4, 0)), "check failed");
  EXPECT_DEATH(rounds.NoteMine(Mine(VoteKind::kFinalize, 4, 2)), "check failed");
}

TEST(Rounds, HoldsBothCertificatesOfAViewButOneNotarization) {
  Rounds rounds;
  EXPECT_EQ(rounds.HighestNotarization(), nullptr);
  EXPECT_TRUE(rounds.Store(CertificateOn(VoteKind::kNullify, 2, 0)));
  EXPECT_EQ(rounds.HighestNotarization(), nullptr);
  EXPECT_TRUE(rounds.Store(CertificateOn(VoteKind::kNotarize, 2, 1)));
  EXPECT_TRUE(rounds.Store(CertificateOn(VoteKind::kNotarize, 2, 1)));
  EXPECT_FALSE(rounds.Store(CertificateOn(VoteKind::kNotarize, 2, 9)));
  EXPECT_TRUE(rounds.Store(CertificateOn(VoteKind::kNotarize, 1, 3)));
  EXPECT_EQ(rounds.HighestNotarization()->position.view, View(2));
  EXPECT_TRUE(rounds.Holds(Mine(VoteKind::kNullify, 2, 0).position));
  EXPECT_TRUE(rounds.Holds(Mine(VoteKind::kNotarize, 2, 1).position));
  EXPECT_FALSE(rounds.Holds(Mine(VoteKind::kNotarize, 2, 9).position));
  rounds.DropThrough(View(2));
  EXPECT_TRUE(rounds.all().empty());
}

}  // namespace
}  // namespace timebank::consensus
