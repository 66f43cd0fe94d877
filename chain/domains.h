// Hash and signature domains (FORMATS 1, 3, 4, 7, 9): every hash or signature that is not a tree
// node starts with one of these tags, so that bytes made for one purpose never serve another.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"

namespace timebank::chain {

// A tag keeps its one terminating zero byte: no tag is the beginning of another.
template <std::size_t N>
[[nodiscard]] consteval std::string_view DomainTag(const char (&text)[N]) {
  return {text, N};
}

inline constexpr std::string_view kTransactionDomain = DomainTag("timebank/tx/v1");
inline constexpr std::string_view kPinDomain = DomainTag("timebank/pin/v1");
inline constexpr std::string_view kSlipDomain = DomainTag("timebank/slip/v1");
inline constexpr std::string_view kEraDomain = DomainTag("timebank/era/v1");
inline constexpr std::string_view kValidatorSetDomain = DomainTag("timebank/set/v1");
inline constexpr std::string_view kSweepDomain = DomainTag("timebank/sweep/v1");
inline constexpr std::string_view kStatementDomain = DomainTag("timebank/stmt/v1");
inline constexpr std::string_view kCareDomain = DomainTag("timebank/care/v1");
inline constexpr std::string_view kAuthDomain = DomainTag("timebank/auth/v1");
inline constexpr std::string_view kTipDomain = DomainTag("timebank/tip/v1");
inline constexpr std::string_view kDocumentDomain = DomainTag("timebank/doc/v1");
// What a new member key signs to prove that somebody holds it: chain_id, member, suited key.
inline constexpr std::string_view kKeyProofDomain = DomainTag("timebank/key/v1");

// What a validator that is to be added signs with its new key: height, digest (CONSENSUS 6).
inline constexpr std::string_view kReadyDomain = DomainTag("timebank/ready/v1");

// What the council signs to begin a new era: RecoveryDocument.
inline constexpr std::string_view kRecoveryDomain = DomainTag("timebank/recovery/v1");

// Commands of a development network's clock, signed by the genesis dev key.
inline constexpr std::string_view kDevClockDomain = DomainTag("timebank/devclock/v1");

// Header digests start with this one byte instead of a tag (FORMATS 4).
inline constexpr std::byte kHeaderTag{0x20};

// H(domain || parts...).
[[nodiscard]] Hash TagHash(std::string_view domain, std::initializer_list<ByteView> parts);

// domain || chain_id || parts...: what is signed in every domain of one chain.
[[nodiscard]] Bytes SignedBytes(std::string_view domain, const Hash& chain_id,
                                std::initializer_list<ByteView> parts);

// What READY signs: it runs, and knows the chain up to the block with this height and digest.
[[nodiscard]] Bytes ReadyBytes(const Hash& chain_id, Height height, const Hash& digest);

// One effects line that posts to a member.
struct StatementStep {
  std::uint64_t count = 0;      // lines before it
  std::uint64_t log_index = 0;  // leaf of its transaction in the log
  std::uint32_t line = 0;       // its place in the transaction
  Hash line_hash;               // H of its canonical bytes
};
// The head of a member's statement after `step`; the first one follows 32 zero bytes (FORMATS 7).
[[nodiscard]] Hash NextStatementHead(const Hash& head, const StatementStep& step);

// The id of the sweep that is the first log leaf of the block at `height` (FORMATS 6).
[[nodiscard]] Hash SweepId(const Hash& chain_id, Height height);

}  // namespace timebank::chain
