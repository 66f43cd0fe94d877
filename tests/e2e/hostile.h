// A hostile client's view of a running development network: its people, their keys, one node, and
// the tally of what was tried.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/client/error.h"
#include "api/client/read_token.h"
#include "api/client/transaction_builder.h"
#include "chain/genesis.h"
#include "timebank/v1/query.grpc.pb.h"
#include "wallet-cli/cluster.h"
#include "wallet-cli/identity.h"

namespace timebank::hostile {

// What one submission or read came to.
struct Outcome {
  bool ok = false;
  client::Error error;  // when not ok
  std::string receipt;

  [[nodiscard]] std::string Name() const;  // "OK", or the reason's name
};

class Net {
 public:
  // Ends the program with a message when the network cannot be read.
  explicit Net(const std::string& cluster_path);

  [[nodiscard]] const cli::Identity& Person(const std::string& name);
  // The first person with this office at `org`.
  [[nodiscard]] const cli::Identity& Officer(v1::Role role, const OrgId& org);
  [[nodiscard]] Millis Now() const;

  // To the first node, waiting for finality.
  [[nodiscard]] Outcome Submit(const std::string& envelope);
  [[nodiscard]] Outcome ReadMember(const MemberId& member, const std::string& token);
  [[nodiscard]] v1::GetStatusResponse Status();

  [[nodiscard]] const cli::Cluster& cluster() const { return cluster_; }
  [[nodiscard]] const chain::Genesis& genesis() const { return *genesis_; }
  [[nodiscard]] const Hash& chain_id() const { return genesis_->chain_id; }
  [[nodiscard]] const client::NodeAddress& node() const { return nodes_.front(); }

 private:
  cli::Cluster cluster_;
  std::optional<chain::Genesis> genesis_;
  std::vector<client::NodeAddress> nodes_;
  std::map<std::string, cli::Identity> people_;
  std::unique_ptr<v1::TransactionService::Stub> transactions_;
  std::unique_ptr<v1::LedgerService::Stub> ledger_;
  std::unique_ptr<v1::NodeService::Stub> status_;
};

// Counts and prints: "ok      what" or "FAILED  what: why".
class Tally {
 public:
  void Check(bool good, const std::string& what, const std::string& why);
  // Prints the plain closing line; the program's exit code.
  [[nodiscard]] int Close() const;

 private:
  int passed_ = 0;
  int failed_ = 0;
};

void TryBadInputs(Net& net, Tally& tally);
// `count` garbage messages each.
void FloodClientPort(Net& net, Tally& tally, std::size_t count);
void FloodPeerPorts(Net& net, Tally& tally, std::size_t count);
void TryPeerPort(Net& net, Tally& tally);
// As the last validator, which is stopped.
void VoteTwice(Net& net, Tally& tally);

// Where a node's peers reach it, and the hash of its TLS key.
[[nodiscard]] std::string PeerAddressOf(const cli::ClusterNode& node);
[[nodiscard]] Hash PinOf(const Net& net, const std::string& validator);

}  // namespace timebank::hostile
