// Offsets, strictness and domain tags.
#include "chain/header.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "chain/domains.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

template <typename Fixed>
Fixed Draw(Prng& prng) {
  Fixed out;
  prng.Fill(out.data);
  return out;
}

Header DrawHeader(Prng& prng) {
  Header header;
  header.era = Era(static_cast<std::uint32_t>(prng.Next()));
  header.chain_id = Draw<Hash>(prng);
  header.epoch = Epoch(prng.Next());
  header.height = Height(prng.Next());
  header.parent = Draw<Hash>(prng);
  header.timestamp_ms = Millis(prng.Next());
  header.tx_count = static_cast<std::uint32_t>(prng.Next());
  header.tx_root = Draw<Hash>(prng);
  header.extras_root = Draw<Hash>(prng);
  header.state_root = Draw<Hash>(prng);
  header.log_size = prng.Next();
  header.log_root = Draw<Hash>(prng);
  header.validators = Draw<Hash>(prng);
  header.next_validators = Draw<Hash>(prng);
  header.flags = prng.Chance(1, 2) ? kFlagEpochEnd : 0;
  header.proposer = Draw<crypto::PublicKey>(prng);
  return header;
}

TEST(HeaderTest, EncodesEveryFieldAtItsOffset) {
  Header header;
  header.era = Era(0x01020304);
  header.epoch = Epoch(5);
  header.height = Height(6);
  header.timestamp_ms = Millis(7);
  header.tx_count = 8;
  header.log_size = 9;
  header.flags = kFlagEpochEnd;
  header.proposer.data.fill(std::byte{0xAA});
  const Bytes bytes = ToBytes(header.Encode());
  ASSERT_EQ(bytes.size(), 366U);
  struct Case {
    const char* name;
    std::size_t offset;
    const char* hex;
  };
  const Case kCases[] = {
      {"version", 0, "0001"},
      {"era", 2, "01020304"},
      {"epoch", 38, "0000000000000005"},
      {"height", 46, "0000000000000006"},
      {"timestamp", 86, "0000000000000007"},
      {"tx_count", 94, "00000008"},
      {"log_size", 194, "0000000000000009"},
      {"flags", 298, "00000001"},
      {"proposer", 302, "aaaaaaaa"},
      {"reserved", 334, "0000000000000000"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::size_t size = std::string_view(c.hex).size() / 2;
    EXPECT_EQ(ToHex(ByteView(bytes).subspan(c.offset, size)), c.hex);
  }
}

TEST(HeaderTest, DecodeGivesBackWhatWasEncoded) {
  Prng prng(1);
  for (int i = 0; i < 200; ++i) {
    const Header header = DrawHeader(prng);
    const auto decoded = DecodeHeader(header.Encode());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, header);
  }
}

TEST(HeaderTest, EveryBitIsRefusedOrChangesTheDigest) {
  Prng prng(2);
  const Header header = DrawHeader(prng);
  const auto bytes = header.Encode();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto decoded = DecodeHeader(changed);
    if (!decoded) continue;
    EXPECT_EQ(decoded->Encode(), changed);
    EXPECT_NE(decoded->Digest(), header.Digest());
  }
}

TEST(HeaderTest, DecodeNamesWhatIsWrong) {
  struct Case {
    const char* name;
    std::size_t offset;
    std::byte value;
    HeaderError error;
  };
  const Case kCases[] = {
      {"version 0", 1, std::byte{0}, HeaderError::kUnknownVersion},
      {"version 2", 1, std::byte{2}, HeaderError::kUnknownVersion},
      {"flag 2", 301, std::byte{2}, HeaderError::kUnknownFlag},
      {"flag 2^31", 298, std::byte{0x80}, HeaderError::kUnknownFlag},
      {"first reserved byte", 334, std::byte{1}, HeaderError::kReservedNotZero},
      {"last reserved byte", 365, std::byte{1}, HeaderError::kReservedNotZero},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    auto bytes = Header{}.Encode();
    bytes[c.offset] = c.value;
    const auto decoded = DecodeHeader(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), c.error);
  }
  Bytes bytes = ToBytes(Header{}.Encode());
  for (std::size_t size : {std::size_t{0}, kHeaderSize - 1, kHeaderSize + 1}) {
    bytes.resize(size);
    const auto decoded = DecodeHeader(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), HeaderError::kWrongSize);
  }
}

TEST(DomainsTest, TagsEndInOneZeroByteAndDiffer) {
  const std::string_view kTags[] = {
      kTransactionDomain, kPinDomain,          kSlipDomain,    kEraDomain,       kCareDomain,
      kSweepDomain,       kValidatorSetDomain, kAuthDomain,    kStatementDomain, kTipDomain,
      kDocumentDomain,    kKeyProofDomain,     kDevClockDomain};
  for (std::string_view tag : kTags) {
    EXPECT_EQ(tag.find('\0'), tag.size() - 1);
    EXPECT_TRUE(tag.starts_with("timebank/"));
    int same = 0;
    for (std::string_view other : kTags) same += other == tag ? 1 : 0;
    EXPECT_EQ(same, 1) << tag;
  }
}

TEST(DomainsTest, SignedBytesAreTagThenChainThenParts) {
  Hash chain_id;
  chain_id.data.fill(std::byte{0xCC});
  const Bytes bytes = SignedBytes(kTransactionDomain, chain_id, {AsBytes("ab"), AsBytes("c")});
  std::string expected("timebank/tx/v1\0", 15);
  expected.append(chain_id.text()).append("abc");
  EXPECT_EQ(ToString(bytes), expected);
  EXPECT_EQ(TagHash(kSlipDomain, {AsBytes("x"), AsBytes("y")}),
            crypto::Sha256(AsBytes(std::string("timebank/slip/v1\0xy", 19))));
}

}  // namespace
}  // namespace timebank::chain
