// What the services of a node stand on: the parts of the running node, owned by node/node.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "api/client/error.h"
#include "chain/genesis.h"
#include "crypto/ed25519.h"
#include "node/rpc/client_desk.h"
#include "node/rpc/inbox.h"
#include "node/rpc/ledger_index.h"
#include "node/rpc/metrics.h"
#include "node/rpc/node_clock.h"
#include "node/rpc/open_calls.h"
#include "node/rpc/peer_links.h"
#include "node/rpc/rate_limit.h"
#include "node/rpc/replica_loop.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

// This node among the validators of the current epoch.
struct Standing {
  bool is_validator = false;
  std::size_t validators = 0;
  std::size_t reachable = 0;  // of them, this node included
};

// Everything pointed to outlives the services.
struct Backend {
  std::string name;                 // of this validator: the audience of read tokens
  std::string version;              // of the program
  std::uint32_t edition_known = 0;  // of the rules
  std::string genesis_bytes;
  chain::Genesis genesis;
  Hash chain_id;          // of the era: genesis' own until a recovery
  crypto::SecretKey key;  // signs fresh tips
  Inbox* inbox = nullptr;
  ClientDesk* desk = nullptr;
  NodeClock* clock = nullptr;
  ReplicaLoop* loop = nullptr;
  PeerLinks* peers = nullptr;
  Metrics* metrics = nullptr;
  LedgerIndex* index = nullptr;
  RateLimit* limit = nullptr;
  bool restored = false;  // these data must not vote with `key`
  std::atomic<bool> draining{false};
  std::atomic<bool> disk_low{false};
  OpenCalls calls;

  // Why nothing new is taken at the moment; UNSPECIFIED: it is.
  [[nodiscard]] v1::Reason ClosedBecause() const;
  // "not final yet", told with how many validators are reachable and needed (DESIGN 6).
  [[nodiscard]] client::Error NotFinal(const Hash& id) const;
  [[nodiscard]] Standing CurrentStanding() const;
  [[nodiscard]] v1::Voting CurrentVoting() const;
  // "validator-3 60.0 s ahead, validator-4 7.1 s behind"; empty: no clock is too far from this
  // node's to vote for each other's blocks.
  [[nodiscard]] std::string ClocksApart() const;
  [[nodiscard]] Gauges SampleGauges() const;
};

}  // namespace timebank::rpc
