// Read tokens (FORMATS 9): a member's own statement "I read, in this capacity, from this node,
// until then", signed with one of its keys. Stateless; it dies with the key or after 15 minutes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/ed25519.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::client {

inline constexpr char kTokenMetadata[] = "timebank-token-bin";
inline constexpr std::uint64_t kTokenLifeMsMax = 15 * 60 * 1000;
// Clients ask for less than the longest life, and date back a little: ledger times of node and
// client differ.
inline constexpr std::uint64_t kTokenLifeMs = 10 * 60 * 1000;
inline constexpr std::uint64_t kTokenBackdateMs = 60 * 1000;

// Who reads. `org` is empty for MEMBER; `key` outlives the reader.
struct Reader {
  MemberId member;
  v1::Role role = v1::ROLE_MEMBER;
  std::optional<OrgId> org;
  const crypto::SecretKey* key = nullptr;
};

// Serialized ReadToken for the metadata `timebank-token-bin`. `audience`: the validator's name.
[[nodiscard]] std::string MakeReadToken(const Hash& chain_id, const Reader& reader,
                                        std::string_view audience, Millis ledger_now);

}  // namespace timebank::client
