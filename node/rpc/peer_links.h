// This node's connections to the other validators: one long-lived stream to each, with a bounded
// queue and a thread that fills frames, and one stream from each. Mutual TLS; who the other end is
// comes from the key of its certificate, never from what it says. Whom to be linked to the replica
// says (SetPeers), from the ledger. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/client/tls.h"
#include "node/replica/replica.h"
#include "node/rpc/inbox.h"
#include "node/rpc/metrics.h"
#include "node/rpc/peer_penalty.h"

namespace timebank::rpc {

struct PeerLinksConfig {
  Hash chain_id;
  std::string listen;
  client::TlsIdentity identity;
  std::map<std::string, std::string> addresses;  // by name; instead of what the ledger says
  std::vector<replica::Peer> seeds;    // linked to whatever the ledger says: how a newcomer begins
  std::function<Millis()> ledger_now;  // told to peers; any thread
  std::size_t memory_bytes = std::size_t{256} << 20;  // of gRPC's buffers on the peer port
};

struct PeerState {
  std::string name;
  bool reachable = false;
  std::optional<std::int64_t> clock_ahead_ms;  // of this node's; empty: it has not said
};

class PeerLinks final : public replica::Transport {
 public:
  // `inbox` and `metrics` outlive the links.
  PeerLinks(PeerLinksConfig config, Inbox* inbox, Metrics* metrics);
  ~PeerLinks() override;

  // Called, on gRPC's threads, with every answer of blocks and who gave it, before the replica sees
  // it. Set before Start.
  using BlockTap = std::function<void(const replica::PeerKey&, const consensus::Blocks&)>;
  void SetBlockTap(BlockTap tap) { block_tap_ = std::move(tap); }
  // The chain id of the era, where that is not genesis' own. Before Start.
  void UseChain(const Hash& chain_id) { config_.chain_id = chain_id; }

  // Opens the port and starts to connect. False when the address cannot be listened on.
  [[nodiscard]] bool Start();
  void Stop();

  void SetPeers(const std::vector<replica::Peer>& peers) override;
  void Send(const replica::PeerKey& to, const replica::SharedMessage& message,
            replica::Lane lane) override;
  void Broadcast(const replica::SharedMessage& message, replica::Lane lane) override;
  // Closes the streams from and to `peer` and opens none for a while: see PeerPenalties.
  void Disconnect(const replica::PeerKey& peer, consensus::Misbehaviour reason) override;

  // By name.
  [[nodiscard]] std::vector<PeerState> states() const;
  // Those whose clocks are further from this node's than validators bear (kSkewMaxMs).
  [[nodiscard]] std::vector<PeerState> ClocksApart() const;
  // This node's clock was set: what peers said of theirs was compared with the old one.
  void ForgetClocks();
  // How many of these names a link stands to.
  [[nodiscard]] std::size_t Reachable(const std::vector<std::string>& names) const;

 private:
  class Link;
  class Service;
  using SharedLink = std::shared_ptr<Link>;  // a caller may hold one that is removed meanwhile

  // Both streams of `peer` end; `what` goes to the log, once a penalty.
  void Punish(const replica::PeerKey& peer, std::string_view what);
  [[nodiscard]] replica::Peer WithAddress(replica::Peer peer) const;
  // Null: nobody who may be linked.
  [[nodiscard]] SharedLink LinkTo(const replica::PeerKey& peer) const;
  [[nodiscard]] std::vector<SharedLink> links() const;

  PeerLinksConfig config_;  // as it is from Start on
  Inbox* const inbox_;
  Metrics* const metrics_;
  BlockTap block_tap_;
  PeerPenalties penalties_;
  mutable std::mutex mutex_;  // all below
  std::map<replica::PeerKey, SharedLink> links_;
  std::vector<SharedLink> ended_;  // told to stop, not yet joined
  bool started_ = false;
  std::unique_ptr<Service> service_;
};

}  // namespace timebank::rpc
