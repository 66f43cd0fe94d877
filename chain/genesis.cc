// Parsing of genesis and of validator records.
#include "chain/genesis.h"

#include <utility>
#include <vector>

#include "chain/canonical.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kGenesisVersion = 1;
constexpr std::uint32_t kSetVersion = 1;

}  // namespace

Expected<Genesis, GenesisError> ParseGenesis(ByteView bytes) {
  auto message = ParseCanonical<v1::Genesis>(bytes);
  if (!message) return Unexpected{GenesisError::kNotCanonical};
  if (message->version() != kGenesisVersion) return Unexpected{GenesisError::kUnknownVersion};
  auto validators = ValidatorsOf(message->validators());
  if (!validators) return Unexpected{GenesisError::kBadValidators};
  if (!message->dev_key().empty() && !message->development()) {
    return Unexpected{GenesisError::kDevKey};
  }
  return Genesis{crypto::Sha256(bytes), std::move(*validators), std::move(*message)};
}

std::optional<ValidatorSet> ValidatorsOf(const ValidatorRecords& records) {
  std::vector<crypto::PublicKey> keys;
  for (const v1::Validator& record : records) {
    const auto key = crypto::ParseSuitedKey(AsBytes(record.key()));
    if (!key || (!keys.empty() && *key <= keys.back())) return std::nullopt;
    keys.push_back(*key);
  }
  return ValidatorSet::From(std::move(keys));
}

std::string KeysOnlyRecord(const ValidatorSet& set) {
  v1::ValidatorSetRecord record;
  record.set_version(kSetVersion);
  for (const crypto::PublicKey& key : set.keys()) {
    record.add_validators()->set_key(crypto::SuitedKey(key));
  }
  return CanonicalBytes(record);
}

std::optional<ValidatorSet> ParseKeysOnlyRecord(ByteView bytes) {
  const auto record = ParseCanonical<v1::ValidatorSetRecord>(bytes);
  if (!record) return std::nullopt;
  auto set = ValidatorsOf(record->validators());
  return set && KeysOnlyRecord(*set) == AsText(bytes) ? set : std::nullopt;
}

std::string_view Describe(GenesisError error) {
  switch (error) {
    case GenesisError::kNotCanonical:
      return "the genesis file is not the canonical bytes of a Genesis message";
    case GenesisError::kUnknownVersion:
      return "the genesis file has an unknown version";
    case GenesisError::kBadValidators:
      return "the genesis file's validators are no valid set";
    case GenesisError::kDevKey:
      return "the genesis file has a dev key but is not of a development network";
  }
  return "unknown";
}

}  // namespace timebank::chain
