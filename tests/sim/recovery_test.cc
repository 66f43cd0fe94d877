// What a replica refuses to start from, and what it answers clients.
#include <functional>

#include "base/prng.h"
#include "consensus/limits.h"
#include "node/replica/admission.h"
#include "node/replica/receipts.h"
#include "tests/sim/bench.h"
#include "tests/sim/cluster.h"
#include "tests/sim/workload.h"

namespace timebank::sim {
namespace {

using replica::RecoveryFault;

// A disk with one thing changed on the way back.
class Tampered final : public replica::Storage {
 public:
  explicit Tampered(Disk& disk) : disk_(disk) {}
  std::function<void(consensus::CommittedBlock&)> change_floor = [](auto&) {};
  std::function<void(std::vector<consensus::Record>&)> change_records = [](auto&) {};
  bool flip_state = false;
  bool flip_leaf = false;
  std::size_t reads = 0;                       // of blocks
  std::size_t body_bytes = 0;                  // of every body that is read; 0: as it is
  std::optional<replica::TransactionRow> row;  // found under every id

  std::optional<consensus::CommittedBlock> Floor() override {
    auto floor = disk_.Floor();
    if (floor) change_floor(*floor);
    return floor;
  }
  void VisitState(const std::function<void(ByteView, ByteView)>& visit) override {
    bool first = true;
    disk_.VisitState([&](ByteView key, ByteView value) {
      Bytes changed = ToBytes(value);
      // Inside the last bytes of a record: it still parses, as something else.
      if (flip_state && std::exchange(first, false)) changed.back() ^= std::byte{1};
      visit(key, changed);
    });
  }
  void VisitLogLeaves(const std::function<void(const Hash&)>& visit) override {
    bool first = true;
    disk_.VisitLogLeaves([&](const Hash& leaf) {
      Hash changed = leaf;
      if (flip_leaf && std::exchange(first, false)) changed.data[0] ^= std::byte{1};
      visit(changed);
    });
  }
  std::vector<consensus::Record> TakeRecords() override {
    auto records = disk_.TakeRecords();
    change_records(records);
    return records;
  }
  void Append(std::span<const consensus::Record> records, bool sync) override {
    disk_.Append(records, sync);
  }
  void CommitBlock(const replica::CommitBatch& batch) override { disk_.CommitBlock(batch); }
  void MaybeSync(Millis now) override { disk_.MaybeSync(now); }
  std::optional<consensus::CommittedBlock> ReadBlock(Height height) override {
    ++reads;
    auto block = disk_.ReadBlock(height);
    if (block && body_bytes > 0) {
      block->block = {block->block.header(), std::make_shared<const Bytes>(body_bytes)};
    }
    return block;
  }
  std::optional<Height> HeightOf(const Hash& digest) override { return disk_.HeightOf(digest); }
  std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override {
    return row ? row : disk_.FindTransaction(id);
  }

 private:
  Disk& disk_;
};

// Some seconds of a community with the bench's genesis and keys; node 0's disk is looked at.
class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest()
      : community_(Prng(7), 1, 4),
        cluster_(world_, Prng(9), community_, CalmPlan()),
        workload_(world_, Prng(10), community_, cluster_) {
    cluster_.Start();
    workload_.Start(1, 1);
    world_.RunUntil(Millis(4'000), [] { return false; });
    cluster_.Crash(0);
    disk().Reopen();
  }
  static Plan CalmPlan() {
    Plan plan;
    plan.network.delay_max_ms = 5;
    return plan;
  }
  Disk& disk() { return cluster_.node(0).disk(); }

  World world_;
  Community community_;
  Cluster cluster_;
  Workload workload_;
};

TEST_F(RecoveryTest, StartsFromWhatADiskKept) {
  ASSERT_TRUE(disk().Floor().has_value());
  Tampered storage(disk());
  Bench bench(&storage);
  EXPECT_FALSE(bench.Open().has_value());
  EXPECT_GE(bench.replica().final_view().header.height, disk().Floor()->block.header().height);
}

TEST_F(RecoveryTest, RefusesAChangedRecord) {
  Tampered storage(disk());
  storage.flip_state = true;
  EXPECT_EQ(Bench(&storage).Open(), RecoveryFault::kStateRootMismatch);
}

TEST_F(RecoveryTest, RefusesAChangedLogLeaf) {
  Tampered storage(disk());
  storage.flip_leaf = true;
  EXPECT_EQ(Bench(&storage).Open(), RecoveryFault::kLogRootMismatch);
}

TEST_F(RecoveryTest, RefusesAFloorThatIsNotProven) {
  Tampered storage(disk());
  storage.change_floor = [](consensus::CommittedBlock& floor) {
    floor.finalization.votes[0].signature.data[3] ^= std::byte{1};
  };
  EXPECT_EQ(Bench(&storage).Open(), RecoveryFault::kFloorNotProven);
}

TEST_F(RecoveryTest, RefusesAFloorWithAnotherHeader) {
  Tampered storage(disk());
  storage.change_floor = [](consensus::CommittedBlock& floor) {
    chain::Header header = floor.block.header();
    header.state_root.data[0] ^= std::byte{1};
    floor.block = consensus::Block(header, floor.block.body());
  };
  EXPECT_EQ(Bench(&storage).Open(), RecoveryFault::kStateRootMismatch);
}

TEST_F(RecoveryTest, RefusesVotesThatExcludeEachOther) {
  Tampered storage(disk());
  storage.change_records = [](std::vector<consensus::Record>& records) {
    consensus::Vote vote;
    vote.position = {chain::VoteKind::kNullify, Epoch(0), View(1'000), View(0), Hash()};
    records.push_back(consensus::MyVoteRecord{vote});
    vote.position.kind = chain::VoteKind::kFinalize;
    vote.position.digest.data[0] = std::byte{1};
    records.push_back(consensus::MyVoteRecord{vote});
  };
  EXPECT_EQ(Bench(&storage).Open(), RecoveryFault::kContradiction);
}

// ---- Clients ----

v1::Reason AnswerTo(Bench& bench, const replica::SharedTransaction& transaction) {
  bench.Step(replica::Submitted{1, transaction});
  return bench.answers().empty() ? v1::REASON_NOT_FOUND : bench.answers().back().reason;
}

TEST(Admission, AnswersEachSubmissionOnce) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const auto sound = bench.community().Opening(bench.now().ledger_ms)[0];
  EXPECT_EQ(AnswerTo(bench, bench.community().Forge(sound)), v1::REASON_BAD_SIGNATURE);
  EXPECT_EQ(AnswerTo(bench, sound), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(AnswerTo(bench, sound), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(bench.answers().size(), 3U);
  EXPECT_EQ(bench.replica().status().pool_transactions, 1U);
}

TEST(Admission, RefusesByTheFinalState) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const Millis now = bench.now().ledger_ms;
  EXPECT_EQ(AnswerTo(bench, bench.community().Transfer(0, 0, now)), v1::REASON_AMOUNT_NOT_POSITIVE);
  EXPECT_NE(AnswerTo(bench, bench.community().Transfer(0, 1, now)), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(bench.replica().status().pool_transactions, 0U);
}

TEST(Admission, RefusesWhatHasExpired) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const Millis old(bench.now().ledger_ms.value() - 60 * kMinuteMs);
  EXPECT_EQ(AnswerTo(bench, bench.community().Opening(old)[0]), v1::REASON_EXPIRED);
}

// With too few validators nothing becomes final. What expires meanwhile leaves the pool, so that it
// does not keep the network busy for ever.
TEST(Admission, DropsWhatExpiresInThePool) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  EXPECT_EQ(AnswerTo(bench, bench.community().Opening(bench.now().ledger_ms)[0]),
            v1::REASON_UNSPECIFIED);
  bench.Pass(49 * kMinuteMs);
  EXPECT_EQ(bench.replica().status().pool_transactions, 1U);
  EXPECT_TRUE(bench.replica().status().consensus.gate_open);
  bench.Pass(2 * kMinuteMs);
  EXPECT_EQ(bench.replica().status().pool_transactions, 0U);
  EXPECT_FALSE(bench.replica().status().consensus.gate_open);
}

// It was in a block while its signatures were still being checked here.
TEST(Admission, TakesNothingThatBecameFinalWhileItWasVerified) {
  Disk disk(
      Prng(1), [] { return true; }, [](std::string) {});
  Tampered storage(disk);
  Bench bench(&storage);
  ASSERT_FALSE(bench.Open().has_value());
  const auto sound = bench.community().Opening(bench.now().ledger_ms)[0];
  bench.HoldAnswers(true);
  bench.Step(replica::Submitted{1, sound});
  EXPECT_TRUE(bench.answers().empty());
  storage.row.emplace();
  storage.row->height = Height(3);
  bench.HoldAnswers(false);
  bench.Step(replica::Tick{});
  ASSERT_EQ(bench.answers().size(), 1U);
  EXPECT_EQ(bench.answers()[0].final_height, Height(3));
  EXPECT_EQ(bench.replica().status().pool_transactions, 0U);
}

// Whoever gossips it has checked it, or lies.
TEST(Admission, CutsAPeerOffForABadSignatureOnly) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  const Millis now = bench.now().ledger_ms;
  const auto sound = bench.community().Opening(now)[0];
  bench.HearGossip(1, {sound, bench.community().Transfer(0, 1, now)});  // refused by the state
  EXPECT_TRUE(bench.disconnects().empty());
  bench.HearGossip(2, {bench.community().Forge(bench.community().Opening(now)[1])});
  ASSERT_EQ(bench.disconnects().size(), 1U);
  EXPECT_EQ(bench.disconnects()[0], consensus::Misbehaviour::kBadTransactionSignature);
}

// One peer's gossip fills its own share of the signature checks, not the others', nor the clients'.
TEST(Admission, GossipDoesNotKeepClientsOut) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  bench.HoldAnswers(true);
  const Millis now = bench.now().ledger_ms;
  const auto frame = [&](std::uint64_t first) {
    std::vector<replica::SharedTransaction> transactions;
    for (std::uint64_t i = 0; i < replica::kGossipTransactionsMax; ++i) {
      transactions.push_back(bench.community().Transfer(0, 1, Millis(now.value() + first + i)));
    }
    return transactions;
  };
  const std::uint64_t frames = replica::kVerifyingPeerMax / replica::kGossipTransactionsMax;
  for (std::uint64_t i = 0; i < frames + 1; ++i) {
    bench.HearGossip(1, frame(i * replica::kGossipTransactionsMax));
  }
  EXPECT_EQ(bench.verifying(), replica::kVerifyingPeerMax);
  bench.HearGossip(2, frame(100'000));
  EXPECT_EQ(bench.verifying(), replica::kVerifyingPeerMax + replica::kGossipTransactionsMax);
  bench.Step(replica::Submitted{1, bench.community().Opening(now)[0]});
  EXPECT_EQ(bench.verifying(), replica::kVerifyingPeerMax + replica::kGossipTransactionsMax + 1);
  bench.HoldAnswers(false);
  bench.Step(replica::Tick{});
  bench.HearGossip(1, frame(200'000));  // its share is free again
  EXPECT_EQ(bench.verifying(), 0U);
  ASSERT_EQ(bench.answers().size(), 1U);
  EXPECT_EQ(bench.answers()[0].reason, v1::REASON_UNSPECIFIED);
}

// What one peer asks for costs at most its budget, however often it asks.
TEST_F(RecoveryTest, P20ServesOnePeerWithinABudget) {
  Tampered storage(disk());
  Bench bench(&storage);
  ASSERT_FALSE(bench.Open().has_value());
  const std::uint64_t height = bench.replica().final_view().header.height.value();
  ASSERT_GT(height, 2U);
  for (int i = 0; i < 100; ++i) {
    bench.Hear(1, consensus::FetchBlocks{Height(1), consensus::kFetchHeadersMax, true});
  }
  const std::size_t asks = consensus::kServedBlocksPerSecond / consensus::kFetchHeadersMax;
  EXPECT_EQ(storage.reads, asks * height);
  bench.Hear(2, consensus::FetchBlocks{Height(1), 1, false});  // another's is its own
  EXPECT_EQ(storage.reads, asks * height + 1);
}

// A reply that is cut short keeps the headers that the asker can use: it knows the digest of the
// highest, and each names the one below. (Cut at the other end, a node more than 2 MiB of bodies
// behind asked for the same headers for ever.)
TEST_F(RecoveryTest, P6HeadersCutShortAreTheHighest) {
  Tampered storage(disk());
  Bench bench(&storage);
  ASSERT_FALSE(bench.Open().has_value());
  const std::uint64_t top = bench.replica().final_view().header.height.value();
  ASSERT_GT(top, 2U);
  storage.body_bytes = consensus::kReplyBytesMax / 3 * 2;
  std::vector<consensus::Blocks> replies;
  bench.on_sent = [&](const replica::SharedMessage& bytes) {
    auto decoded = replica::DecodePeerMessage(AsBytes(*bytes), bench.community().chain_id());
    ASSERT_TRUE(decoded.has_value());
    auto* message = std::get_if<consensus::Message>(&*decoded);
    if (auto* blocks = std::get_if<consensus::Blocks>(message)) replies.push_back(*blocks);
  };
  bench.Hear(1, consensus::FetchBlocks{Height(1), static_cast<std::uint32_t>(top), true});
  ASSERT_EQ(replies.size(), 1U);
  const auto& headers = replies[0].blocks;
  ASSERT_GE(headers.size(), 2U);
  EXPECT_LT(headers.size(), top);
  EXPECT_EQ(headers.back().header().height, Height(top));
  for (std::size_t i = 1; i < headers.size(); ++i) {
    EXPECT_EQ(headers[i].header().parent, headers[i - 1].digest());
  }
}

// By digest from storage, after a restart; without the block, the floor's Finalization.
TEST_F(RecoveryTest, ServesByDigestFromStorage) {
  Tampered storage(disk());
  Bench bench(&storage);
  ASSERT_FALSE(bench.Open().has_value());
  const auto first = disk().ReadBlock(Height(1));
  ASSERT_TRUE(first.has_value());
  std::vector<consensus::Message> sent;
  bench.on_sent = [&](const replica::SharedMessage& bytes) {
    auto decoded = replica::DecodePeerMessage(AsBytes(*bytes), bench.community().chain_id());
    ASSERT_TRUE(decoded.has_value());
    if (auto* message = std::get_if<consensus::Message>(&*decoded)) sent.push_back(*message);
  };
  bench.Hear(1, consensus::FetchByDigest{first->block.digest()});
  ASSERT_EQ(sent.size(), 1U);
  const auto* blocks = std::get_if<consensus::Blocks>(&sent[0]);
  ASSERT_NE(blocks, nullptr);
  ASSERT_EQ(blocks->blocks.size(), 1U);
  EXPECT_EQ(blocks->blocks[0].digest(), first->block.digest());
  EXPECT_EQ(*blocks->blocks[0].body(), *first->block.body());
  bench.Hear(1, consensus::FetchByDigest{Hash()});
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<consensus::CertificateMessage>(sent[1]));
}

TEST(Admission, FloodsAtOnceAndAgainAfterAWhile) {
  Bench bench;
  ASSERT_FALSE(bench.Open().has_value());
  bench.Step(replica::Submitted{1, bench.community().Opening(bench.now().ledger_ms)[0]});
  const std::size_t after_first = bench.sent();
  EXPECT_GT(after_first, 0U);
  ASSERT_TRUE(bench.replica().wake_at().has_value());
  EXPECT_LE(*bench.replica().wake_at(),
            Millis(bench.now().steady_ms.value() + replica::kFloodAgainMs));
  bench.Pass(replica::kFloodAgainMs);
  EXPECT_GT(bench.sent(), after_first);
}

}  // namespace
}  // namespace timebank::sim
