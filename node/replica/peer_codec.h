// Messages between nodes: consensus messages and gossip to and from the bytes of
// v1::PeerMessage (api/proto/timebank/v1/peer.proto). Decoding is strict and bounded: sizes before
// values, no unknown fields, and needs no state, so that any thread may do it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "consensus/messages.h"
#include "node/replica/signed_transaction.h"

namespace timebank::replica {

inline constexpr std::size_t kGossipTransactionsMax = 512;
inline constexpr std::size_t kGossipBytesMax = std::size_t{512} << 10;
// No message is longer: the edge refuses frames above before it reads them.
inline constexpr std::size_t kPeerMessageBytesMax = std::size_t{4} << 20;

inline constexpr std::size_t kGossipEvidenceMax = 64;

// Admitted transactions, and evidence that no final block holds: flooded to all validators.
struct GossipMessage {
  std::vector<SharedTransaction> transactions;
  std::vector<std::string> evidence;  // canonical bytes of v1::Evidence, not yet judged
};

using PeerMessage = std::variant<consensus::Message, GossipMessage>;

enum class PeerCodecError : std::uint8_t {
  kOversize,        // more bytes or items than CONSENSUS 10 allows
  kMalformed,       // no PeerMessage, an unknown kind, or a field of a wrong size
  kBadHeader,       // a header that does not decode
  kBadCertificate,  // a certificate that does not decode
  kBadTransaction,  // gossip of something that is no transaction of this chain
};

[[nodiscard]] std::string EncodePeerMessage(const consensus::Message& message);
[[nodiscard]] std::string EncodeGossip(const GossipMessage& gossip);
// An error is the peer's fault: close its connection.
[[nodiscard]] Expected<PeerMessage, PeerCodecError> DecodePeerMessage(ByteView bytes,
                                                                      const Hash& chain_id);

}  // namespace timebank::replica
