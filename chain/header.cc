// Layout of the block header.
#include "chain/header.h"

#include <algorithm>

#include "chain/domains.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

constexpr std::size_t kReservedSize = 32;

}  // namespace

std::array<std::byte, kHeaderSize> Header::Encode() const {
  ByteWriter out;
  out.U16(kHeaderVersion).U32(era.value()).Raw(chain_id.view());
  out.U64(epoch.value()).U64(height.value()).Raw(parent.view()).U64(timestamp_ms.value());
  out.U32(tx_count).Raw(tx_root.view()).Raw(extras_root.view());
  out.Raw(state_root.view()).U64(log_size).Raw(log_root.view());
  out.Raw(validators.view()).Raw(next_validators.view());
  out.U32(flags).Raw(proposer.view()).Raw(std::array<std::byte, kReservedSize>{});
  TB_CHECK(out.bytes().size() == kHeaderSize);
  std::array<std::byte, kHeaderSize> bytes{};
  std::copy(out.bytes().begin(), out.bytes().end(), bytes.begin());
  return bytes;
}

Hash Header::Digest() const { return crypto::Sha256({ByteView(&kHeaderTag, 1), Encode()}); }

Expected<Header, HeaderError> DecodeHeader(ByteView bytes) {
  if (bytes.size() != kHeaderSize) return Unexpected{HeaderError::kWrongSize};
  ByteReader in(bytes);
  if (in.U16() != kHeaderVersion) return Unexpected{HeaderError::kUnknownVersion};
  Header header;
  header.era = Era(in.U32());
  header.chain_id = in.Read<Hash>();
  header.epoch = Epoch(in.U64());
  header.height = Height(in.U64());
  header.parent = in.Read<Hash>();
  header.timestamp_ms = Millis(in.U64());
  header.tx_count = in.U32();
  header.tx_root = in.Read<Hash>();
  header.extras_root = in.Read<Hash>();
  header.state_root = in.Read<Hash>();
  header.log_size = in.U64();
  header.log_root = in.Read<Hash>();
  header.validators = in.Read<Hash>();
  header.next_validators = in.Read<Hash>();
  header.flags = in.U32();
  header.proposer = in.Read<crypto::PublicKey>();
  if ((header.flags & ~kKnownFlags) != 0) return Unexpected{HeaderError::kUnknownFlag};
  for (std::byte reserved : in.Raw(kReservedSize)) {
    if (reserved != std::byte{0}) return Unexpected{HeaderError::kReservedNotZero};
  }
  TB_CHECK(in.AtEnd());
  return header;
}

}  // namespace timebank::chain
