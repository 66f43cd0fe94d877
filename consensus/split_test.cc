// P1, the halt that Simplex implementations met: some honest validators hold Notarization(v), the
// others Nullification(v), one is down; each side must accept what the other builds.
#include <gtest/gtest.h>

#include <algorithm>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using chain::Certificate;
using chain::VoteKind;
using testing::Cluster;
using testing::NetworkOptions;

struct Case {
  const char* name;
  std::size_t n;
  std::size_t notarized;      // so many hold the Notarization, from index 0 on
  bool certificates_by_hand;  // after the split view 1's certificates travel by proposal and fetch
};

bool IsView1Certificate(const Message& message) {
  const auto* certificate = std::get_if<CertificateMessage>(&message);
  return certificate != nullptr && certificate->certificate.position.view == View(1);
}

void RunSplit(const Case& c, std::uint64_t seed) {
  Cluster cluster(NetworkOptions{.n = c.n, .seed = seed});
  std::optional<Proposal> first;
  // Nothing but proposals passes: all vote, then all time out and nullify.
  cluster.link = [&](std::size_t, std::size_t, const Message& message) {
    const auto* proposal = std::get_if<Proposal>(&message);
    if (proposal != nullptr && !first) first = *proposal;
    return proposal != nullptr;
  };
  cluster.Submit(1);
  cluster.Run(900);
  ASSERT_TRUE(first.has_value());
  for (std::size_t i = 0; i < c.n; ++i) EXPECT_EQ(cluster.view_of(i).position.view, View(1));
  const std::size_t down = c.n - 1;
  cluster.Crash(down);
  std::vector<std::size_t> all(c.n);
  for (std::size_t i = 0; i < c.n; ++i) all[i] = i;
  const Certificate notarization = cluster.CertificateOf(
      all, {VoteKind::kNotarize, Epoch(0), View(1), View(0), first->block.digest()});
  const Certificate nullification =
      cluster.CertificateOf(all, {VoteKind::kNullify, Epoch(0), View(1), View(0), Hash()});
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  for (std::size_t i = 0; i < down; ++i) {
    cluster.Deliver(down, i, CertificateMessage{i < c.notarized ? notarization : nullification});
  }
  // Each certificate is broadcast once, and lost.
  cluster.link = [&](std::size_t, std::size_t, const Message& message) {
    return !std::holds_alternative<Proposal>(message) && !IsView1Certificate(message);
  };
  cluster.Run(20);
  for (std::size_t i = 0; i < down; ++i) EXPECT_EQ(cluster.view_of(i).position.view, View(2));
  const bool by_hand = c.certificates_by_hand;
  cluster.link = [by_hand](std::size_t, std::size_t, const Message& message) {
    return !by_hand || !IsView1Certificate(message);
  };
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 60'000));
  cluster.Submit(2);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(2); }, 60'000));
  cluster.Restart(down);
  EXPECT_TRUE(cluster.RunUntil(
      [&] { return cluster.AllHave(2) && cluster.height(down) > Height(0); }, 60'000));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(P1CertificateSplit, IsOvercome) {
  const Case cases[] = {{"3+3+1", 7, 3, false},
                        {"3+3+1, no broadcast", 7, 3, true},
                        {"1+5+1", 7, 1, true},
                        {"5+1+1", 7, 5, true},
                        {"1+2+1", 4, 1, false},
                        {"1+2+1, no broadcast", 4, 1, true},
                        {"2+1+1, no broadcast", 4, 2, true}};
  for (const Case& c : cases) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(std::string(c.name) + " seed " + std::to_string(seed));
      RunSplit(c, seed);
    }
  }
}

// One node alone holds Notarization(1) and has moved on by Nullification(2); the others rest at the
// same view with nothing to do. Only its retry can tell them (Status is cut off here), and they
// store what they hear although they hold Nullification(1): then the block becomes final.
TEST(P1CertificateSplit, LoneNotarizationBelowTheViewIsMadeKnownByRetry) {
  Cluster cluster(NetworkOptions{});
  const std::size_t holder = cluster.LeaderAt(1);
  std::optional<Block> block;
  cluster.link = [&](std::size_t, std::size_t, const Message& message) {
    const auto* proposal = std::get_if<Proposal>(&message);
    if (proposal != nullptr && !block) block = proposal->block;
    return proposal != nullptr;
  };
  cluster.Submit(1, {holder});
  cluster.Run(900);  // all have voted for it, timed out and nullified
  ASSERT_TRUE(block.has_value());
  const std::vector<std::size_t> all{0, 1, 2, 3};
  const auto certificate = [&](VoteKind kind, std::uint64_t view, const Hash& digest) {
    const chain::VotePosition position{kind, Epoch(0), View(view), View(0), digest};
    return CertificateMessage{cluster.CertificateOf(all, position)};
  };
  cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t from = (i + 1) % 4;
    const bool holds = i == holder;
    cluster.Deliver(from, i,
                    holds ? certificate(VoteKind::kNotarize, 1, block->digest())
                          : certificate(VoteKind::kNullify, 1, Hash()));
    // Nobody here has voted in view 2: a vote of its own would tell a node that its log was lost.
    std::vector<std::size_t> others = all;
    std::erase(others, i);
    const chain::VotePosition second{VoteKind::kNullify, Epoch(0), View(2), View(0), Hash()};
    cluster.Deliver(from, i, CertificateMessage{cluster.CertificateOf(others, second)});
  }
  bool split = true;
  cluster.link = [&split](std::size_t, std::size_t, const Message& message) {
    return !split && !std::holds_alternative<Status>(message);
  };
  cluster.Run(20);
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(cluster.view_of(i).position.view, View(3));
    ASSERT_EQ(cluster.view_of(i).gate_open, i == holder);
  }
  split = false;
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 20'000));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace timebank::consensus
