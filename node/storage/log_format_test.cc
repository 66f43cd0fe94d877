#include "node/storage/log_format.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace timebank::storage {
namespace {

using consensus::RecordType;

Salt SaltOf(std::uint8_t fill) {
  Salt salt;
  salt.data.fill(std::byte{fill});
  return salt;
}

std::vector<LogRecord> SampleRecords() {
  return {{RecordType::kBody, ToBytes(AsBytes("body"))},
          {RecordType::kCertificate, {}},
          {RecordType::kMyVote, Bytes(300, std::byte{7})}};
}

// The layout is frozen: these bytes are on disks.
TEST(LogFormatTest, GoldenBatchAndSegmentHeader) {
  const std::vector<LogRecord> records = {{RecordType::kMyVote, Bytes(2, std::byte{9})}};
  EXPECT_EQ(ToHex(EncodeBatch(1, SaltOf(0x11), records)),
            "0000000000000001"
            "00000007"
            "85b67d47"
            "05"
            "00000002"
            "0909"
            "fffffff8"
            "54426e64");
  EXPECT_EQ(ToHex(EncodeSegmentHeader(SaltOf(0x11))),
            "54426e6f646c6f67"
            "00000001"
            "11111111111111111111111111111111"
            "d75173f8");
}

TEST(LogFormatTest, BatchRoundTrip) {
  const auto records = SampleRecords();
  const Bytes bytes = EncodeBatch(42, SaltOf(1), records);
  const auto batch = DecodeBatch(bytes, SaltOf(1));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->number, 42U);
  EXPECT_EQ(batch->total_bytes, bytes.size());
  const auto views = ParseRecords(batch->records);
  ASSERT_TRUE(views);
  ASSERT_EQ(views->size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ((*views)[i].type, records[i].type);
    EXPECT_EQ(ToBytes((*views)[i].payload), records[i].payload);
    EXPECT_EQ(ToBytes(batch->records.subspan((*views)[i].offset, records[i].payload.size())),
              records[i].payload);
  }
}

TEST(LogFormatTest, NoFlippedBitNoOtherSaltAndNoCutVerifies) {
  const Bytes good = EncodeBatch(42, SaltOf(1), SampleRecords());
  EXPECT_FALSE(DecodeBatch(good, SaltOf(2)));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(DecodeBatch(bad, SaltOf(1))) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeBatch(ByteView(good).first(size), SaltOf(1))) << size;
  }
  EXPECT_FALSE(DecodeBatch(Bytes(4096), SaltOf(0)));
}

TEST(LogFormatTest, FindBatchSeesAnyOffsetButOnlyHigherNumbersAndTheSalt) {
  Prng prng(3);
  Bytes segment(5000);
  prng.Fill(segment);
  const Bytes batch = EncodeBatch(42, SaltOf(1), SampleRecords());
  for (const std::size_t at : {std::size_t{0}, std::size_t{777}, segment.size() - batch.size()}) {
    Bytes with = segment;
    std::copy(batch.begin(), batch.end(), with.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(FindBatch(with, 0, SaltOf(1), 42), at);
    EXPECT_EQ(FindBatch(with, static_cast<std::uint32_t>(at), SaltOf(1), 1), at);
    EXPECT_FALSE(FindBatch(with, static_cast<std::uint32_t>(at) + 1, SaltOf(1), 1));
    EXPECT_FALSE(FindBatch(with, 0, SaltOf(1), 43));
    EXPECT_FALSE(FindBatch(with, 0, SaltOf(2), 1));
  }
}

TEST(LogFormatTest, UnknownTypesAndWrongLengthsDoNotParse) {
  EXPECT_TRUE(ParseRecords({}));
  const auto with = [](std::uint8_t type, std::uint32_t length, std::size_t bytes) {
    ByteWriter out;
    out.U8(type).U32(length).Raw(Bytes(bytes));
    return ParseRecords(out.bytes()).has_value();
  };
  EXPECT_TRUE(with(1, 3, 3));
  EXPECT_TRUE(with(7, 0, 0));
  EXPECT_FALSE(with(0, 3, 3));
  EXPECT_FALSE(with(8, 3, 3));
  EXPECT_FALSE(with(1, 4, 3));
  EXPECT_FALSE(with(1, 3, 4));
  EXPECT_FALSE(with(1, 0xFFFFFFFF, 3));
}

TEST(LogFormatTest, SegmentHeaderGuardsItself) {
  const Bytes good = EncodeSegmentHeader(SaltOf(5));
  EXPECT_EQ(good.size(), kSegmentHeaderBytes);
  EXPECT_EQ(DecodeSegmentHeader(good).value(), SaltOf(5));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(DecodeSegmentHeader(bad)) << bit;
  }
  EXPECT_FALSE(DecodeSegmentHeader(ByteView(good).first(good.size() - 1)));
}

TEST(LogFormatTest, SegmentNamesHaveOneSpelling) {
  EXPECT_EQ(SegmentName(1), "00000001.log");
  for (const std::uint32_t number : {1U, 99'999'999U, 100'000'000U, 4'294'967'295U}) {
    EXPECT_EQ(ParseSegmentName(SegmentName(number)), number);
  }
  for (const char* name : {"1.log", "00000000.log", "00000001.log.new", "0000000x.log", ".log",
                           "00000001", "4294967296.log", "-0000001.log"}) {
    EXPECT_FALSE(ParseSegmentName(name)) << name;
  }
}

}  // namespace
}  // namespace timebank::storage
