#include "chain/recovery.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/genesis.h"
#include "chain/state_tree.h"
#include "crypto/ed25519.h"
#include "timebank/v1/record.pb.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kRecoveryVersion = 1;
// As a change by governance: below four no fault is tolerated.
constexpr int kSetSizeMin = 4;

using Fault = std::optional<RecoveryFault>;

// The record of `table` with this id, if it is proven under `root`.
template <typename M>
std::optional<M> ReadProven(const Hash& root, v1::Table table, ByteView id,
                            const v1::ProvenRecord& record) {
  const Bytes key = ByteWriter().U8(static_cast<std::uint8_t>(table)).Raw(id).Take();
  StateProof proof;
  for (const std::string& sibling : record.siblings()) {
    proof.siblings.push_back(*Hash::From(sibling));  // its length is canonical
  }
  if (record.value().empty() || !VerifyStateProof(root, key, AsBytes(record.value()), proof)) {
    return std::nullopt;
  }
  auto parsed = ParseCanonical<M>(AsBytes(record.value()));
  return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

Fault CheckDocument(const v1::RecoveryDocument& document, const Header& last) {
  const bool sound = document.version() == kRecoveryVersion && !document.reason().empty() &&
                     document.created_ms() != 0;
  if (!sound) return RecoveryFault::kDocument;
  if (AsText(last.Encode()) != document.header()) return RecoveryFault::kOtherBlock;
  const std::uint32_t era = last.era.value();
  const bool follows =
      era != std::numeric_limits<std::uint32_t>::max() && document.era() == era + 1;
  return follows ? std::nullopt : Fault(RecoveryFault::kEra);
}

std::optional<ValidatorSet> SetOf(const v1::RecoveryDocument& document) {
  std::set<std::string> names;
  std::set<std::string> tls_keys;
  for (const v1::Validator& validator : document.validators()) {
    const bool complete = !validator.name().empty() && !validator.tls_key_hash().empty() &&
                          !validator.address().empty();
    if (!complete || !names.insert(validator.name()).second ||
        !tls_keys.insert(validator.tls_key_hash()).second) {
      return std::nullopt;
    }
  }
  if (document.validators_size() < kSetSizeMin) return std::nullopt;
  return ValidatorsOf(document.validators());
}

bool SitsInCouncil(const v1::ChainRecord& chain, const v1::Member& member, const std::string& org) {
  const bool is_council =
      std::find(chain.council().begin(), chain.council().end(), org) != chain.council().end();
  return is_council && member.status() == v1::MEMBER_STATUS_ACTIVE &&
         std::any_of(member.offices().begin(), member.offices().end(),
                     [&org](const v1::Office& office) {
                       return office.role() == v1::ROLE_COUNCIL && office.org() == org;
                     });
}

// The seat must be proven also where its signature is still missing.
Fault CheckSeat(const v1::CouncilSignature& seat, const v1::ChainRecord& chain, const Header& last,
                ByteView signed_bytes) {
  const auto member = ReadProven<v1::Member>(last.state_root, v1::TABLE_MEMBER,
                                             AsBytes(seat.member()), seat.record());
  if (!member || !SitsInCouncil(chain, *member, seat.org())) return RecoveryFault::kSeat;
  if (seat.signature().empty()) {
    return seat.key_id().empty() ? std::nullopt : Fault(RecoveryFault::kSignature);
  }
  const auto key =
      std::find_if(member->keys().begin(), member->keys().end(),
                   [&seat](const v1::MemberKey& held) { return held.key_id() == seat.key_id(); });
  if (key == member->keys().end() || key->revoked_ms() != 0) return RecoveryFault::kKey;
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key->key()));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(seat.signature()));
  const bool good =
      public_key && signature && crypto::Verify(*public_key, signed_bytes, *signature);
  return good ? std::nullopt : Fault(RecoveryFault::kSignature);
}

// As the ledger counts it: persons and organisations, whichever are fewer.
Fault CheckQuorum(const v1::Recovery& recovery, std::uint32_t threshold) {
  std::set<std::string> persons;
  std::set<std::string> organisations;
  for (const v1::CouncilSignature& seat : recovery.signatures()) {
    if (seat.signature().empty()) return RecoveryFault::kSignature;
    persons.insert(seat.member());
    organisations.insert(seat.org());
  }
  // A ledger without a council, which only development networks are, cannot be recovered.
  const bool enough = threshold > 0 && std::min(persons.size(), organisations.size()) >= threshold;
  return enough ? std::nullopt : Fault(RecoveryFault::kTooFewSigners);
}

enum class Completeness : std::uint8_t { kDraft, kSigned };

Expected<NewEra, RecoveryFault> Verify(ByteView bytes, const Header& last, Completeness asked) {
  const auto recovery = ParseCanonical<v1::Recovery>(bytes);
  if (!recovery || recovery->version() != kRecoveryVersion) {
    return Unexpected{RecoveryFault::kNotCanonical};
  }
  const ByteView document_bytes = AsBytes(recovery->document());
  auto document = ParseCanonical<v1::RecoveryDocument>(document_bytes);
  if (!document) return Unexpected{RecoveryFault::kDocument};
  if (const Fault fault = CheckDocument(*document, last)) return Unexpected{*fault};
  auto set = SetOf(*document);
  if (!set) return Unexpected{RecoveryFault::kValidators};
  const auto chain = ReadProven<v1::ChainRecord>(last.state_root, v1::TABLE_CHAIN,
                                                 ByteWriter().U8(0).bytes(), recovery->chain());
  if (!chain) return Unexpected{RecoveryFault::kCouncil};
  const Bytes signed_bytes = RecoverySignedBytes(last.chain_id, document_bytes);
  std::pair<std::string_view, std::string_view> before;
  for (const v1::CouncilSignature& seat : recovery->signatures()) {
    const std::pair<std::string_view, std::string_view> place(seat.member(), seat.org());
    if (place <= before) return Unexpected{RecoveryFault::kSeat};
    before = place;
    if (const Fault fault = CheckSeat(seat, *chain, last, signed_bytes)) {
      return Unexpected{*fault};
    }
  }
  if (asked == Completeness::kSigned) {
    if (const Fault fault = CheckQuorum(*recovery, chain->council_threshold())) {
      return Unexpected{*fault};
    }
  }
  return NewEra{NextChainId(last.chain_id, document_bytes), Era(document->era()), std::move(*set),
                std::move(*document)};
}

}  // namespace

Expected<NewEra, RecoveryFault> VerifyRecovery(ByteView recovery, const Header& last) {
  return Verify(recovery, last, Completeness::kSigned);
}

Expected<NewEra, RecoveryFault> VerifyRecoveryDraft(ByteView recovery, const Header& last) {
  return Verify(recovery, last, Completeness::kDraft);
}

Bytes RecoverySignedBytes(const Hash& chain_id, ByteView document) {
  return SignedBytes(kRecoveryDomain, chain_id, {document});
}

Hash NextChainId(const Hash& chain_id, ByteView document) {
  return TagHash(kEraDomain, {chain_id.view(), document});
}

std::string_view Describe(RecoveryFault fault) {
  switch (fault) {
    case RecoveryFault::kNotCanonical:
      return "form: not the canonical bytes of a recovery";
    case RecoveryFault::kDocument:
      return "document: not in form, or without reason or time";
    case RecoveryFault::kOtherBlock:
      return "block: the document names another block than this one";
    case RecoveryFault::kEra:
      return "era: it does not follow that of the block";
    case RecoveryFault::kValidators:
      return "validators: not 4 to 20 different ones with name, TLS key and address";
    case RecoveryFault::kCouncil:
      return "council: its record is not the one under the block's state root";
    case RecoveryFault::kSeat:
      return "council: who signs is not proven to sit in it, or stands out of order";
    case RecoveryFault::kKey:
      return "council: a key is not its member's, or revoked";
    case RecoveryFault::kSignature:
      return "council: a signature is missing or does not verify";
    case RecoveryFault::kTooFewSigners:
      return "council: fewer persons or organisations signed than its threshold";
  }
  return "unknown";
}

}  // namespace timebank::chain
