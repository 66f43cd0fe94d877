// One node of the sample ledger with its real parts and its client port on loopback, for tests of
// what clients see. As the only validator it makes final at once; of several, nothing ever.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/client/transaction_builder.h"
#include "node/rpc/backend.h"
#include "node/rpc/client_server.h"
#include "node/rpc/storage_index.h"
#include "node/rpc/testing/sample_ledger.h"
#include "node/rpc/verify_pool.h"
#include "node/storage/node_storage.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc::testing {

class OneNode {
 public:
  explicit OneNode(std::size_t validators);
  ~OneNode();
  OneNode(const OneNode&) = delete;
  OneNode& operator=(const OneNode&) = delete;

  [[nodiscard]] const SampleLedger& ledger() const { return ledger_; }
  [[nodiscard]] Backend& backend() { return backend_; }
  [[nodiscard]] ClientServer& server() { return *server_; }
  // Over a connection of its own.
  [[nodiscard]] std::unique_ptr<v1::TransactionService::Stub> Connect();
  // Lists these people of street A: one effects line each.
  [[nodiscard]] client::SignedTransaction ListPeople(const std::vector<const Person*>& people);
  // Flips bits all over the node log.
  void DamageLog();

 private:
  void Serve();

  const SampleLedger ledger_;
  std::string directory_;
  client::TlsIdentity tls_;
  Metrics metrics_;
  Inbox inbox_{InboxLimits{}};
  ClientDesk desk_{&metrics_};
  RateLimit limit_{20'000};
  consensus::LocalSigner signer_;
  std::unique_ptr<VerifyPool> verifier_;
  std::unique_ptr<storage::NodeStorage> storage_;
  std::unique_ptr<StorageIndex> index_;
  std::unique_ptr<NodeClock> clock_;
  std::unique_ptr<PeerLinks> peers_;
  std::unique_ptr<ReplicaLoop> loop_;
  Backend backend_;
  std::unique_ptr<ClientServer> server_;
};

}  // namespace timebank::rpc::testing
