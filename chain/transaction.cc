// Form checks of an envelope that need no state, and signing.
#include "chain/transaction.h"

#include <utility>

#include "chain/domains.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

constexpr std::size_t kChainTagSize = 8;

// Signers are few (max_items), so comparing all pairs costs less than sorting them.
bool SignersAreDistinct(const v1::TransactionBody& body) {
  for (int i = 0; i < body.signers_size(); ++i) {
    for (int j = 0; j < i; ++j) {
      const bool same_member = body.signers(i).member() == body.signers(j).member();
      if (same_member && body.signers(i).key_id() == body.signers(j).key_id()) return false;
    }
  }
  return true;
}

bool SignersAreComplete(const v1::TransactionBody& body) {
  for (const v1::Signer& signer : body.signers()) {
    if (signer.member().empty() || signer.key_id().empty()) return false;
    if (signer.role() == v1::ROLE_UNSPECIFIED) return false;
  }
  return body.signers_size() > 0 && !body.nonce().empty() && body.valid_until_ms() != 0 &&
         body.kind_case() != v1::TransactionBody::KIND_NOT_SET;
}

}  // namespace

Expected<Transaction, v1::Reason> ParseEnvelope(ByteView envelope, const Hash& chain_id) {
  if (envelope.size() > kEnvelopeSizeMax) return Unexpected{v1::REASON_OVERSIZE};
  auto outer = ParseCanonical<v1::Envelope>(envelope);
  if (!outer) return Unexpected{ReasonOf(outer.error().fault)};
  if (outer->chain_tag() != ChainTag(chain_id)) return Unexpected{v1::REASON_WRONG_CHAIN};
  auto body = ParseCanonical<v1::TransactionBody>(AsBytes(outer->body()));
  if (!body) return Unexpected{ReasonOf(body.error().fault)};
  if (body->version() != kBodyVersion) return Unexpected{v1::REASON_UNKNOWN_VERSION};
  if (!SignersAreComplete(*body)) return Unexpected{v1::REASON_MISSING_FIELD};
  const std::size_t size_max = IsListKind(body->kind_case()) ? kListBodySizeMax : kBodySizeMax;
  if (outer->body().size() > size_max) return Unexpected{v1::REASON_OVERSIZE};
  if (!SignersAreDistinct(*body)) return Unexpected{v1::REASON_DUPLICATE_SIGNER};
  if (outer->signatures_size() != body->signers_size()) {
    return Unexpected{v1::REASON_SIGNATURE_COUNT};
  }
  Transaction transaction;
  for (const std::string& suited : outer->signatures()) {
    const auto signature = crypto::ParseSuitedSignature(AsBytes(suited));
    if (!signature) return Unexpected{v1::REASON_BAD_SIGNATURE};
    transaction.signatures.push_back(*signature);
  }
  transaction.id = TransactionId(chain_id, AsBytes(outer->body()));
  transaction.envelope_hash = crypto::Sha256(envelope);
  transaction.body_bytes = std::move(*outer->mutable_body());
  transaction.body = std::move(*body);
  return transaction;
}

bool IsListKind(v1::TransactionBody::KindCase kind) {
  return kind == v1::TransactionBody::kApproveEntries || kind == v1::TransactionBody::kPaperBatch ||
         kind == v1::TransactionBody::kListMember || kind == v1::TransactionBody::kUnlistMember ||
         kind == v1::TransactionBody::kGrantRun;
}

Bytes TransactionSignedBytes(const Hash& chain_id, ByteView body) {
  return SignedBytes(kTransactionDomain, chain_id, {body});
}

Hash TransactionId(const Hash& chain_id, ByteView body) {
  return crypto::Sha256({AsBytes(kTransactionDomain), chain_id.view(), body});
}

std::string ChainTag(const Hash& chain_id) { return chain_id.str().substr(0, kChainTagSize); }

std::string SignEnvelope(const v1::TransactionBody& body, const Hash& chain_id,
                         const std::vector<const crypto::SecretKey*>& keys) {
  v1::Envelope envelope;
  envelope.set_chain_tag(ChainTag(chain_id));
  envelope.set_body(CanonicalBytes(body));
  const Bytes message = TransactionSignedBytes(chain_id, AsBytes(envelope.body()));
  for (const crypto::SecretKey* key : keys) {
    envelope.add_signatures(crypto::SuitedSignature(key->Sign(message)));
  }
  return CanonicalBytes(envelope);
}

v1::Reason ReasonOf(CanonicalFault fault) {
  switch (fault) {
    case CanonicalFault::kTruncated:
    case CanonicalFault::kWireType:
    case CanonicalFault::kWrongLength:
      return v1::REASON_MALFORMED;
    case CanonicalFault::kValueRange:
    case CanonicalFault::kUnknownEnum:
      return v1::REASON_BAD_FIELD;
    case CanonicalFault::kVarint:
    case CanonicalFault::kFieldOrder:
    case CanonicalFault::kSecondOfOneof:
    case CanonicalFault::kDefaultWritten:
      return v1::REASON_NON_CANONICAL;
    case CanonicalFault::kUnknownField:
      return v1::REASON_UNKNOWN_FIELD;
    case CanonicalFault::kTooLong:
      return v1::REASON_OVERSIZE;
    case CanonicalFault::kTooManyItems:
      return v1::REASON_TOO_MANY_LINES;
  }
  return v1::REASON_MALFORMED;
}

}  // namespace timebank::chain
