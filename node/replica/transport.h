// The port to other nodes: who may be linked, and messages as bytes. See ports.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "consensus/output.h"

namespace timebank::replica {

// Encoded PeerMessage: made once, shared by all links.
using SharedMessage = std::shared_ptr<const std::string>;

// Blocks for laggards and gossip must not delay votes.
enum class Lane : std::uint8_t { kConsensus, kBulk };

// A connection's other end: H of its TLS key, which its certificate proves.
using PeerKey = Hash;
struct Peer {
  PeerKey key;
  std::string name;
  std::string address;  // host:port; empty: as the node's configuration says
  friend bool operator==(const Peer&, const Peer&) = default;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Who may be linked from now on: the validators of this epoch, of the one before until it is no
  // longer needed, and those that a change waits for. Links to others end.
  virtual void SetPeers(const std::vector<Peer>& peers) = 0;
  // May drop: a link that is down or whose bounded queue is full loses the message.
  virtual void Send(const PeerKey& to, const SharedMessage& message, Lane lane) = 0;
  virtual void Broadcast(const SharedMessage& message, Lane lane) = 0;
  virtual void Disconnect(const PeerKey& peer, consensus::Misbehaviour reason) = 0;
};

}  // namespace timebank::replica
