// Who is linked to this node, under two names: for transport the hash of the TLS key, which holds
// while the process runs; for consensus a PeerId, which is the place in the current set and changes
// with the epoch (CONSENSUS 6).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/messages.h"
#include "crypto/ed25519.h"
#include "node/replica/ports.h"
#include "timebank/v1/record.pb.h"

namespace timebank::replica {

class PeerBook {
 public:
  // `own`: whoever has this consensus key is this node itself.
  explicit PeerBook(const std::optional<crypto::PublicKey>& own);

  struct Sets {
    const v1::ValidatorSetRecord& current;
    const v1::ValidatorSetRecord* departing;  // the set before, while it may still be needed
    const v1::ValidatorSetRecord* waiting;    // of the change that waits for READY
  };
  // From here on PeerIds are places in `sets.current`.
  void Take(const Sets& sets);
  // All who may be linked, each once, in the order of the sets above.
  [[nodiscard]] const std::vector<Peer>& peers() const { return peers_; }

  // A number from kFirstObserverPeer on for who is not in the current set.
  [[nodiscard]] consensus::PeerId IdOf(const PeerKey& key);
  // Null for a number that nobody has.
  [[nodiscard]] const PeerKey* KeyOf(consensus::PeerId id) const;

 private:
  void Add(const v1::ValidatorSetRecord& set);

  std::string own_;  // with suite
  std::vector<Peer> peers_;
  std::map<PeerKey, consensus::PeerId> ids_;
  std::map<consensus::PeerId, PeerKey> keys_;
  std::uint32_t next_observer_ = consensus::kFirstObserverPeer;
};

}  // namespace timebank::replica
