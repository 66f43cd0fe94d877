// Validators that lie, contradict themselves or say nothing, and the honest ones among them. A
// puppet is a validator whose key the test holds instead of a core.
#include <gtest/gtest.h>

#include <algorithm>

#include "consensus/testing/cluster.h"

namespace timebank::consensus {
namespace {

using chain::VoteKind;
using chain::VotePosition;
using testing::Cluster;
using testing::NetworkOptions;

const std::vector<std::string> kNone;

VotePosition Nullify(std::uint64_t view) {
  return {VoteKind::kNullify, Epoch(0), View(view), View(0), Hash()};
}
VotePosition Notarize(std::uint64_t view, const Hash& digest) {
  return {VoteKind::kNotarize, Epoch(0), View(view), View(0), digest};
}
VotePosition Finalize(std::uint64_t view, const Hash& digest) {
  return {VoteKind::kFinalize, Epoch(0), View(view), View(0), digest};
}

void ToAll(Cluster& cluster, std::size_t from, const Message& message) {
  for (std::size_t to = 0; to < cluster.n(); ++to) {
    if (to != from) cluster.Deliver(from, to, message);
  }
}

// The honest ones leave view 1 by nullifying it, well before any timer of 200 ms.
void ExpectRefusedAtOnce(Cluster& cluster, const Block& block, std::size_t leader) {
  ToAll(cluster, leader, cluster.ProposalBy(leader, 1, block));
  cluster.Run(60);
  for (std::size_t i = 0; i < cluster.n(); ++i) {
    if (i == leader) continue;
    EXPECT_EQ(cluster.view_of(i).position.view, View(2));
  }
  cluster.Submit(1);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 5000));
  EXPECT_EQ(cluster.faults(), kNone);
}

TEST(HostileLeader, BlockThatTheRulesRefuseIsNullifiedAtOnce) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  ExpectRefusedAtOnce(cluster, cluster.BlockOnGenesis(leader, {testing::kPoison}), leader);
}

TEST(HostileLeader, HeadersThatAreWrongAreNullifiedAtOnce) {
  struct Case {
    const char* name;
    void (*spoil)(chain::Header& header, const Cluster& cluster);
  };
  const Case cases[] = {
      {"wrong state root", [](chain::Header& h, const Cluster&) { h.state_root = Hash(); }},
      {"timestamp 5.1 s ago",
       [](chain::Header& h, const Cluster& c) { h.timestamp_ms = Millis(c.now() - 5100); }},
      {"timestamp 5.1 s ahead",
       [](chain::Header& h, const Cluster& c) { h.timestamp_ms = Millis(c.now() + 5100); }},
      {"not after the parent",
       [](chain::Header& h, const Cluster&) { h.timestamp_ms = Millis(500'000); }},
      {"height skipped", [](chain::Header& h, const Cluster&) { h.height = Height(2); }},
      {"another chain", [](chain::Header& h, const Cluster&) { h.chain_id = Hash(); }},
      {"another era", [](chain::Header& h, const Cluster&) { h.era = chain::Era(1); }},
      {"another epoch", [](chain::Header& h, const Cluster&) { h.epoch = Epoch(1); }},
      {"another set", [](chain::Header& h, const Cluster&) { h.validators = Hash(); }},
      {"next set without EPOCH_END",
       [](chain::Header& h, const Cluster&) { h.next_validators = Hash(); }},
      {"another's proposer key",
       [](chain::Header& h, const Cluster& c) {
         h.proposer = c.validators().key(ReplicaIndex(static_cast<uint16_t>(c.LeaderAt(2))));
       }},
      {"another parent", [](chain::Header& h, const Cluster&) { h.parent = Hash(); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Cluster cluster(NetworkOptions{});
    const std::size_t leader = cluster.LeaderAt(1);
    cluster.MakePuppet(leader);
    const Block good = cluster.BlockOnGenesis(leader, {7});
    chain::Header header = good.header();
    c.spoil(header, cluster);
    ExpectRefusedAtOnce(cluster, Block(header, good.body()), leader);
  }
}

TEST(HostileLeader, SkewOfExactlyFiveSecondsIsVotedFor) {
  Cluster cluster(NetworkOptions{.delay_max_ms = 1});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  chain::Header header = cluster.BlockOnGenesis(leader, {}).header();
  header.timestamp_ms = Millis(cluster.now() + 5001);  // judged 1 ms from now
  ToAll(cluster, leader, cluster.ProposalBy(leader, 1, Block(header, testing::EncodeBody({}))));
  cluster.Run(60);
  EXPECT_EQ(cluster.height((leader + 1) % 4), Height(1));
}

// A good header with other bytes behind it says nothing about the block: no vote, no nullify before
// the timer, and whoever sent it is cut off.
TEST(HostileLeader, BodyThatIsNotTheHeadersCountsAsMissing) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  const Block good = cluster.BlockOnGenesis(leader, {7});
  const Block swapped(good.header(), testing::EncodeBody({8}));
  ToAll(cluster, leader, cluster.ProposalBy(leader, 1, swapped));
  cluster.Run(150);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == leader) continue;
    EXPECT_EQ(cluster.view_of(i).position.view, View(1));
    ASSERT_EQ(cluster.node(i).disconnects.size(), 1U);
    EXPECT_EQ(cluster.node(i).disconnects[0].reason, Misbehaviour::kBodyMismatch);
  }
  cluster.Run(500);
  EXPECT_EQ(cluster.view_of((leader + 1) % 4).position.view, View(2));
}

// Only the leader's own link makes its proposal count: another sends the same header and signature
// with other bytes, and comes first.
TEST(HostileRelay, OtherBytesBehindTheLeadersHeaderDisplaceNothing) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(NetworkOptions{.seed = seed});
    const std::size_t leader = cluster.LeaderAt(1);
    const std::size_t relay = (leader + 1) % 4;
    cluster.MakePuppet(relay);
    std::optional<Proposal> first;
    cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
      const auto* proposal = std::get_if<Proposal>(&message);
      if (from != leader || proposal == nullptr) return true;
      if (!first) first = *proposal;
      return false;
    };
    cluster.Submit(1);
    cluster.Run(5);
    ASSERT_TRUE(first.has_value());
    Proposal spoilt = *first;
    spoilt.block = Block(first->block.header(), testing::EncodeBody({8}));
    cluster.link = [](std::size_t, std::size_t, const Message&) { return true; };
    ToAll(cluster, relay, spoilt);
    cluster.Run(20);
    ToAll(cluster, leader, *first);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 150));
    EXPECT_EQ(cluster.view_of(leader).floor.view, View(1));
    for (std::size_t i = 0; i < 4; ++i) {
      for (const Disconnect& cut : cluster.node(i).disconnects) EXPECT_NE(cut.peer.value(), leader);
    }
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// Its bytes were another block's, but its header and signature stand: the body is asked for, of the
// leader first.
TEST(HostileLeader, BodyOfTheCandidateIsAskedForAgain) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  const Block good = cluster.BlockOnGenesis(leader, {7});
  const Block swapped(good.header(), testing::EncodeBody({8}));
  cluster.link = [&](std::size_t from, std::size_t to, const Message& message) {
    const auto* fetch = std::get_if<FetchByDigest>(&message);
    if (fetch != nullptr && to == leader) cluster.Deliver(leader, from, Blocks{{good}});
    return true;
  };
  ToAll(cluster, leader, cluster.ProposalBy(leader, 1, swapped));
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(7); }, 250));
  EXPECT_EQ(cluster.faults(), kNone);
}

TEST(HostileLeader, BlockOfAnotherTimeIsNotExecuted) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  const Block now = cluster.BlockOnGenesis(leader, {7});
  chain::Header header = now.header();
  header.timestamp_ms = Millis(cluster.now() + 5100);
  ToAll(cluster, leader, cluster.ProposalBy(leader, 1, Block(header, now.body())));
  cluster.Run(60);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == leader) continue;
    EXPECT_EQ(cluster.node(i).checks, 0U);
  }
}

// Bodies that were not checked are not passed on: what is wrong with them would be put down to the
// honest one that did.
TEST(HostileLeader, UncheckedBodyIsNotServed) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(2);
  const std::size_t me = (leader + 1) % 4;
  const std::size_t asker = (leader + 2) % 4;
  const std::vector<std::size_t> others = cluster.MakePuppetsBut(me);
  const auto nullified = cluster.CertificateOf(others, Nullify(1));
  cluster.Deliver(asker, me, CertificateMessage{nullified});
  cluster.Run(20);
  ASSERT_EQ(cluster.view_of(me).position.view, View(2));
  // A Notarization of view 1 is said to be its parent's, and is nowhere: the block is held and
  // waits.
  Proposal proposal = cluster.ProposalBy(leader, 2, cluster.BlockOnGenesis(leader, {7}));
  const Hash digest = proposal.block.digest();
  proposal.parent_view = View(1);
  proposal.signature =
      cluster.SignAs(leader, {VoteKind::kNotarize, Epoch(0), View(2), View(1), digest});
  cluster.Deliver(leader, me, proposal);
  cluster.Run(20);
  EXPECT_EQ(cluster.view_of(me).held_bodies, 1U);
  bool served = false;
  cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
    const auto* reply = std::get_if<Blocks>(&message);
    served = served || (from == me && reply != nullptr && !reply->blocks.empty());
    return true;
  };
  cluster.Deliver(asker, me, FetchByDigest{digest});
  cluster.Run(20);
  EXPECT_FALSE(served);
}

TEST(HostileLeader, ItsOwnNullifyEndsTheViewAtOnce) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  cluster.MakePuppet(leader);
  ToAll(cluster, leader, cluster.VoteOf(leader, Nullify(1)));
  cluster.Run(60);
  EXPECT_EQ(cluster.view_of((leader + 1) % 4).position.view, View(2));
}

TEST(Equivocator, TwoBlocksInOneViewNeverForkAndAreEvidence) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(NetworkOptions{.seed = seed});
    const std::size_t leader = cluster.LeaderAt(1);
    cluster.MakePuppet(leader);
    const Block one = cluster.BlockOnGenesis(leader, {101});
    const Block two = cluster.BlockOnGenesis(leader, {102});
    for (std::size_t to = 0; to < 4; ++to) {
      if (to == leader) continue;
      const bool first = ((seed >> to) & 1) != 0;
      cluster.Deliver(leader, to, cluster.ProposalBy(leader, 1, first ? one : two));
      // Its votes go to everybody, for both blocks and for nothing at all.
      for (const Block& block : {one, two}) {
        cluster.Deliver(leader, to, cluster.VoteOf(leader, Notarize(1, block.digest())));
        cluster.Deliver(leader, to, cluster.VoteOf(leader, Finalize(1, block.digest())));
      }
      cluster.Deliver(leader, to, cluster.VoteOf(leader, Nullify(1)));
    }
    cluster.Submit(1);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(1); }, 20'000));
    EXPECT_EQ(cluster.faults(), kNone);
    const auto& evidence = cluster.node((leader + 1) % 4).evidence;
    for (const chain::EvidenceKind kind :
         {chain::EvidenceKind::kConflictingNotarize, chain::EvidenceKind::kConflictingFinalize,
          chain::EvidenceKind::kNullifyFinalize}) {
      EXPECT_TRUE(std::any_of(evidence.begin(), evidence.end(),
                              [kind](const chain::Evidence& e) { return e.kind == kind; }));
    }
  }
}

// P9: the leader's first proposal is remembered over a crash, so its second one is evidence.
TEST(Equivocator, P9SecondProposalAfterARestartIsEvidence) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  const std::size_t me = (leader + 1) % 4;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != me) cluster.MakePuppet(i);
  }
  cluster.Deliver(leader, me, cluster.ProposalBy(leader, 1, cluster.BlockOnGenesis(leader, {1})));
  cluster.Run(20);
  cluster.Crash(me);
  cluster.Restart(me);
  cluster.Deliver(leader, me, cluster.ProposalBy(leader, 1, cluster.BlockOnGenesis(leader, {2})));
  cluster.Run(20);
  ASSERT_EQ(cluster.node(me).evidence.size(), 1U);
  EXPECT_EQ(cluster.node(me).evidence[0].kind, chain::EvidenceKind::kConflictingNotarize);
  EXPECT_EQ(cluster.faults(), kNone);  // and I1 held: no second Notarize of mine
}

TEST(MuteValidator, OthersGoOnAndSoonWaitForItNoMore) {
  for (const std::size_t n : {4U, 7U}) {
    Cluster cluster(NetworkOptions{.n = n});
    cluster.MakePuppet(cluster.LeaderAt(1));
    std::uint64_t slowest_late = 0;
    for (testing::Tx tx = 1; tx <= 40; ++tx) {
      const std::uint64_t start = cluster.now();
      cluster.Submit(tx);
      ASSERT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 5000));
      if (tx > 20) slowest_late = std::max(slowest_late, cluster.now() - start);
    }
    EXPECT_LT(slowest_late, 150U);  // without the rule its turns would cost 2D = 200 ms each
    EXPECT_EQ(cluster.faults(), kNone);
  }
}

// P12: one message with a large number moves nothing and leaves nothing behind.
TEST(HugeView, P12VoteProposalAndStatusMoveNothing) {
  Cluster cluster(NetworkOptions{});
  cluster.MakePuppet(0);
  constexpr std::uint64_t kHuge = 1ULL << 62;
  std::uint64_t led_by_0 = kHuge;
  while (cluster.LeaderAt(led_by_0) != 0) ++led_by_0;
  ToAll(cluster, 0, cluster.VoteOf(0, Nullify(kHuge)));
  ToAll(cluster, 0, cluster.VoteOf(0, Nullify(~0ULL)));
  ToAll(cluster, 0, cluster.ProposalBy(0, led_by_0, cluster.BlockOnGenesis(0, {7})));
  Status status;
  status.position = Position{Epoch(0), View(kHuge)};
  status.floor = Position{Epoch(0), View(kHuge - 1)};
  ToAll(cluster, 0, status);
  cluster.Run(1000);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(cluster.view_of(i).position.view, View(1));
    EXPECT_FALSE(cluster.view_of(i).gate_open);
    EXPECT_TRUE(cluster.node(i).log.empty());
    EXPECT_TRUE(cluster.node(i).disconnects.empty());
  }
}

TEST(BadSignature, VoteCertificateAndProposalDisconnect) {
  Cluster cluster(NetworkOptions{});
  const std::size_t from = cluster.LeaderAt(1);
  cluster.MakePuppet(from);
  Vote vote = cluster.VoteOf(from, Nullify(1));
  vote.signature.data[5] ^= std::byte{1};
  chain::Certificate certificate = cluster.CertificateOf({0, 1, 2}, Nullify(1));
  certificate.votes[1].signature.data[5] ^= std::byte{1};
  Proposal proposal = cluster.ProposalBy(from, 1, cluster.BlockOnGenesis(from, {7}));
  proposal.signature.data[5] ^= std::byte{1};
  const std::size_t to = (from + 1) % 4;
  cluster.Deliver(from, to, vote);
  cluster.Deliver(from, to, CertificateMessage{certificate});
  cluster.Deliver(from, to, CertificateMessage{cluster.CertificateOf({0, 1}, Nullify(1))});
  cluster.Deliver(from, to, proposal);
  cluster.Run(100);
  std::map<Misbehaviour, int> reasons;
  for (const Disconnect& d : cluster.node(to).disconnects) ++reasons[d.reason];
  EXPECT_EQ(reasons[Misbehaviour::kBadVoteSignature], 2);
  EXPECT_EQ(reasons[Misbehaviour::kBadCertificate], 2);
  EXPECT_EQ(cluster.view_of(to).position.view, View(1));
}

// P3: what arrives for a final view, even certificates and all its votes, creates no vote of mine.
TEST(P3Floor, NothingBelowItIsAnswered) {
  Cluster cluster(NetworkOptions{});
  for (testing::Tx tx = 1; tx <= 3; ++tx) {
    cluster.Submit(tx);
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.AllHave(tx); }, 2000));
  }
  cluster.Run(5000);
  const std::size_t logged = cluster.node(0).log.size();
  const View floor = cluster.view_of(0).floor.view;
  const Block other = cluster.BlockOnGenesis(cluster.LeaderAt(1), {99});
  for (std::uint64_t view = 1; view <= floor.value(); ++view) {
    for (std::size_t i = 1; i < 4; ++i) {
      cluster.Deliver(i, 0, cluster.VoteOf(i, Nullify(view)));
      cluster.Deliver(i, 0, cluster.VoteOf(i, Notarize(view, other.digest())));
    }
    cluster.Deliver(1, 0, CertificateMessage{cluster.CertificateOf({1, 2, 3}, Nullify(view))});
    const VotePosition notarize = Notarize(view, other.digest());
    cluster.Deliver(1, 0, CertificateMessage{cluster.CertificateOf({1, 2, 3}, notarize)});
    cluster.Deliver(cluster.LeaderAt(view), 0,
                    cluster.ProposalBy(cluster.LeaderAt(view), view, other));
  }
  cluster.Run(5000);
  EXPECT_EQ(cluster.node(0).log.size(), logged);
  EXPECT_FALSE(cluster.node(0).halted.has_value());
  EXPECT_EQ(cluster.view_of(0).floor.view, floor);
}

// P11: a notarization moves a node that has nullified the view, but it never finalizes that view.
TEST(Notarization, P11MovesANodeThatNullifiedAndIsNotFinalizedByIt) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  const std::size_t me = (leader + 1) % 4;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != me) cluster.MakePuppet(i);
  }
  cluster.Submit(1, {me});
  cluster.Run(400);  // my timer fires
  const Block block = cluster.BlockOnGenesis(leader, {7});
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != me) others.push_back(i);
  }
  cluster.Deliver(leader, me, cluster.ProposalBy(leader, 1, block));
  const VotePosition notarize = Notarize(1, block.digest());
  cluster.Deliver(leader, me, CertificateMessage{cluster.CertificateOf(others, notarize)});
  bool finalized = false;
  cluster.link = [&](std::size_t from, std::size_t, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    if (from == me && vote && vote->position.kind == VoteKind::kFinalize) finalized = true;
    return true;
  };
  cluster.Run(3000);
  EXPECT_EQ(cluster.view_of(me).position.view, View(2));
  EXPECT_FALSE(finalized);
  EXPECT_EQ(cluster.faults(), kNone);
}

TEST(Divergence, QuorumForABlockRefusedHereHalts) {
  Cluster cluster(NetworkOptions{});
  const std::size_t leader = cluster.LeaderAt(1);
  const std::size_t me = (leader + 1) % 4;
  const std::vector<std::size_t> others = cluster.MakePuppetsBut(me);
  const Block bad = cluster.BlockOnGenesis(leader, {testing::kPoison});
  cluster.Deliver(leader, me, cluster.ProposalBy(leader, 1, bad));
  cluster.Run(50);
  EXPECT_FALSE(cluster.node(me).halted.has_value());
  const VotePosition notarize = Notarize(1, bad.digest());
  cluster.Deliver(leader, me, CertificateMessage{cluster.CertificateOf(others, notarize)});
  cluster.Run(50);
  ASSERT_TRUE(cluster.node(me).halted.has_value());
  EXPECT_EQ(cluster.node(me).halted->reason, DivergenceReason::kInvalidNotarized);
  ASSERT_TRUE(cluster.node(me).halted->block.has_value());
  EXPECT_EQ(cluster.node(me).halted->block->digest(), bad.digest());
}

TEST(Divergence, TwoQuorumsInOneViewHalt) {
  Cluster cluster(NetworkOptions{});
  const Block one = cluster.BlockOnGenesis(0, {1});
  const Block two = cluster.BlockOnGenesis(0, {2});
  for (const Block& block : {one, two}) {
    const VotePosition notarize = Notarize(1, block.digest());
    cluster.Deliver(1, 0, CertificateMessage{cluster.CertificateOf({1, 2, 3}, notarize)});
  }
  cluster.Run(20);
  ASSERT_TRUE(cluster.node(0).halted.has_value());
  EXPECT_EQ(cluster.node(0).halted->reason, DivergenceReason::kConflictingQuorums);
}

}  // namespace
}  // namespace timebank::consensus
