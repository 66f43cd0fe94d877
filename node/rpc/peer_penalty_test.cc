#include "node/rpc/peer_penalty.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

replica::PeerKey KeyOf(std::uint32_t number) {
  replica::PeerKey key;
  key.data[0] = static_cast<std::byte>(number);
  return key;
}

const replica::PeerKey kMallory = KeyOf(1);
const replica::PeerKey kAlice = KeyOf(2);

TEST(PeerPenalties, EachOffenceCostsTwiceTheLastUpToAMinute) {
  PeerPenalties penalties;
  std::uint64_t now = 5'000;
  for (const std::uint64_t expected :
       {1'000U, 2'000U, 4'000U, 8'000U, 16'000U, 32'000U, 60'000U, 60'000U}) {
    EXPECT_EQ(penalties.Punish(kMallory, now), expected);
    EXPECT_EQ(penalties.BarredFor(kMallory, now), expected);
    EXPECT_EQ(penalties.BarredFor(kMallory, now + expected - 1), 1U);
    EXPECT_EQ(penalties.BarredFor(kAlice, now), 0U);
    now += expected;
    EXPECT_EQ(penalties.BarredFor(kMallory, now), 0U);
  }
}

TEST(PeerPenalties, WhatWasUnderWayIsTheSameOffence) {
  PeerPenalties penalties;
  EXPECT_EQ(penalties.Punish(kMallory, 0), 1'000U);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(penalties.Punish(kMallory, 500));
  EXPECT_EQ(penalties.BarredFor(kMallory, 500), 500U);
}

TEST(PeerPenalties, AWhileOfGoodBehaviourIsForgiven) {
  PeerPenalties penalties;
  EXPECT_EQ(penalties.Punish(kMallory, 0), 1'000U);
  EXPECT_EQ(penalties.Punish(kMallory, 1'000), 2'000U);
  EXPECT_EQ(penalties.Punish(kMallory, 3'000 + kPenaltyForgivenMs + 1), 1'000U);
}

}  // namespace
}  // namespace timebank::rpc
