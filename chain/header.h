// The block header: 366 bytes that one certificate signs (FORMATS 4). View-free, and with the roots
// AFTER its own transactions, so that a header and a Finalization are a receipt.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "crypto/ed25519.h"

namespace timebank::chain {

// Counts recoveries of the chain: 0 from genesis on, one more per recovery document (FORMATS 1).
using Era = Strong<struct EraTag, std::uint32_t>;

inline constexpr std::size_t kHeaderSize = 366;
inline constexpr std::uint16_t kHeaderVersion = 1;
// The body carries the next validator set, which takes over once this block is final.
inline constexpr std::uint32_t kFlagEpochEnd = 1U << 0;
inline constexpr std::uint32_t kKnownFlags = kFlagEpochEnd;

struct Header {
  Era era;
  Hash chain_id;
  Epoch epoch;
  Height height;
  Hash parent;  // digest of the block before; chain_id in block 1
  Millis timestamp_ms;
  std::uint32_t tx_count = 0;
  Hash tx_root;
  Hash extras_root;
  Hash state_root;             // after this block
  std::uint64_t log_size = 0;  // after this block
  Hash log_root;               // after this block
  Hash validators;             // ValidatorSet::SetHash of this epoch
  Hash next_validators;        // of the next epoch; the same unless EPOCH_END
  std::uint32_t flags = 0;
  crypto::PublicKey proposer;

  [[nodiscard]] bool EndsEpoch() const { return (flags & kFlagEpochEnd) != 0; }
  [[nodiscard]] std::array<std::byte, kHeaderSize> Encode() const;
  // H(0x20 || encoded header): the name of the block.
  [[nodiscard]] Hash Digest() const;
  friend bool operator==(const Header&, const Header&) = default;
};

enum class HeaderError : std::uint8_t {
  kWrongSize,        // not exactly 366 bytes
  kUnknownVersion,   // another version than 1
  kUnknownFlag,      // a flag without a meaning yet
  kReservedNotZero,  // a reserved byte is set
};

// Strict: Encode of the result gives back exactly `bytes`.
[[nodiscard]] Expected<Header, HeaderError> DecodeHeader(ByteView bytes);

}  // namespace timebank::chain
