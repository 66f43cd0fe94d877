// A hostile leader gets no vote: every block that is not exactly what the rules give is refused by
// the real replica, and its sound neighbour is voted for.
#include <functional>
#include <memory>

#include "chain/canonical.h"
#include "chain/evidence.h"
#include "chain/log_tree.h"
#include "consensus/limits.h"
#include "ledger/block.h"
#include "node/replica/block_body.h"
#include "tests/sim/bench.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::sim {
namespace {

// A block under construction: what the case changes, before the leader signs it.
struct Draft {
  std::vector<std::string> envelopes;
  chain::Header header;
  v1::BlockBody body;
};

// Fills roots of `transactions` as an honest leader would.
Draft MakeDraft(Bench& bench, const std::vector<replica::SharedTransaction>& transactions,
                Millis timestamp) {
  const auto& view = bench.replica().final_view();
  const std::size_t leader = bench.replica().status().consensus.leader.value();
  ledger::BlockExecution execution(*view.state, {Height(1), timestamp, view.digest});
  Draft draft;
  for (const auto& transaction : transactions) {
    EXPECT_EQ(execution.TryApply({AsBytes(transaction->envelope), &transaction->transaction}),
              v1::REASON_UNSPECIFIED);
    draft.envelopes.push_back(transaction->envelope);
  }
  const ledger::BlockResult result = execution.Finish();
  const auto& keys = bench.community().validators();
  std::vector<crypto::PublicKey> set;
  for (const auto& key : keys) set.push_back(key.public_key());
  chain::Header& header = draft.header;
  header.chain_id = bench.community().chain_id();
  header.height = Height(1);
  header.parent = view.digest;
  header.timestamp_ms = timestamp;
  header.state_root = result.state_root;
  header.log_size = result.log_size;
  header.log_root = result.log_root;
  header.validators = chain::ValidatorSet::From(set)->SetHash();
  header.next_validators = header.validators;
  header.proposer = keys[leader].public_key();
  return draft;
}

// Two Finalize votes of one view, said to be of validator `accused`; the second is signed by
// `signer`.
std::string TwoFinalizes(Bench& bench, std::size_t accused, std::size_t signer) {
  const auto& keys = bench.community().validators();
  chain::Evidence evidence{
      chain::EvidenceKind::kConflictingFinalize, keys[accused].public_key(), {}, {}};
  const auto sign = [&](chain::EvidenceVote& vote, std::size_t who, std::uint8_t block) {
    vote.position = {chain::VoteKind::kFinalize, Epoch(0), View(1), View(0), Hash{}};
    vote.position.digest.data[0] = std::byte{block};
    vote.signature = keys[who].Sign(chain::VoteBytes(bench.community().chain_id(), vote.position));
  };
  sign(evidence.first, accused, 1);
  sign(evidence.second, signer, 2);
  return chain::EncodeEvidence(evidence);
}

// Roots over the body as it is, so that it is this header's body.
void Seal(Draft& draft) {
  draft.body.clear_envelopes();
  chain::LogFrontier transactions;
  chain::LogFrontier extras;
  for (const std::string& envelope : draft.envelopes) {
    draft.body.add_envelopes(envelope);
    transactions.Append(chain::LogLeafHash(AsBytes(envelope)));
  }
  for (const std::string& item : draft.body.evidence()) {
    extras.Append(chain::LogLeafHash(AsBytes(item)));
  }
  draft.header.tx_count = static_cast<std::uint32_t>(draft.envelopes.size());
  draft.header.tx_root = transactions.Root();
  draft.header.extras_root = extras.Root();
}

void Propose(Bench& bench, const Draft& draft) {
  const std::size_t leader = bench.replica().status().consensus.leader.value();
  consensus::Proposal proposal;
  proposal.position = {Epoch(0), View(1)};
  proposal.block = consensus::Block(
      draft.header,
      std::make_shared<const Bytes>(ToBytes(AsBytes(chain::CanonicalBytes(draft.body)))));
  const chain::VotePosition position{chain::VoteKind::kNotarize, Epoch(0), View(1), View(0),
                                     proposal.block.digest()};
  proposal.signature = bench.community().validators()[leader].Sign(
      chain::VoteBytes(bench.community().chain_id(), position));
  bench.Hear(leader, std::move(proposal));
}

struct Case {
  const char* name;
  std::function<void(Bench&, Draft&)> change;
  bool votes = false;
  std::int64_t timestamp_offset_ms = 0;
  bool known = false;  // the sound transaction is in the pool already
};

std::vector<Case> Cases() {
  const auto nothing = [](Bench&, Draft&) {};
  const auto forge = [](Bench& bench, Draft& draft) {
    const auto sound = replica::ReadTransaction(draft.envelopes[0], bench.community().chain_id());
    draft.envelopes[0] = bench.community().Forge(*sound)->envelope;
  };
  return {
      {"sound", nothing, /*votes=*/true},
      {"sound and known", nothing, /*votes=*/true, 0, /*known=*/true},
      {"wrong signature", forge},
      {"known transaction with a wrong signature", forge, false, 0, /*known=*/true},
      {"wrong state root", [](Bench&, Draft& d) { d.header.state_root.data[0] ^= std::byte{1}; }},
      {"wrong log root", [](Bench&, Draft& d) { d.header.log_root.data[0] ^= std::byte{1}; }},
      {"wrong log size", [](Bench&, Draft& d) { ++d.header.log_size; }},
      {"wrong height", [](Bench&, Draft& d) { d.header.height = Height(2); }},
      {"wrong parent", [](Bench&, Draft& d) { d.header.parent.data[0] ^= std::byte{1}; }},
      {"another proposer's name",
       [](Bench& b, Draft& d) {
         for (const auto& key : b.community().validators()) {
           if (key.public_key() == d.header.proposer) continue;
           d.header.proposer = key.public_key();
           return;
         }
       }},
      {"another set", [](Bench&, Draft& d) { d.header.validators.data[0] ^= std::byte{1}; }},
      {"stale by the allowed skew", nothing, /*votes=*/true, -5'000},
      {"stale by a millisecond more", nothing, false, -5'001},
      {"ahead by the allowed skew", nothing, /*votes=*/true, 5'000},
      {"ahead by a millisecond more", nothing, false, 5'001},
      {"transaction not in canonical form",
       [](Bench&, Draft& d) { d.envelopes[0] += std::string("\x98\x06\x01", 3); }},
      {"transaction cut short", [](Bench&, Draft& d) { d.envelopes[0].pop_back(); }},
      {"transaction twice", [](Bench&, Draft& d) { d.envelopes.push_back(d.envelopes[0]); }},
      {"transaction left out", [](Bench&, Draft& d) { d.envelopes.clear(); }},
      {"evidence that is none", [](Bench&, Draft& d) { d.body.add_evidence("x"); }},
      {"evidence half of it forged",
       [](Bench& b, Draft& d) { d.body.add_evidence(TwoFinalizes(b, 1, 2)); }},
      {"evidence not under the root",
       [](Bench& b, Draft& d) { d.body.add_evidence(TwoFinalizes(b, 1, 1)); }},
      {"end of an epoch before its rules",
       [](Bench&, Draft& d) { d.header.flags = chain::kFlagEpochEnd; }},
  };
}

TEST(HostileLeader, GetsNoVote) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    Bench bench;
    ASSERT_FALSE(bench.Open().has_value());
    ASSERT_NE(bench.replica().status().consensus.leader.value(), Bench::kSelf);
    const auto transaction = bench.community().Opening(bench.now().ledger_ms)[0];
    if (c.known) bench.Step(replica::Submitted{1, transaction});
    const auto now = static_cast<std::int64_t>(bench.now().ledger_ms.value());
    Draft draft = MakeDraft(bench, {transaction},
                            Millis(static_cast<std::uint64_t>(now + c.timestamp_offset_ms)));
    c.change(bench, draft);
    Seal(draft);
    Propose(bench, draft);
    EXPECT_EQ(bench.SentVote(chain::VoteKind::kNotarize).has_value(), c.votes);
    EXPECT_FALSE(bench.replica().halted().has_value());
  }
}

// The bytes are not the header's: nothing is known about the block, and the sender is cut off.
TEST(HostileLeader, ABodyOfAnotherHeaderIsNoVerdictOnTheBlock) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const auto transaction = bench.community().Opening(bench.now().ledger_ms)[0];
  Draft draft = MakeDraft(bench, {transaction}, bench.now().ledger_ms);
  Seal(draft);
  draft.body.clear_envelopes();
  Propose(bench, draft);
  EXPECT_FALSE(bench.SentVote(chain::VoteKind::kNotarize).has_value());
  EXPECT_FALSE(bench.SentVote(chain::VoteKind::kNullify).has_value());
  ASSERT_EQ(bench.disconnects().size(), 1U);
  EXPECT_EQ(bench.disconnects()[0], consensus::Misbehaviour::kBodyMismatch);
}

// Of the three others.
consensus::CertificateMessage CertificateBy(Bench& bench, const chain::VotePosition& position) {
  chain::Certificate certificate;
  certificate.position = position;
  certificate.validator_count = 4;
  for (std::uint16_t i = 1; i < 4; ++i) {
    certificate.votes.push_back(
        {ReplicaIndex(i), bench.community().validators()[i].Sign(
                              chain::VoteBytes(bench.community().chain_id(), position))});
  }
  return {certificate};
}

// A block is executed and forgotten, because its view was nullified before. Later it turns out to
// be notarized, and somebody answers with other bytes under its header: that the header is known to
// be good says nothing about them.
TEST(HostilePeer, OtherBytesOfAnExecutedBlockAreSeen) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const auto transaction = bench.community().Opening(bench.now().ledger_ms)[0];
  Draft draft = MakeDraft(bench, {transaction}, bench.now().ledger_ms);
  Seal(draft);
  bench.HoldAnswers(true);
  Propose(bench, draft);
  bench.Pass(1'000);
  ASSERT_TRUE(bench.SentVote(chain::VoteKind::kNullify).has_value());
  bench.HoldAnswers(false);
  bench.Step(replica::Tick{});
  ASSERT_FALSE(bench.SentVote(chain::VoteKind::kNotarize).has_value());
  for (std::uint64_t view = 1; view <= consensus::kIdleBodyViews + 2; ++view) {
    bench.Hear(1, CertificateBy(
                      bench, {chain::VoteKind::kNullify, Epoch(0), View(view), View(0), Hash()}));
  }
  ASSERT_EQ(bench.replica().status().consensus.held_bodies, 0U);
  const Hash digest = draft.header.Digest();
  bench.Hear(
      1, CertificateBy(bench, {chain::VoteKind::kNotarize, Epoch(0), View(1), View(0), digest}));
  ASSERT_TRUE(bench.disconnects().empty());
  const consensus::Block swapped(draft.header, std::make_shared<const Bytes>());
  bench.Hear(2, consensus::Blocks{{swapped}});
  ASSERT_EQ(bench.disconnects().size(), 1U);
  EXPECT_EQ(bench.disconnects()[0], consensus::Misbehaviour::kBodyMismatch);
  EXPECT_EQ(bench.replica().status().consensus.held_bodies, 0U);
}

}  // namespace
}  // namespace timebank::sim
