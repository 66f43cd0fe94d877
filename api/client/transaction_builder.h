// Building signed transactions: who signs in what capacity, validity, nonce, envelope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/ed25519.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::client {

// Half of the longest ordinary validity (1 h): clocks of phone and ledger differ.
inline constexpr std::uint64_t kValidityMs = 30 * 60 * 1000;
// SUBMIT_ENTRY may be made offline: up to 7 days.
inline constexpr std::uint64_t kEntryValidityMs = std::uint64_t{6} * 24 * 3600 * 1000;

// `key` outlives the call that uses it.
struct SignAs {
  MemberId member;
  v1::Role role = v1::ROLE_MEMBER;
  std::optional<OrgId> org;  // empty for MEMBER and PROXY
  const crypto::SecretKey* key = nullptr;
};

struct SignedTransaction {
  Hash id;
  std::string envelope;  // canonical bytes
};

// `body` has its kind set; version, signers, validity and nonce are filled in here. Requires: a key
// in every signer.
[[nodiscard]] SignedTransaction BuildTransaction(const Hash& chain_id, Millis ledger_now,
                                                 const std::vector<SignAs>& signers,
                                                 v1::TransactionBody body);

// A public key with the proof that its owner holds it.
[[nodiscard]] v1::NewKey ProveKey(const Hash& chain_id, const MemberId& member,
                                  const crypto::SecretKey& key);

// The statement of a PIN service that the card's PIN was right for exactly these action bytes.
[[nodiscard]] v1::PinProof MakePinProof(const Hash& chain_id, const SignAs& service,
                                        const MemberId& card, std::string_view action,
                                        Millis expiry);

}  // namespace timebank::client
