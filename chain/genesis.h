// Where a chain starts: genesis.bin, the canonical bytes of one Genesis message, whose hash is the
// chain's id and whose validators are the first set (FORMATS 1). Trust in a chain begins here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/validator_set.h"
#include "timebank/v1/record.pb.h"

namespace timebank::chain {

// Height, epoch and view of genesis are 0; the first epoch is 0, its first view 1.
struct Genesis {
  Hash chain_id;
  ValidatorSet validators;
  v1::Genesis message;
};

enum class GenesisError : std::uint8_t {
  kNotCanonical,    // not the canonical bytes of one Genesis
  kUnknownVersion,  // another version than 1
  kBadValidators,   // none, too many, unsorted, repeated, or of another key suite
  kDevKey,          // a dev key outside a development network
};
[[nodiscard]] std::string_view Describe(GenesisError error);

[[nodiscard]] Expected<Genesis, GenesisError> ParseGenesis(ByteView bytes);

using ValidatorRecords = google::protobuf::RepeatedPtrField<v1::Validator>;
// The set that the records name. Empty unless they are strictly ascending by raw consensus key, in
// a known suite, and neither none nor too many.
[[nodiscard]] std::optional<ValidatorSet> ValidatorsOf(const ValidatorRecords& records);

// Canonical bytes of a record of `set` with keys only: exactly what SetHash covers.
[[nodiscard]] std::string KeysOnlyRecord(const ValidatorSet& set);
// The set of such bytes; empty when they are anything else.
[[nodiscard]] std::optional<ValidatorSet> ParseKeysOnlyRecord(ByteView bytes);

}  // namespace timebank::chain
