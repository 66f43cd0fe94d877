// This node's connections to the other validators: one long-lived stream to each, with a bounded
// queue and a thread that fills frames, and one stream from each. Mutual TLS; who the other end is
// comes from the key of its certificate, never from what it says. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/client/tls.h"
#include "node/replica/replica.h"
#include "node/rpc/inbox.h"
#include "node/rpc/metrics.h"
#include "node/rpc/peer_penalty.h"

namespace timebank::rpc {

struct PeerAddress {
  consensus::PeerId peer;  // index in the validator set
  std::string name;
  std::string address;
  Hash tls_key;
};

struct PeerLinksConfig {
  Hash chain_id;
  std::string listen;
  client::TlsIdentity identity;
  std::vector<PeerAddress> peers;
  std::size_t memory_bytes = std::size_t{256} << 20;  // of gRPC's buffers on the peer port
};

struct PeerState {
  std::string name;
  bool reachable = false;
};

class PeerLinks final : public replica::Transport {
 public:
  // `inbox` and `metrics` outlive the links.
  PeerLinks(PeerLinksConfig config, Inbox* inbox, Metrics* metrics);
  ~PeerLinks() override;

  // Called, on gRPC's threads, with every answer of blocks and who gave it, before the replica sees
  // it. Set before Start.
  using BlockTap = std::function<void(consensus::PeerId, const consensus::Blocks&)>;
  void SetBlockTap(BlockTap tap) { block_tap_ = std::move(tap); }

  // Opens the port and starts to connect. False when the address cannot be listened on.
  [[nodiscard]] bool Start();
  void Stop();

  void Send(consensus::PeerId to, const replica::SharedMessage& message,
            replica::Lane lane) override;
  void Broadcast(const replica::SharedMessage& message, replica::Lane lane) override;
  // Closes the streams from and to `peer` and opens none for a while: see PeerPenalties.
  void Disconnect(consensus::PeerId peer, consensus::Misbehaviour reason) override;

  // In the order of the configuration.
  [[nodiscard]] std::vector<PeerState> states() const;
  // Validators to whom a link stands, this one included.
  [[nodiscard]] std::size_t reachable() const;

 private:
  class Link;
  class Service;
  // Both streams of `peer` end; `what` goes to the log, once a penalty.
  void Punish(consensus::PeerId peer, std::string_view what);

  const PeerLinksConfig config_;
  Inbox* const inbox_;
  Metrics* const metrics_;
  BlockTap block_tap_;
  PeerPenalties penalties_;
  std::vector<std::unique_ptr<Link>> links_;
  std::unique_ptr<Service> service_;
};

}  // namespace timebank::rpc
