// Rows of the database beside the state.
#include "node/storage/rows.h"

#include <gtest/gtest.h>

namespace timebank::storage {
namespace {

TEST(RowsTest, ATransactionRowIsReadAsItWasWrittenAndInNoOtherSpelling) {
  replica::TransactionRow row;
  row.log_index = 7;
  row.height = Height(5);
  row.sweep = true;
  row.lines = {"first", "", "third"};
  const Bytes bytes = Encode(row);
  const auto read = DecodeTransactionRow(row.id, bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->sweep);
  EXPECT_EQ(read->lines, row.lines);
  // Behind index, height and leaf hash.
  constexpr std::size_t kSweepAt = 8 + 8 + 32;
  Bytes other = bytes;
  ASSERT_EQ(other[kSweepAt], std::byte{1});
  other[kSweepAt] = std::byte{2};
  EXPECT_FALSE(DecodeTransactionRow(row.id, other).has_value());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeTransactionRow(row.id, ByteView(bytes).first(size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace timebank::storage
