#include "node/storage/crc32c.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace timebank::storage {
namespace {

TEST(Crc32cTest, KnownValues) {
  // RFC 3720, appendix B.4, and the usual check value.
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xE3069283U);
  EXPECT_EQ(Crc32c(Bytes(32, std::byte{0x00})), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(Bytes(32, std::byte{0xFF})), 0x62A8AB43U);
  EXPECT_EQ(Crc32c({}), 0U);
}

TEST(Crc32cTest, InstructionAndTableAgreeAtEveryLengthAndSplit) {
  Prng prng(1);
  Bytes data(70);
  prng.Fill(data);
  for (std::size_t size = 0; size <= data.size(); ++size) {
    const ByteView view = ByteView(data).first(size);
    EXPECT_EQ(Crc32c(view), Crc32cByTable(view));
    const std::size_t split = size / 3;
    EXPECT_EQ(Crc32c(view.subspan(split), Crc32c(view.first(split))), Crc32c(view));
  }
}

}  // namespace
}  // namespace timebank::storage
