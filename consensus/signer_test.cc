#include "consensus/signer.h"

#include <gtest/gtest.h>

namespace timebank::consensus {
namespace {

using chain::VoteKind;
using chain::VotePosition;

VotePosition At(VoteKind kind, std::uint64_t view, int digest, std::uint64_t parent_view = 0) {
  VotePosition position{kind, Epoch(0), View(view), View(parent_view), Hash()};
  position.digest.data[0] = static_cast<std::byte>(digest);
  return position;
}

LocalSigner MakeSigner() {
  return LocalSigner(crypto::SecretKey(crypto::SecretKey::Seed()), Hash());
}

TEST(LocalSigner, SignsTheSameVoteAgainWithTheSameBytes) {
  LocalSigner signer = MakeSigner();
  const VotePosition vote = At(VoteKind::kNotarize, 3, 1, 2);
  const auto first = signer.Sign(vote);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(signer.Sign(vote), first);
  EXPECT_TRUE(crypto::Verify(signer.public_key(), chain::VoteBytes(Hash(), vote), *first));
}

TEST(LocalSigner, P18RefusesWhatContradicts) {
  struct Case {
    const char* name;
    VotePosition first;
    VotePosition second;
    bool allowed;
  };
  const Case cases[] = {
      {"another digest", At(VoteKind::kNotarize, 3, 1), At(VoteKind::kNotarize, 3, 2), false},
      {"another parent", At(VoteKind::kNotarize, 3, 1, 1), At(VoteKind::kNotarize, 3, 1, 2), false},
      {"another view", At(VoteKind::kNotarize, 3, 1), At(VoteKind::kNotarize, 4, 2), true},
      {"nullify, finalize", At(VoteKind::kNullify, 3, 0), At(VoteKind::kFinalize, 3, 1), false},
      {"finalize, nullify", At(VoteKind::kFinalize, 3, 1), At(VoteKind::kNullify, 3, 0), false},
      {"two finalize", At(VoteKind::kFinalize, 3, 1), At(VoteKind::kFinalize, 3, 2), false},
      {"notarize, nullify", At(VoteKind::kNotarize, 3, 1), At(VoteKind::kNullify, 3, 0), true},
      {"notarize, finalize", At(VoteKind::kNotarize, 3, 1), At(VoteKind::kFinalize, 3, 1), true},
      {"nullify, notarize", At(VoteKind::kNullify, 3, 0), At(VoteKind::kNotarize, 3, 1), true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    LocalSigner signer = MakeSigner();
    ASSERT_TRUE(signer.Sign(c.first).has_value());
    EXPECT_EQ(signer.Sign(c.second).has_value(), c.allowed);
    // The same after a restart that told it the first vote.
    LocalSigner again = MakeSigner();
    ASSERT_TRUE(again.Remember(c.first));
    EXPECT_EQ(again.Sign(c.second).has_value(), c.allowed);
  }
}

TEST(LocalSigner, RefusesAtAndBelowTheFloor) {
  LocalSigner signer = MakeSigner();
  signer.RaiseFloor(Position{Epoch(0), View(5)});
  signer.RaiseFloor(Position{Epoch(0), View(2)});  // never goes back
  EXPECT_FALSE(signer.Sign(At(VoteKind::kNullify, 5, 0)).has_value());
  EXPECT_TRUE(signer.Sign(At(VoteKind::kNullify, 6, 0)).has_value());
}

TEST(LocalSigner, ComparesPositionsByEpochFirst) {
  LocalSigner signer = MakeSigner();
  signer.RaiseFloor(Position{Epoch(1), View(0)});
  EXPECT_FALSE(signer.Sign(At(VoteKind::kNullify, 900, 0)).has_value());
  VotePosition next = At(VoteKind::kNullify, 1, 0);
  next.epoch = Epoch(1);
  EXPECT_TRUE(signer.Sign(next).has_value());
}

}  // namespace
}  // namespace timebank::consensus
