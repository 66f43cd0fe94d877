// Proof of double voting (CONSENSUS 9): two votes of one validator that no correct one casts both.
// Self-contained: whoever has the chain id and the set of the votes' epoch can check it. Its
// canonical bytes travel in blocks, in gossip and in files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/certificate.h"
#include "chain/validator_set.h"
#include "crypto/ed25519.h"

namespace timebank::chain {

enum class EvidenceKind : std::uint8_t {
  kConflictingNotarize = 1,
  kConflictingFinalize = 2,
  kNullifyFinalize = 3,  // the Nullify first
};
[[nodiscard]] std::string_view Describe(EvidenceKind kind);

struct EvidenceVote {
  VotePosition position;
  crypto::Signature signature;
  friend bool operator==(const EvidenceVote&, const EvidenceVote&) = default;
};

struct Evidence {
  EvidenceKind kind = EvidenceKind::kConflictingNotarize;
  crypto::PublicKey validator;
  EvidenceVote first;
  EvidenceVote second;
  [[nodiscard]] Epoch epoch() const { return first.position.epoch; }
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

enum class EvidenceFault : std::uint8_t {
  kNotCanonical,     // not the canonical bytes of one v1::Evidence, or too many of them
  kUnknownVersion,   // another version than 1
  kBadField,         // a field is missing, or of a kind of vote that has none
  kNoContradiction,  // the votes do not exclude each other, or stand in the wrong order
  kNotMember,        // no validator of that epoch has the key
  kBadSignature,     // one of the votes is not signed by it
  kEpochs,           // in a file: the links do not lead to the epoch's set
};
[[nodiscard]] std::string_view Describe(EvidenceFault fault);

// Canonical bytes are never longer.
inline constexpr std::size_t kEvidenceBytesMax = 512;

// Canonical bytes. Votes of one kind may be given in either order.
// Requires: votes of the epoch and view of the first, of the kinds that `kind` says.
[[nodiscard]] std::string EncodeEvidence(const Evidence& evidence);
// What EncodeEvidence wrote. The two votes exclude each other; signatures are not looked at.
[[nodiscard]] Expected<Evidence, EvidenceFault> DecodeEvidence(ByteView bytes);
// Whether the validator is one of `set`, that of the votes' epoch, and signed both: a bogus
// signature beside a true one must blame nobody (CONSENSUS P17). Empty when it holds.
[[nodiscard]] std::optional<EvidenceFault> VerifyEvidence(const Evidence& evidence,
                                                          const Hash& chain_id,
                                                          const ValidatorSet& set);

}  // namespace timebank::chain
