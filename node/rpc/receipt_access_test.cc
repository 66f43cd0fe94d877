#include "node/rpc/receipt_access.h"

#include <gtest/gtest.h>

#include "chain/canonical.h"
#include "chain/transaction.h"
#include "node/rpc/testing/sample_ledger.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {
namespace {

using testing::Person;
using testing::SampleLedger;
using Lines = std::vector<std::uint32_t>;

// A block whose one transaction `signer` signed; nothing when damaged.
class OneBlock final : public LedgerIndex {
 public:
  std::vector<replica::IndexRow> Scan(ByteView, ByteView, std::size_t) override { return {}; }
  std::optional<consensus::CommittedBlock> ReadBlock(Height /*height*/) override { return block; }
  std::optional<replica::TransactionRow> FindTransaction(const Hash& id) override {
    return row && row->id == id ? row : std::nullopt;
  }
  Height first_block() const override { return first; }
  Height first{0};
  std::optional<consensus::CommittedBlock> block;
  std::optional<replica::TransactionRow> row;
};

class ReceiptAccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    v1::TransactionBody body;
    body.add_signers()->set_member(sample_.merchant.id.str());
    v1::Envelope envelope;
    envelope.set_body(body.SerializeAsString());
    v1::BlockBody block;
    block.add_envelopes(envelope.SerializeAsString());
    index_.block.emplace();
    index_.block->block = consensus::Block(
        chain::Header{},
        std::make_shared<const Bytes>(ToBytes(AsBytes(block.SerializeAsString()))));
    row_.id.data[0] = std::byte{7};
    row_.lines = {LineOf(sample_.elder), LineOf(sample_.stranger), LineOf(sample_.volunteer)};
  }

  static std::string LineOf(const Person& person) {
    v1::EffectsLine line;
    line.set_version(1);
    line.add_postings()->set_owner(person.id.str());
    return chain::CanonicalBytes(line);
  }
  static Viewer ViewerOf(const Person& person, bool member = false) {
    Viewer viewer{.member = person.id};
    if (member || person.offices.empty()) return viewer;
    viewer.role = person.offices.front().first;
    viewer.org = person.offices.front().second;
    return viewer;
  }
  Expected<Lines, client::Error> Show(const Expected<Viewer, client::Error>& viewer,
                                      const Lines& wanted = {}) {
    return LinesToShow({.row = row_, .wanted = wanted, .viewer = viewer, .state = sample_.state()},
                       index_);
  }
  v1::Reason Refusal(const Expected<Viewer, client::Error>& viewer, const Lines& wanted = {}) {
    const auto shown = Show(viewer, wanted);
    return shown ? v1::REASON_UNSPECIFIED : shown.error().reason;
  }

  const SampleLedger sample_;
  OneBlock index_;
  replica::TransactionRow row_;
  const Unexpected<client::Error> nobody_{client::MakeError(v1::REASON_NO_TOKEN)};
};

TEST_F(ReceiptAccessTest, OneLineNeedsNoToken) {
  row_.lines.resize(1);
  EXPECT_EQ(Show(nobody_).value(), Lines{});
  EXPECT_EQ(Show(nobody_, {0}).value(), Lines{0});
  EXPECT_EQ(Refusal(nobody_, {1}), v1::REASON_NOT_FOUND);
}

TEST_F(ReceiptAccessTest, AListOrASweepDoes) {
  EXPECT_EQ(Refusal(nobody_), v1::REASON_NO_TOKEN);
  EXPECT_EQ(Refusal(nobody_, {99}), v1::REASON_NO_TOKEN) << "how many lines there are is not told";
  row_.lines.resize(1);
  row_.sweep = true;
  EXPECT_EQ(Refusal(nobody_), v1::REASON_NO_TOKEN);
  EXPECT_EQ(Show(ViewerOf(sample_.elder)).value(), Lines{});
  EXPECT_EQ(Refusal(ViewerOf(sample_.stranger)), v1::REASON_NOT_FOUND);
}

TEST_F(ReceiptAccessTest, EveryoneSeesWhatConcernsThem) {
  EXPECT_EQ(Show(ViewerOf(sample_.elder)).value(), Lines{0});
  EXPECT_EQ(Show(ViewerOf(sample_.volunteer)).value(), Lines{2});
  EXPECT_EQ(Show(ViewerOf(sample_.approver_a)).value(), (Lines{0, 2}));
  EXPECT_EQ(Show(ViewerOf(sample_.reviewer_b)).value(), Lines{1});
  EXPECT_EQ(Show(ViewerOf(sample_.approver_a), {2}).value(), Lines{2});
  for (const Person* all : {&sample_.auditor, &sample_.exporter, &sample_.operator_}) {
    EXPECT_EQ(Show(ViewerOf(*all)).value(), Lines{}) << "all, as one whole receipt";
  }
  EXPECT_EQ(Refusal(ViewerOf(sample_.operator_, /*member=*/true)), v1::REASON_NOT_FOUND);
}

TEST_F(ReceiptAccessTest, WhoSignedItSeesItAll) {
  EXPECT_EQ(Show(ViewerOf(sample_.merchant)).value(), Lines{});
  EXPECT_EQ(Show(ViewerOf(sample_.merchant, /*member=*/true), {1}).value(), Lines{1});
  index_.block.reset();
  EXPECT_EQ(Refusal(ViewerOf(sample_.merchant)), v1::REASON_BLOCK_DAMAGED);
}

TEST_F(ReceiptAccessTest, AHiddenLineAndOneThatIsNotThereAreTheSame) {
  const auto hidden = Show(ViewerOf(sample_.elder), {0, 1});
  const auto absent = Show(ViewerOf(sample_.elder), {0, 9});
  ASSERT_FALSE(hidden || absent);
  EXPECT_EQ(hidden.error().reason, v1::REASON_NOT_FOUND);
  EXPECT_EQ(hidden.error().message, absent.error().message);
}

TEST_F(ReceiptAccessTest, ALineAboutAMemberConcernsThatMember) {
  v1::EffectsLine line;
  line.set_version(1);
  line.set_entity(sample_.stranger.id.str());
  row_.lines = {LineOf(sample_.elder), chain::CanonicalBytes(line)};
  EXPECT_EQ(Show(ViewerOf(sample_.stranger)).value(), Lines{1});
}

TEST_F(ReceiptAccessTest, ADamagedBlockIsNotAMissingTransaction) {
  EXPECT_EQ(WhyNoReceipt(index_, row_.id).reason, v1::REASON_NOT_FOUND);
  index_.row = row_;
  EXPECT_EQ(WhyNoReceipt(index_, row_.id).reason, v1::REASON_NOT_YET);
  index_.block.reset();
  EXPECT_EQ(WhyNoReceipt(index_, row_.id).reason, v1::REASON_BLOCK_DAMAGED);
  index_.first = row_.height.Next();
  const client::Error older = WhyNoReceipt(index_, row_.id);
  EXPECT_EQ(older.reason, v1::REASON_BLOCK_DAMAGED);
  EXPECT_NE(older.message.find("older than the snapshot"), std::string::npos) << older.message;
}

}  // namespace
}  // namespace timebank::rpc
