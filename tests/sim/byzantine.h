// Validators that lie. Inside each runs a correct process, so that it follows the others; what
// leaves is turned here into what its kind says instead. Its key is a validator's, so its
// signatures verify. Twins, the strongest liars, are two whole processes (cluster.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "crypto/ed25519.h"
#include "node/replica/peer_codec.h"
#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace timebank::sim {

class Byzantine {
 public:
  enum class Kind : std::uint8_t {
    kMute,             // receives, never sends
    kEquivocator,      // other votes and other blocks to one half
    kNuller,           // nullifies every view in which it also votes
    kNullifyOnly,      // nothing but Nullify, for every view
    kWithholder,       // its blocks reach one half, and it gives nobody a body
    kStale,            // says old things again
    kGarbage,          // bytes that are none, or with a bit turned
    kBadRoot,          // as leader: a state root that is not what execution gives
    kWrongSignatures,  // as leader: a known body with a client's signature broken
    kTimeLiar,         // as leader: an hour ahead
    kForger,           // certificates of its own signatures
    kFlooder,          // votes and positions with huge views
    kAccuser,          // evidence against another, signed by itself
  };
  static constexpr std::uint64_t kKinds = 13;
  [[nodiscard]] static std::string_view NameOf(Kind kind);
  [[nodiscard]] static std::optional<Kind> KindOf(std::string_view name);

  // `innocent`: who is accused.
  Byzantine(World& world, Prng prng, Kind kind, const crypto::SecretKey& key,
            const crypto::PublicKey& innocent, const Hash& chain_id)
      : world_(world),
        prng_(std::move(prng)),
        kind_(kind),
        key_(key),
        innocent_(innocent),
        chain_id_(chain_id) {}

  struct Said {
    NodeIndex to;
    replica::SharedMessage message;
  };
  // What leaves in the place of `message` to each of `to`.
  [[nodiscard]] std::vector<Said> Say(const std::vector<NodeIndex>& to,
                                      const replica::SharedMessage& bytes,
                                      const replica::PeerMessage& message);

 private:
  [[nodiscard]] std::vector<Said> SayVote(const std::vector<NodeIndex>& to,
                                          const replica::SharedMessage& bytes,
                                          const consensus::Vote& vote);
  [[nodiscard]] std::vector<Said> SayProposal(const std::vector<NodeIndex>& to,
                                              const replica::SharedMessage& bytes,
                                              const consensus::Proposal& proposal);
  [[nodiscard]] std::vector<Said> SayMore(const std::vector<NodeIndex>& to,
                                          const replica::SharedMessage& bytes);
  [[nodiscard]] consensus::Vote Sign(consensus::Vote vote) const;
  [[nodiscard]] consensus::Proposal Spoil(consensus::Proposal proposal);
  [[nodiscard]] replica::SharedMessage Garbage(const replica::SharedMessage& bytes);
  [[nodiscard]] consensus::CertificateMessage Forgery() const;
  [[nodiscard]] replica::SharedMessage Accusation() const;
  void Note(const char* what);

  World& world_;
  Prng prng_;
  Kind kind_;
  crypto::SecretKey key_;
  crypto::PublicKey innocent_;
  Hash chain_id_;
  std::deque<replica::SharedMessage> said_;  // the last ones, oldest first
  std::optional<chain::VotePosition> last_;  // what it last voted on
  ReplicaIndex place_;                       // in its set, as its votes say
};

}  // namespace timebank::sim
