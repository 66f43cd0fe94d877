// The client against real servers on loopback that say whatever a test wants.
#include "api/client/client.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "api/client/tls.h"
#include "api/client/tls_identity.h"
#include "chain/canonical.h"
#include "chain/certificate.h"
#include "chain/domains.h"
#include "platform/entropy.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {
namespace {

constexpr std::uint64_t kNowMs = 1'600'000'000'000;

// One validator: its keys, and a server whose answers the test sets.
class FakeNode final : public v1::TransactionService::Service,
                       public v1::ChainService::Service,
                       public v1::LedgerService::Service {
 public:
  explicit FakeNode(std::string node_name) : name(std::move(node_name)) {
    const auto identity = NewTlsIdentity({.name = name, .hosts = {"127.0.0.1"}});
    EXPECT_TRUE(identity.has_value());
    tls = *identity;
    Serve();
  }

  grpc::Status Submit(grpc::ServerContext* /*context*/, const v1::SubmitRequest* request,
                      v1::SubmitResponse* response) override {
    ++submits;
    return on_submit(*request, *response);
  }
  grpc::Status GetReceipt(grpc::ServerContext* context, const v1::GetReceiptRequest* request,
                          v1::GetReceiptResponse* response) override {
    asked_lines.assign(request->lines().begin(), request->lines().end());
    const auto token = context->client_metadata().find(kTokenMetadata);
    const bool sent = token != context->client_metadata().end();
    if (wants_token && !sent) return ToStatus(MakeError(v1::REASON_NO_TOKEN));
    v1::ReadToken outer;
    v1::AuthToken inner;
    if (sent) {
      EXPECT_TRUE(outer.ParseFromString({token->second.data(), token->second.size()}));
      EXPECT_TRUE(inner.ParseFromString(outer.token()));
      EXPECT_EQ(inner.audience(), name);
    }
    response->set_receipt(receipt);
    return grpc::Status::OK;
  }
  grpc::Status GetOrganisation(grpc::ServerContext* /*context*/,
                               const v1::GetOrganisationRequest* /*request*/,
                               v1::GetOrganisationResponse* response) override {
    response->mutable_organisation()->set_name(name);
    response->set_height(height);
    return grpc::Status::OK;
  }
  grpc::Status GetFreshTip(grpc::ServerContext* /*context*/, const v1::GetFreshTipRequest* request,
                           v1::GetFreshTipResponse* response) override {
    v1::FreshTip tip;
    tip.set_version(1);
    tip.set_time_ms(kNowMs);
    tip.set_nonce(request->nonce());
    response->set_tip(chain::CanonicalBytes(tip));
    const crypto::SecretKey& signer = tip_key ? *tip_key : key;
    response->set_signature(crypto::SuitedSignature(
        signer.Sign(chain::SignedBytes(chain::kTipDomain, chain_id, {AsBytes(response->tip())}))));
    return grpc::Status::OK;
  }

  const std::string name;
  const crypto::SecretKey key = platform::NewSecretKey();
  TlsIdentity tls;
  std::string address;
  Hash chain_id;
  std::optional<crypto::SecretKey> tip_key;  // an impostor's
  std::function<grpc::Status(const v1::SubmitRequest&, v1::SubmitResponse&)> on_submit;
  std::string receipt;                   // of GetReceipt
  std::atomic<std::uint64_t> height{0};  // of reads
  bool wants_token = false;
  std::vector<std::uint32_t> asked_lines;
  std::atomic<int> submits{0};

 private:
  void Serve() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", PublicServer(tls), &port);
    builder.RegisterService(static_cast<v1::TransactionService::Service*>(this));
    builder.RegisterService(static_cast<v1::ChainService::Service*>(this));
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(this));
    server_ = builder.BuildAndStart();
    address = "127.0.0.1:" + std::to_string(port);
  }
  std::unique_ptr<grpc::Server> server_;
};

class ClientTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(RequireTls13()); }

  void SetUp() override {
    for (int i = 0; i < 4; ++i) {
      nodes_.push_back(std::make_unique<FakeNode>("node-" + std::to_string(i)));
    }
    std::map<crypto::PublicKey, const FakeNode*> by_key;
    for (const auto& node : nodes_) by_key[node->key.public_key()] = node.get();
    v1::Genesis genesis;
    genesis.set_version(1);
    genesis.set_genesis_ms(kNowMs);
    for (const auto& [key, node] : by_key) {
      v1::Validator* validator = genesis.add_validators();
      validator->set_key(crypto::SuitedKey(key));
      validator->set_name(node->name);
      validator->set_tls_key_hash(TlsKeyHash(node->tls.certificate)->str());
    }
    ClientOptions options;
    options.genesis = genesis.SerializeAsString();
    options.timeout_ms = 3000;
    for (const auto& node : nodes_) options.nodes.push_back({node->name, node->address});
    auto client = Client::Open(std::move(options));
    ASSERT_TRUE(client.has_value()) << client.error();
    client_ = std::move(*client);
    for (const auto& node : nodes_) node->chain_id = client_->chain_id();
    v1::TransactionBody body;
    body.mutable_claim_order()->set_entry(std::string(16, 'e'));
    transaction_ = BuildTransaction(client_->chain_id(), Millis(kNowMs),
                                    {{.member = MemberId{}, .key = &member_key_}}, std::move(body));
  }

  // A receipt of `transaction` in a block of its own at `height`, signed by `signers` validators.
  std::string ReceiptOf(const SignedTransaction& transaction, std::size_t signers,
                        std::uint64_t height = 9) {
    v1::EffectsLine line;
    line.set_version(1);
    line.set_height(height);
    line.set_outcome(v1::OUTCOME_DONE);
    chain::ReceiptParts parts;
    parts.envelope = transaction.envelope;
    parts.transaction_id = transaction.id;
    parts.lines = {chain::CanonicalBytes(line)};
    parts.header.chain_id = client_->chain_id();
    parts.header.height = Height(height);
    parts.header.log_size = 1;
    parts.header.log_root =
        chain::TransactionLeaf(transaction.id, chain::EffectsDigest(parts.lines));
    const chain::ValidatorSet& set = client_->genesis().validators;
    parts.header.validators = set.SetHash();
    parts.header.next_validators = set.SetHash();
    chain::Certificate certificate;
    certificate.position = {
        .kind = chain::VoteKind::kFinalize, .view = View(1), .digest = parts.header.Digest()};
    certificate.validator_count = 4;
    const Bytes vote = chain::VoteBytes(client_->chain_id(), certificate.position);
    for (std::size_t i = 0; i < signers; ++i) {
      const auto index = ReplicaIndex(static_cast<std::uint16_t>(i));
      const auto node = std::ranges::find_if(
          nodes_, [&](const auto& item) { return item->key.public_key() == set.key(index); });
      certificate.votes.push_back({index, (*node)->key.Sign(vote)});
    }
    parts.finalization = ToString(certificate.Encode());
    return chain::BuildReceipt(parts);
  }

  void Records(std::size_t node, std::string receipt) {
    nodes_[node]->on_submit = [receipt = std::move(receipt)](const v1::SubmitRequest&,
                                                             v1::SubmitResponse& response) {
      response.set_receipt(receipt);
      return grpc::Status::OK;
    };
  }
  void Refuses(std::size_t node, v1::Reason reason) {
    nodes_[node]->on_submit = [reason](const v1::SubmitRequest&, v1::SubmitResponse&) {
      return ToStatus(MakeError(reason));
    };
  }
  // It took the transaction and says so when it is final, or is just slow.
  void RecordsAfter(std::size_t node, std::chrono::milliseconds time) {
    nodes_[node]->on_submit = [receipt = ReceiptOf(transaction_, 3), time](
                                  const v1::SubmitRequest&, v1::SubmitResponse& response) {
      std::this_thread::sleep_for(time);
      response.set_receipt(receipt);
      return grpc::Status::OK;
    };
  }
  std::vector<int> Submits() const {
    std::vector<int> out;
    for (const auto& node : nodes_) out.push_back(node->submits);
    return out;
  }

  std::vector<std::unique_ptr<FakeNode>> nodes_;
  std::unique_ptr<Client> client_;
  const crypto::SecretKey member_key_ = platform::NewSecretKey();
  SignedTransaction transaction_;
};

TEST_F(ClientTest, AVerifiedReceiptMeansRecorded) {
  for (std::size_t i = 0; i < 4; ++i) Records(i, ReceiptOf(transaction_, 3));
  const auto outcome = client_->Submit(transaction_);
  const auto* recorded = std::get_if<Recorded>(&outcome);
  ASSERT_NE(recorded, nullptr);
  EXPECT_EQ(recorded->verified.transaction_id, transaction_.id);
  EXPECT_EQ(client_->last_height(), Height(9));
  EXPECT_EQ(nodes_[2]->submits + nodes_[3]->submits, 0) << "two nodes are asked, not all";
}

TEST_F(ClientTest, AReceiptThatDoesNotVerifyIsWorthNothing) {
  SignedTransaction other = transaction_;
  v1::TransactionBody body;
  body.mutable_claim_order()->set_entry(std::string(16, 'f'));
  other = BuildTransaction(client_->chain_id(), Millis(kNowMs),
                           {{.member = MemberId{}, .key = &member_key_}}, std::move(body));
  Records(0, ReceiptOf(transaction_, 2));  // less than a quorum
  Records(1, ReceiptOf(other, 3));         // of another transaction
  Records(2, "no receipt");
  Records(3, ReceiptOf(transaction_, 3));
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  Records(3, "");
  EXPECT_TRUE(std::holds_alternative<Unknown>(client_->Submit(transaction_)));
}

TEST_F(ClientTest, OneRefusalIsOneOpinionTwoAreAVerdict) {
  for (std::size_t i = 0; i < 4; ++i) Records(i, ReceiptOf(transaction_, 3));
  Refuses(0, v1::REASON_F13_INSUFFICIENT);
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  Refuses(1, v1::REASON_F13_INSUFFICIENT);
  Refuses(2, v1::REASON_NOT_YET);
  Refuses(3, v1::REASON_NOT_YET);
  const auto outcome = client_->Submit(transaction_);
  const auto* refused = std::get_if<Refused>(&outcome);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->error.reason, v1::REASON_F13_INSUFFICIENT);
}

// Who does not get it cannot record it after its client was told that it is refused.
TEST_F(ClientTest, NobodyElseIsAskedWhileThoseAskedCanStillAgree) {
  for (std::size_t i = 1; i < 4; ++i) Refuses(i, v1::REASON_F13_INSUFFICIENT);
  RecordsAfter(0, std::chrono::milliseconds(300));
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  EXPECT_EQ(Submits(), (std::vector<int>{1, 1, 0, 0}));
}

TEST_F(ClientTest, WhoTookItIsWaitedForBeforeItCountsAsRefused) {
  for (std::size_t i = 1; i < 4; ++i) Refuses(i, v1::REASON_F13_INSUFFICIENT);
  RecordsAfter(0, std::chrono::milliseconds(1500));  // when a second validator has refused
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  EXPECT_EQ(Submits(), (std::vector<int>{1, 1, 1, 0}));
}

TEST_F(ClientTest, ASilentNodeHoldsUpARefusalForALittle) {
  for (std::size_t i = 1; i < 4; ++i) Refuses(i, v1::REASON_F13_INSUFFICIENT);
  RecordsAfter(0, std::chrono::milliseconds(2800));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(std::holds_alternative<Refused>(client_->Submit(transaction_)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(2700));
}

TEST_F(ClientTest, SilentNodesAreNotAllThatAreAsked) {
  RecordsAfter(0, std::chrono::milliseconds(2800));
  RecordsAfter(1, std::chrono::milliseconds(2800));
  for (std::size_t i = 2; i < 4; ++i) Records(i, ReceiptOf(transaction_, 3));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(2700));
}

TEST_F(ClientTest, ARefusalSaysUntilWhenTheSameBytesMayStillBeRecorded) {
  const auto open_until = [this](v1::Reason first, v1::Reason second) {
    Refuses(0, first);
    Refuses(1, second);
    return std::get<Refused>(client_->Submit(transaction_)).open_until;
  };
  const Millis end(kNowMs + kValidityMs);
  EXPECT_EQ(open_until(v1::REASON_F13_INSUFFICIENT, v1::REASON_F13_INSUFFICIENT), end);
  EXPECT_EQ(open_until(v1::REASON_BAD_SIGNATURE, v1::REASON_BAD_SIGNATURE), std::nullopt);
  // One of the two lies; nobody knows which.
  EXPECT_EQ(open_until(v1::REASON_BAD_SIGNATURE, v1::REASON_F13_INSUFFICIENT), end);
  EXPECT_EQ(open_until(v1::REASON_F13_INSUFFICIENT, v1::REASON_BAD_SIGNATURE), end);
}

TEST_F(ClientTest, WhatANodeSaysOfItselfRefusesNothing) {
  for (std::size_t i = 0; i < 4; ++i) Refuses(i, v1::REASON_INBOX_FULL);
  const auto outcome = client_->Submit(transaction_);
  const auto* unknown = std::get_if<Unknown>(&outcome);
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(unknown->error.reason, v1::REASON_INBOX_FULL);
  EXPECT_EQ(Submits(), (std::vector<int>{1, 1, 1, 1})) << "all were asked";
}

TEST_F(ClientTest, OneLyingNodeCannotRefuseAlone) {
  for (std::size_t i = 1; i < 4; ++i) Refuses(i, v1::REASON_TOO_FEW_VALIDATORS);
  Refuses(0, v1::REASON_F4_DUPLICATE);
  const auto outcome = client_->Submit(transaction_);
  const auto* unknown = std::get_if<Unknown>(&outcome);
  ASSERT_NE(unknown, nullptr);
  EXPECT_NE(unknown->error.message.find("1 of 2 validators"), std::string::npos)
      << unknown->error.message;
}

TEST_F(ClientTest, LaterSubmissionsNameTheHeightOfTheLastReceipt) {
  for (std::size_t i = 0; i < 4; ++i) Records(i, ReceiptOf(transaction_, 3, 31));
  EXPECT_TRUE(std::holds_alternative<Recorded>(client_->Submit(transaction_)));
  std::atomic<std::uint64_t> asked{0};
  for (const auto& node : nodes_) {
    node->on_submit = [&asked](const v1::SubmitRequest& request, v1::SubmitResponse&) {
      asked = request.min_height();
      return ToStatus(MakeError(v1::REASON_F4_DUPLICATE));
    };
  }
  EXPECT_TRUE(std::holds_alternative<Refused>(client_->Submit(transaction_)));
  EXPECT_EQ(asked, 31U);
}

// What two validators refused at heights 40 and 1,000 was refused by an honest one at 40 or above.
TEST_F(ClientTest, LaterSubmissionsNameTheLowestHeightOfTheLastRefusal) {
  std::atomic<std::uint64_t> asked{0};
  for (std::size_t i = 0; i < 4; ++i) {
    nodes_[i]->on_submit = [&asked, i](const v1::SubmitRequest& request, v1::SubmitResponse&) {
      asked = request.min_height();
      Error error = MakeError(v1::REASON_F4_DUPLICATE);
      error.metadata[std::string(kHeightKey)] = i % 2 == 0 ? "1000" : "40";
      return ToStatus(error);
    };
  }
  EXPECT_TRUE(std::holds_alternative<Refused>(client_->Submit(transaction_)));
  EXPECT_EQ(client_->last_height(), Height(40));
  EXPECT_TRUE(std::holds_alternative<Refused>(client_->Submit(transaction_)));
  EXPECT_EQ(asked, 40U);
}

TEST_F(ClientTest, ReadsComeFromNobodyWhoLagsBehindWhatTheClientHasSeen) {
  client_->SawHeight(Height(31));
  for (std::size_t i = 0; i < 3; ++i) nodes_[i]->height = 30;
  nodes_[3]->height = 31;
  auto read = client_->Get(v1::GetOrganisationRequest());
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->organisation().name(), "node-3");
  nodes_[3]->height = 30;
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    nodes_[2]->height = 32;
  });
  read = client_->Get(v1::GetOrganisationRequest());
  later.join();
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->organisation().name(), "node-2");
  nodes_[2]->height = 30;
  read = client_->Get(v1::GetOrganisationRequest());
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().reason, v1::REASON_NOT_YET);
}

TEST_F(ClientTest, LedgerTimeComesFromASignedTipAndNotFromAnImpostor) {
  for (const auto& node : nodes_) node->tip_key = platform::NewSecretKey();
  EXPECT_FALSE(client_->LedgerNow().has_value());
  nodes_[2]->tip_key.reset();
  const auto now = client_->LedgerNow();
  ASSERT_TRUE(now.has_value()) << now.error().message;
  EXPECT_EQ(now->value(), kNowMs);
}

TEST_F(ClientTest, ANodeWithoutAGoodReceiptIsPassedOver) {
  nodes_[0]->receipt = "garbage";
  nodes_[1]->receipt = ReceiptOf(transaction_, 2);
  nodes_[2]->receipt = ReceiptOf(transaction_, 3);
  const auto recorded = client_->GetReceipt(transaction_.id);
  ASSERT_TRUE(recorded.has_value()) << recorded.error().message;
  EXPECT_EQ(recorded->receipt, nodes_[2]->receipt);
  nodes_[2]->receipt = "";
  EXPECT_FALSE(client_->GetReceipt(transaction_.id).has_value());
}

TEST_F(ClientTest, AListsReceiptIsAskedForWithATokenOfTheReader) {
  for (const auto& node : nodes_) {
    node->receipt = ReceiptOf(transaction_, 3);
    node->wants_token = true;
  }
  const auto without = client_->GetReceipt(transaction_.id);
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().reason, v1::REASON_NO_TOKEN);
  const Reader reader{.member = MemberId{}, .key = &member_key_};
  const auto recorded = client_->GetReceipt(transaction_.id, {.lines = {2, 5}, .reader = reader});
  ASSERT_TRUE(recorded.has_value()) << recorded.error().message;
  EXPECT_EQ(nodes_[0]->asked_lines, (std::vector<std::uint32_t>{2, 5}));
}

TEST_F(ClientTest, OptionsThatCannotWorkAreRefused) {
  EXPECT_FALSE(Client::Open({.genesis = "garbage", .nodes = {{"node-0", "x:1"}}}).has_value());
  const std::string genesis = client_->genesis().message.SerializeAsString();
  EXPECT_FALSE(Client::Open({.genesis = genesis, .nodes = {}}).has_value());
  const auto unknown = Client::Open({.genesis = genesis, .nodes = {{"node-9", "x:1"}}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().find("node-9"), std::string::npos);
}

}  // namespace
}  // namespace timebank::client
