// Votes and certificates as bytes (FORMATS 5): what a validator signs, and a quorum of such
// signatures on one position. What they mean is consensus (CONSENSUS 2-4).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "chain/validator_set.h"
#include "crypto/ed25519.h"

namespace timebank::chain {

enum class VoteKind : std::uint8_t { kNotarize = 1, kNullify = 2, kFinalize = 3 };

// What a vote is about. Equal positions are one tally.
struct VotePosition {
  VoteKind kind = VoteKind::kNotarize;
  Epoch epoch;
  View view;
  View parent_view;  // Notarize only, else zero; zero: the parent is the epoch's first floor
  Hash digest;       // not Nullify, else zero
  friend auto operator<=>(const VotePosition&, const VotePosition&) = default;
};

// The bytes that a validator signs.
[[nodiscard]] Bytes VoteBytes(const Hash& chain_id, const VotePosition& position);

// A validator and its signature on a vote.
struct SignedVote {
  ReplicaIndex signer;
  crypto::Signature signature;
  friend bool operator==(const SignedVote&, const SignedVote&) = default;
};

enum class CertificateError : std::uint8_t {
  kWrongSize,         // cut short, or bytes left over
  kUnknownKind,       // no vote kind
  kWrongSuite,        // another signature suite than Ed25519
  kWrongCount,        // number of validators is zero, too large or not that of the set
  kTrailingBits,      // a bit of the bitmap beyond the last validator is set
  kSignersUnordered,  // signers not strictly ascending or beyond the set
  kTooFewSigners,     // fewer than a quorum
  kBadSignature,      // at least one signature does not verify
};
[[nodiscard]] std::string_view Describe(CertificateError error);

struct Certificate {
  VotePosition position;
  std::uint8_t validator_count = 0;  // n of the epoch's set
  std::vector<SignedVote> votes;     // ascending by signer, each once

  // Requires: votes ascending, signers below validator_count.
  [[nodiscard]] Bytes Encode() const;
  // Strict: Encode of the result gives back exactly `bytes`. Says nothing about signatures.
  [[nodiscard]] static Expected<Certificate, CertificateError> Decode(ByteView bytes);
  friend bool operator==(const Certificate&, const Certificate&) = default;
};

// Checks the certificate against the set of its epoch, which the caller chooses, and verifies every
// signature in it, also beyond the quorum (CONSENSUS P17). Empty when it holds.
[[nodiscard]] std::optional<CertificateError> VerifyCertificate(const Certificate& certificate,
                                                                const Hash& chain_id,
                                                                const ValidatorSet& set);

}  // namespace timebank::chain
