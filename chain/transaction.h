// A signed transaction as it travels (FORMATS 3): what is signed, what names it, and the checks
// that need no state. Who may sign what is the ledger's matter.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/canonical.h"
#include "crypto/ed25519.h"
#include "timebank/v1/transaction.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::chain {

// Limits of one body, the larger for kinds with lists, and of its envelope (DESIGN 4).
inline constexpr std::size_t kBodySizeMax = std::size_t{16} << 10;
inline constexpr std::size_t kListBodySizeMax = std::size_t{64} << 10;
inline constexpr std::size_t kEnvelopeSizeMax = 65920;
inline constexpr std::uint32_t kBodyVersion = 1;

// `timebank/tx/v1\0` || chain_id || body: what every signer signs, and H of it is the id.
[[nodiscard]] Bytes TransactionSignedBytes(const Hash& chain_id, ByteView body);
[[nodiscard]] Hash TransactionId(const Hash& chain_id, ByteView body);
// First 8 bytes of chain_id.
[[nodiscard]] std::string ChainTag(const Hash& chain_id);

// An envelope whose form is in order. Its signatures are not verified yet: that takes keys.
struct Transaction {
  Hash id;
  Hash envelope_hash;  // names what was verified: signature checks are cached by it, never by id
  std::string body_bytes;
  v1::TransactionBody body;
  std::vector<crypto::Signature> signatures;  // one per body.signers(), in order
};

// Checks size, canonical form of envelope and body, chain, version, and that exactly one kind and
// distinct signers with one signature each are there. Returns the reason of refusal otherwise.
[[nodiscard]] Expected<Transaction, v1::Reason> ParseEnvelope(ByteView envelope,
                                                              const Hash& chain_id);

// Kinds of up to 500 lines or members, which may be larger; their receipts show one's own lines.
[[nodiscard]] bool IsListKind(v1::TransactionBody::KindCase kind);

// The public reason for bytes that are not in canonical form.
[[nodiscard]] v1::Reason ReasonOf(CanonicalFault fault);

// Signs `body` by every key, in the order of its signers, and wraps it. The canonical bytes.
[[nodiscard]] std::string SignEnvelope(const v1::TransactionBody& body, const Hash& chain_id,
                                       const std::vector<const crypto::SecretKey*>& keys);

}  // namespace timebank::chain
