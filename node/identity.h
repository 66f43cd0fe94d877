// Who this node is, put together from its files and checked before anything is opened. A validator
// of genesis is checked against it: a wrong key or certificate must not get as far as a vote. Who
// is not in it may become one (CONSENSUS 6); the ledger says whether it is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/client/tls.h"
#include "base/expected.h"
#include "chain/genesis.h"
#include "crypto/ed25519.h"
#include "node/config.h"
#include "node/rpc/peer_links.h"

namespace timebank::node {

struct Identity {
  std::string genesis_bytes;
  chain::Genesis genesis;
  crypto::SecretKey key;
  client::TlsIdentity tls;
  std::map<std::string, std::string> addresses;  // of peers, by name
  std::vector<replica::Peer> seeds;
};

// The error names the file or setting at fault and what to do.
[[nodiscard]] Expected<Identity, std::string> LoadIdentity(const Config& config);

}  // namespace timebank::node
