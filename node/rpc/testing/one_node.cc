#include "node/rpc/testing/one_node.h"

#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "api/client/tls.h"
#include "api/client/tls_identity.h"
#include "base/check.h"
#include "consensus/signer.h"
#include "ledger/signatures.h"

namespace timebank::rpc::testing {

OneNode::OneNode(std::size_t validators)
    : ledger_(validators),
      signer_(ledger_.validator_keys().front(), ledger_.chain_id()),
      backend_{.name = "node-1",
               .genesis_bytes = ledger_.genesis_bytes(),
               .genesis = *chain::ParseGenesis(AsBytes(ledger_.genesis_bytes())),
               .chain_id = ledger_.chain_id(),
               .key = ledger_.validator_keys().front(),
               .inbox = &inbox_,
               .desk = &desk_,
               .metrics = &metrics_,
               .limit = &limit_} {
  TB_CHECK(client::RequireTls13());
  directory_ = (std::filesystem::temp_directory_path() / "tb_rpc_XXXXXX").string();
  TB_CHECK(mkdtemp(directory_.data()) != nullptr);
  const auto tls = client::NewTlsIdentity({.name = "node-1", .hosts = {"127.0.0.1"}});
  TB_CHECK(tls.has_value());
  tls_ = *tls;
  verifier_ = std::make_unique<VerifyPool>(
      1,
      [](const ledger::State& state, const replica::SignedTransaction& transaction) {
        return ledger::CheckSignatures(state, transaction.transaction);
      },
      &metrics_);
  verifier_->SetAnswer(
      [this](replica::SignaturesVerified answer) { inbox_.PutOwn(std::move(answer)); });
  storage::NodeStorageOptions options;
  options.chain_id = ledger_.chain_id();
  auto storage = storage::NodeStorage::Open(directory_, std::move(options));
  TB_CHECK(storage.has_value());
  storage_ = std::move(*storage);
  index_ = std::make_unique<StorageIndex>(storage_.get());
  auto clock = NodeClock::Open(directory_, /*development=*/false, 0);
  TB_CHECK(clock.has_value());
  clock_ = std::move(*clock);
  Serve();
}

void OneNode::Serve() {
  peers_ = std::make_unique<PeerLinks>(
      PeerLinksConfig{.chain_id = ledger_.chain_id(),
                      .listen = "",
                      .identity = tls_,
                      .addresses = {},
                      .seeds = {},
                      .ledger_now = [this] { return clock_->LedgerNow(); }},
      &inbox_, &metrics_);
  replica::Config config;
  config.genesis = ledger_.genesis_bytes();
  config.signer = &signer_;
  config.delay_ms = 20;
  auto replica = replica::Replica::Open(
      config,
      {.storage = *storage_, .transport = *peers_, .verifier = *verifier_, .clients = desk_});
  TB_CHECK(replica.has_value());
  loop_ = std::make_unique<ReplicaLoop>(std::move(*replica), &inbox_, clock_.get(), &metrics_,
                                        [](const std::string&) {});
  loop_->Recover();
  desk_.Begin(loop_->published()->final.header.height);
  backend_.clock = clock_.get();
  backend_.loop = loop_.get();
  backend_.peers = peers_.get();
  backend_.index = index_.get();
  loop_->Start();
  server_ = std::make_unique<ClientServer>(
      ClientServerConfig{.listen = "127.0.0.1:0", .identity = tls_}, &backend_);
  TB_CHECK(server_->Start());
}

OneNode::~OneNode() {
  server_->Stop(1000);
  verifier_->Stop();
  loop_->Stop();
  desk_.Stop();
  std::error_code ignored;
  storage_.reset();
  std::filesystem::remove_all(directory_, ignored);
}

std::unique_ptr<v1::TransactionService::Stub> OneNode::Connect() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::TransactionService::NewStub(grpc::CreateCustomChannel(
      "127.0.0.1:" + std::to_string(server_->port()),
      client::PinnedChannel(*client::TlsKeyHash(tls_.certificate), std::nullopt), arguments));
}

client::SignedTransaction OneNode::ListPeople(const std::vector<const Person*>& people) {
  v1::TransactionBody body;
  body.mutable_list_member()->set_org(ledger_.street_a.str());
  body.mutable_list_member()->set_list_class(1);
  for (const Person* person : people) body.mutable_list_member()->add_members(person->id.str());
  std::vector<client::SignAs> signers;
  for (const Person* officer : {&ledger_.lister_a, &ledger_.assessor}) {
    const auto& [role, org] = officer->offices.front();
    signers.push_back({.member = officer->id, .role = role, .org = org, .key = &officer->key});
  }
  return client::BuildTransaction(ledger_.chain_id(), clock_->LedgerNow(), signers,
                                  std::move(body));
}

void OneNode::DamageLog() {
  constexpr std::streamoff kStep = 64;
  constexpr std::streamoff kEnd = 64 << 10;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/log")) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff at = kStep; at < kEnd; at += kStep) {
      file.seekg(at);
      const int byte = file.get();
      if (byte < 0) break;
      file.seekp(at);
      file.put(static_cast<char>(byte ^ 1));
    }
  }
}

}  // namespace timebank::rpc::testing
