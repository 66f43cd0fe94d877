// CHANGE_VALIDATORS and READY (CONSENSUS 6). The council decides, those who are added say that they
// run; the block in which the last word falls ends the epoch.
#include "ledger/validators.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "chain/genesis.h"
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

using Validators = google::protobuf::RepeatedPtrField<v1::Validator>;
using Keys = google::protobuf::RepeatedPtrField<std::string>;

bool IsKey(std::string_view key) { return crypto::ParseSuitedKey(AsBytes(key)).has_value(); }

// Ascending bytes are ascending raw keys: there is one suite.
bool AscendingKeys(const Keys& keys) {
  return std::adjacent_find(keys.begin(), keys.end(), std::greater_equal<>()) == keys.end();
}

bool HasKey(const Validators& set, std::string_view key) {
  return std::any_of(set.begin(), set.end(),
                     [key](const v1::Validator& validator) { return validator.key() == key; });
}

// Names are audiences of tokens and TLS keys name peers: each of them means one validator.
bool Clashes(const v1::Validator& a, const v1::Validator& b) {
  return a.key() == b.key() || a.name() == b.name() || a.tls_key_hash() == b.tls_key_hash();
}

Reason CheckValidatorForm(const v1::Validator& validator) {
  if (AnyEmpty({validator.key(), validator.name(), validator.tls_key_hash(), validator.address()}))
    return v1::REASON_MISSING_FIELD;
  const bool sound = IsKey(validator.key()) && IsPublicText(validator.name()) &&
                     IsPublicText(validator.address()) && !IsZeroId(validator.tls_key_hash());
  return sound ? kOk : v1::REASON_BAD_FIELD;
}

// The set of `current` without those removed and with those added; the reason when it may not be.
Reason MakeNextSet(const v1::ChangeValidators& message, const v1::ValidatorSetRecord& current,
                   v1::ValidatorSetRecord& next) {
  for (const std::string& key : message.remove()) {
    if (!HasKey(current.validators(), key)) return v1::REASON_VALIDATOR_UNKNOWN;
  }
  std::vector<v1::Validator> all;
  for (const v1::Validator& validator : current.validators()) {
    const auto& gone = message.remove();
    if (std::find(gone.begin(), gone.end(), validator.key()) == gone.end()) {
      all.push_back(validator);
    }
  }
  for (const v1::Validator& added : message.add()) {
    // Removed and added under the same key would be no change.
    const bool known = HasKey(current.validators(), added.key()) ||
                       std::any_of(all.begin(), all.end(), [&added](const v1::Validator& other) {
                         return Clashes(added, other);
                       });
    if (known) return v1::REASON_VALIDATOR_KNOWN;
    all.push_back(added);
    next.add_awaited(added.key());
  }
  const int size = static_cast<int>(all.size());
  if (size < kSetSizeMin || size > kSetSizeMax) return v1::REASON_VALIDATOR_COUNT;
  const auto changes =
      static_cast<std::size_t>(std::max(message.add_size(), message.remove_size()));
  if (changes > chain::MaxFaulty(static_cast<std::size_t>(current.validators_size()))) {
    return v1::REASON_TOO_MANY_CHANGES;
  }
  std::sort(all.begin(), all.end(),
            [](const v1::Validator& a, const v1::Validator& b) { return a.key() < b.key(); });
  for (v1::Validator& validator : all) *next.add_validators() = std::move(validator);
  return kOk;
}

}  // namespace

v1::ValidatorSetRecord SetOf(const State& state, Epoch epoch) {
  auto record = state.Find<v1::ValidatorSetRecord>(epoch);
  TB_CHECK(record.has_value());
  return *std::move(record);
}

chain::ValidatorSet CurrentSet(const State& state) {
  auto set = chain::ValidatorsOf(SetOf(state, Epoch(state.chain().epoch())).validators());
  TB_CHECK(set.has_value());
  return *std::move(set);
}

std::optional<v1::ValidatorSetRecord> WaitingSet(const State& state) {
  return state.Find<v1::ValidatorSetRecord>(Epoch(state.chain().epoch()).Next());
}

bool EndsEpoch(Records& records, Epoch epoch) {
  const auto* next = records.Find<v1::ValidatorSetRecord>(epoch.Next());
  return next != nullptr && next->awaited().empty();
}

Reason CheckForm(const v1::ChangeValidators& message) {
  const bool changes = !message.remove().empty() || !message.add().empty();
  if (changes == message.withdraw()) {
    return changes ? v1::REASON_BAD_FIELD : v1::REASON_MISSING_FIELD;
  }
  if (!AscendingKeys(message.remove())) return v1::REASON_BAD_FIELD;
  if (!std::all_of(message.remove().begin(), message.remove().end(), IsKey)) {
    return v1::REASON_BAD_FIELD;
  }
  std::string_view last;
  for (const v1::Validator& validator : message.add()) {
    if (const Reason r = CheckValidatorForm(validator); r != kOk) return r;
    if (validator.key() <= last) return v1::REASON_BAD_FIELD;
    last = validator.key();
  }
  return kOk;
}

Reason Execute(TxContext& tx, const v1::ChangeValidators& message) {
  if (const Reason r = RequireCouncil(tx); r != kOk) return r;
  const Epoch epoch(tx.chain().epoch());
  if (message.epoch() != epoch.value()) return v1::REASON_WRONG_EPOCH;
  if (EndsEpoch(tx.records(), epoch)) return v1::REASON_EPOCH_ENDING;
  tx.BeginLine(ByteWriter().U64(epoch.Next().value()).bytes());
  const auto* current = tx.Find<v1::ValidatorSetRecord>(epoch);
  TB_CHECK(current != nullptr);
  const bool waits = tx.Find<v1::ValidatorSetRecord>(epoch.Next()) != nullptr;
  if (message.withdraw()) {
    if (!waits) return v1::REASON_NO_CHANGE_WAITING;
    tx.Erase<v1::ValidatorSetRecord>(epoch.Next());
    return kOk;
  }
  v1::ValidatorSetRecord next;
  if (const Reason r = MakeNextSet(message, *current, next); r != kOk) return r;
  auto& record = tx.EditOrCreate<v1::ValidatorSetRecord>(epoch.Next());
  next.set_version(record.version());
  record = std::move(next);
  return kOk;
}

Reason CheckForm(const v1::Ready& message) {
  if (AnyEmpty({message.key(), message.digest(), message.proof()})) return v1::REASON_MISSING_FIELD;
  const bool sound =
      IsKey(message.key()) && crypto::ParseSuitedSignature(AsBytes(message.proof())).has_value();
  return sound ? kOk : v1::REASON_BAD_FIELD;
}

// Its proof is a signature like the signers' own and verified with them (signatures.h).
Reason Execute(TxContext& tx, const v1::Ready& message) {
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  const bool may =
      SitsInCouncil(tx, *signer) || HoldsOffice(tx, *signer, v1::ROLE_VALIDATOR_OPERATOR);
  if (!may) return v1::REASON_F15_WRONG_SCOPE;
  const Epoch next = Epoch(tx.chain().epoch()).Next();
  const auto* waiting = tx.Find<v1::ValidatorSetRecord>(next);
  if (waiting == nullptr) return v1::REASON_NOT_AWAITED;
  const auto& awaited = waiting->awaited();
  if (std::find(awaited.begin(), awaited.end(), message.key()) == awaited.end()) {
    return v1::REASON_NOT_AWAITED;
  }
  const Height named(message.height());
  const bool recent = named < tx.height() && tx.height().value() - named.value() <= kReadyBlocksMax;
  const auto* mark = recent ? tx.Find<v1::DigestMark>(DigestSlot(
                                  static_cast<std::uint16_t>(named.value() % kDigestRing)))
                            : nullptr;
  const bool is_ours =
      mark != nullptr && mark->height() == named.value() && mark->digest() == message.digest();
  if (!is_ours) return v1::REASON_STALE_BLOCK;
  tx.BeginLine(AsBytes(message.key()).subspan(1));  // without the suite
  Keys& still = *tx.Edit<v1::ValidatorSetRecord>(next)->mutable_awaited();
  still.erase(std::find(still.begin(), still.end(), message.key()));
  return kOk;
}

}  // namespace timebank::ledger
