#include "consensus/record.h"

#include <gtest/gtest.h>

#include "consensus/limits.h"

namespace timebank::consensus {
namespace {

std::vector<Record> Samples() {
  chain::Header header;
  header.height = Height(7);
  const Block block(header, std::make_shared<const Bytes>(Bytes(3, std::byte{5})));
  Vote vote;
  vote.position = {chain::VoteKind::kNotarize, Epoch(2), View(9), View(8), block.digest()};
  vote.signer = ReplicaIndex(3);
  chain::Certificate certificate;
  certificate.position = vote.position;
  certificate.validator_count = 4;
  for (std::uint16_t i = 0; i < 3; ++i) certificate.votes.push_back({ReplicaIndex(i), {}});
  return {BodyRecord{block},
          CertificateRecord{certificate},
          EpochStartRecord{Epoch(1), block.digest()},
          MyVoteRecord{vote},
          MyProposalRecord{Position{Epoch(2), View(9)}, View(8), block.digest()},
          FirstSeenRecord{vote}};
}

TEST(Record, ComesBackAsItWasWritten) {
  for (const Record& record : Samples()) {
    SCOPED_TRACE(static_cast<int>(TypeOf(record)));
    const Bytes bytes = EncodeRecord(record);
    const auto back = DecodeRecord(TypeOf(record), bytes);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(TypeOf(*back), TypeOf(record));
    EXPECT_EQ(EncodeRecord(*back), bytes);
  }
}

TEST(Record, CutShortOrLengthenedIsRefused) {
  for (const Record& record : Samples()) {
    SCOPED_TRACE(static_cast<int>(TypeOf(record)));
    Bytes bytes = EncodeRecord(record);
    const bool is_body = TypeOf(record) == RecordType::kBody;  // a body may have any length
    const Bytes cut(bytes.begin(), bytes.begin() + (is_body ? 365 : std::ssize(bytes) - 1));
    EXPECT_FALSE(DecodeRecord(TypeOf(record), cut).has_value());
    bytes.resize(is_body ? chain::kHeaderSize + kBodyBytesMax + 1 : bytes.size() + 1);
    EXPECT_FALSE(DecodeRecord(TypeOf(record), bytes).has_value());
  }
}

TEST(Record, UnknownVoteKindAndFloorMarkAreRefused) {
  Bytes vote = EncodeRecord(Samples()[3]);
  vote[0] = std::byte{4};
  EXPECT_FALSE(DecodeRecord(RecordType::kMyVote, vote).has_value());
  vote[0] = std::byte{0};
  EXPECT_FALSE(DecodeRecord(RecordType::kFirstSeen, vote).has_value());
  EXPECT_FALSE(DecodeRecord(RecordType::kFloorMark, {}).has_value());
}

// CONSENSUS 8: bodies, certificates, EpochStart, then votes.
TEST(Record, VariantOrderIsTheBatchOrder) {
  const auto samples = Samples();
  for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].index(), i);
}

}  // namespace
}  // namespace timebank::consensus
