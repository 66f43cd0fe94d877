#include "api/client/client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "api/client/submit_round.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "platform/clock.h"
#include "platform/entropy.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {

namespace {

constexpr std::uint64_t kTipLifeMs = 60'000;
// How long a read waits for a node that has reached the height of this client's last answer.
constexpr std::uint64_t kBehindWaitMs = 2'000;
constexpr std::chrono::milliseconds kBehindAgain(20);

}  // namespace

class Client::Impl {
 public:
  Impl(chain::Genesis trusted, ClientOptions chosen)
      : genesis(std::move(trusted)), options(std::move(chosen)) {
    for (const NodeAddress& node : options.nodes) {
      channels.push_back(ChannelTo(node, genesis));
      ledger.push_back(v1::LedgerService::NewStub(channels.back()));
      chain.push_back(v1::ChainService::NewStub(channels.back()));
      node_stubs.push_back(v1::NodeService::NewStub(channels.back()));
      transactions.push_back(v1::TransactionService::NewStub(channels.back()));
    }
  }

  void Prepare(grpc::ClientContext& context, std::uint32_t timeout_ms) const {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  }

  // Calls nodes in turn until one answers for itself. `call(index, context, response)`.
  template <typename Response, typename Call>
  Answer<Response> FirstAnswer(std::uint32_t timeout_ms, const Call& call) {
    std::optional<Error> why;
    for (std::size_t index = 0; index < channels.size(); ++index) {
      grpc::ClientContext context;
      Prepare(context, timeout_ms);
      Response response;
      const grpc::Status status = call(index, &context, &response);
      if (status.ok()) return response;
      Error error = FromStatus(status);
      const bool try_next = error.code == RpcCode::kUnavailable ||
                            error.code == RpcCode::kDeadlineExceeded ||
                            error.code == RpcCode::kDataLoss;
      // A node's own words say more than a broken connection.
      if (!why || error.reason != v1::REASON_UNSPECIFIED) why = std::move(error);
      if (!try_next) break;
    }
    return Unexpected{*why};  // Open takes no empty list of nodes
  }

  // The same with a token of `reader`, once more with fresh ledger time when it is refused.
  template <typename Response, typename Call>
  Answer<Response> FirstAnswer(const Reader& reader, std::uint32_t timeout_ms, const Call& call) {
    for (bool again : {true, false}) {
      const auto now = Now();
      if (!now) return Unexpected{now.error()};
      auto answer = FirstAnswer<Response>(
          timeout_ms, [&](std::size_t index, grpc::ClientContext* context, Response* response) {
            context->AddMetadata(kTokenMetadata,
                                 MakeReadToken(ChainId(), reader, options.nodes[index].name, *now));
            return call(index, context, response);
          });
      if (answer || !again || answer.error().reason != v1::REASON_TOKEN_REFUSED) return answer;
      Forget();
    }
    return Unexpected{MakeError(v1::REASON_TOKEN_REFUSED)};
  }

  template <typename Stub, typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);
  template <typename Stub>
  using Stubs = std::vector<std::unique_ptr<Stub>>;

  template <typename Stub, typename Request, typename Response>
  Answer<Response> Read(const Stubs<Stub>& stubs, Method<Stub, Request, Response> method,
                        const Request& request) {
    const auto call = [&](std::size_t index, grpc::ClientContext* context, Response* response) {
      return ((*stubs[index]).*method)(context, request, response);
    };
    return FirstAnswer<Response>(options.timeout_ms, call);
  }
  // Of the ledger: from nobody who lags behind what this client has seen.
  template <typename Request, typename Response, typename... As>
  Answer<Response> Read(const Stubs<v1::LedgerService::Stub>& stubs,
                        Method<v1::LedgerService::Stub, Request, Response> method,
                        const Request& request, const As&... as) {
    const std::uint64_t until = platform::MonotonicMs() + kBehindWaitMs;
    for (;;) {
      bool behind = false;
      auto answer = FirstAnswer<Response>(
          as..., options.timeout_ms,
          [&](std::size_t index, grpc::ClientContext* context, Response* response) {
            grpc::Status status = ((*stubs[index]).*method)(context, request, response);
            if (!status.ok() || response->height() >= last_height) return status;
            behind = true;
            return Behind(index);
          });
      if (answer || !behind || platform::MonotonicMs() >= until) return answer;
      std::this_thread::sleep_for(kBehindAgain);
    }
  }
  template <typename Request, typename Response>
  Answer<Response> Read(const Stubs<v1::ChainService::Stub>& stubs,
                        Method<v1::ChainService::Stub, Request, Response> method,
                        const Request& request, const Reader& reader) {
    const auto call = [&](std::size_t index, grpc::ClientContext* context, Response* response) {
      return ((*stubs[index]).*method)(context, request, response);
    };
    return FirstAnswer<Response>(reader, options.timeout_ms, call);
  }

  Answer<Millis> Now() {
    const std::uint64_t steady = platform::MonotonicMs();
    {
      const std::scoped_lock lock(mutex);
      if (tip_at && steady - *tip_at < kTipLifeMs) {
        return Millis(tip_time.value() + (steady - *tip_at));
      }
    }
    const auto time = FetchTip();
    if (!time) return Unexpected{time.error()};
    const std::scoped_lock lock(mutex);
    tip_at = platform::MonotonicMs();
    tip_time = *time;
    return *time;
  }

  void Forget() {
    const std::scoped_lock lock(mutex);
    tip_at.reset();
  }

  // Of the first node whose tip its own validator key has signed, for our nonce.
  Answer<Millis> FetchTip() {
    v1::GetFreshTipRequest request;
    request.set_nonce(platform::Random<FixedBytes<struct NonceTag, 16>>().str());
    v1::FreshTip tip;
    const auto answer = FirstAnswer<v1::GetFreshTipResponse>(
        options.timeout_ms, [&](std::size_t index, auto* context, auto* response) {
          grpc::Status status = chain[index]->GetFreshTip(context, request, response);
          if (!status.ok() || ReadTip(*response, options.nodes[index], tip, request.nonce())) {
            return status;
          }
          return Unusable(index, "a tip that it has not signed");
        });
    if (!answer) return Unexpected{answer.error()};
    return Millis(tip.time_ms());
  }

  // Who is not known by genesis is known by its TLS key: the key it names is taken for its own. A
  // new era is proven by its links; from then on tips of an earlier one are nobody's.
  bool ReadTip(const v1::GetFreshTipResponse& response, const NodeAddress& node, v1::FreshTip& tip,
               const std::string& nonce) {
    const auto parsed = chain::ParseCanonical<v1::FreshTip>(AsBytes(response.tip()));
    const auto signature = crypto::ParseSuitedSignature(AsBytes(response.signature()));
    const auto key =
        node.tls_key ? crypto::ParseSuitedKey(AsBytes(response.validator_key())) : KeyOf(node.name);
    if (!parsed || !signature || !key || parsed->nonce() != nonce) return false;
    const auto reach = chain::WalkEpochs(response.epochs(), genesis);
    if (!reach || reach->era != chain::Era(parsed->era())) return false;
    tip = *parsed;
    if (!crypto::Verify(
            *key, chain::SignedBytes(chain::kTipDomain, reach->chain_id, {AsBytes(response.tip())}),
            *signature)) {
      return false;
    }
    const std::scoped_lock lock(mutex);
    if (reach->era < era) return false;
    era = reach->era;
    chain_id = reach->chain_id;
    return true;
  }

  Hash ChainId() {
    const std::scoped_lock lock(mutex);
    return chain_id;
  }

  // What a node says that proves nothing is passed over, as if the node were not there.
  [[nodiscard]] grpc::Status Unusable(std::size_t index, const std::string& what) const {
    return {grpc::StatusCode::UNAVAILABLE, options.nodes[index].name + " sent " + what};
  }

  [[nodiscard]] grpc::Status Behind(std::size_t index) const {
    return ToStatus(MakeError(v1::REASON_NOT_YET, options.nodes[index].name +
                                                      " has not reached height " +
                                                      std::to_string(last_height.load())));
  }

  std::optional<crypto::PublicKey> KeyOf(const std::string& name) const {
    for (const v1::Validator& validator : genesis.message.validators()) {
      if (validator.name() == name) return crypto::ParseSuitedKey(AsBytes(validator.key()));
    }
    return std::nullopt;
  }

  void SawHeight(Height height) {
    std::uint64_t seen = last_height;
    while (height.value() > seen && !last_height.compare_exchange_weak(seen, height.value())) {
    }
  }

  const chain::Genesis genesis;
  const ClientOptions options;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  Stubs<v1::LedgerService::Stub> ledger;
  Stubs<v1::ChainService::Stub> chain;
  Stubs<v1::NodeService::Stub> node_stubs;
  Stubs<v1::TransactionService::Stub> transactions;
  std::atomic<std::uint64_t> last_height{0};
  std::mutex mutex;
  std::optional<std::uint64_t> tip_at;  // MonotonicMs; with all below guarded by mutex
  Millis tip_time;
  chain::Era era;
  Hash chain_id = genesis.chain_id;
};

Expected<std::unique_ptr<Client>, std::string> Client::Open(ClientOptions options) {
  auto genesis = chain::ParseGenesis(AsBytes(options.genesis));
  if (!genesis) {
    return Unexpected{"the genesis file is not valid: " +
                      std::string(chain::Describe(genesis.error()))};
  }
  if (options.nodes.empty()) return Unexpected{std::string("name at least one node")};
  for (const NodeAddress& node : options.nodes) {
    const bool known =
        node.tls_key || std::ranges::any_of(genesis->message.validators(), [&](const auto& item) {
          return item.name() == node.name;
        });
    if (!known) {
      return Unexpected{"the genesis names no validator '" + node.name +
                        "', and no TLS key is given for it"};
    }
  }
  return std::unique_ptr<Client>(
      new Client(std::make_unique<Impl>(std::move(*genesis), std::move(options))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

SubmitOutcome Client::Submit(const SignedTransaction& transaction, std::uint32_t wait_ms) {
  const SubmitPlan plan{.genesis = impl_->genesis,
                        .nodes = impl_->channels,
                        .at_once = impl_->options.submit_to,
                        .wait_ms = wait_ms == 0 ? impl_->options.timeout_ms : wait_ms,
                        .min_height = last_height()};
  SubmitOutcome verdict = SubmitRound(plan, transaction);
  if (const auto* recorded = std::get_if<Recorded>(&verdict)) {
    impl_->SawHeight(recorded->verified.header.height);
  }
  // Or a later answer could be of a state from before the refusal.
  if (const auto* refused = std::get_if<Refused>(&verdict)) impl_->SawHeight(refused->judged);
  return verdict;
}

Answer<Recorded> Client::GetReceipt(const Hash& id, const ReceiptQuery& query) {
  v1::GetReceiptRequest request;
  request.set_transaction_id(id.str());
  request.set_wait_ms(query.wait_ms);
  request.mutable_lines()->Assign(query.lines.begin(), query.lines.end());
  std::optional<chain::VerifiedReceipt> verified;
  const auto call = [&](std::size_t index, auto* context, auto* response) {
    grpc::Status status = impl_->transactions[index]->GetReceipt(context, request, response);
    if (!status.ok()) return status;
    auto read = chain::VerifyReceipt(AsBytes(response->receipt()), impl_->genesis);
    if (!read || read->transaction_id != id) {
      return impl_->Unusable(index, "a receipt that does not verify");
    }
    verified = std::move(*read);
    return status;
  };
  const std::uint32_t timeout_ms = impl_->options.timeout_ms + query.wait_ms;
  const auto answer =
      query.reader ? impl_->FirstAnswer<v1::GetReceiptResponse>(*query.reader, timeout_ms, call)
                   : impl_->FirstAnswer<v1::GetReceiptResponse>(timeout_ms, call);
  if (!answer) return Unexpected{answer.error()};
  impl_->SawHeight(verified->header.height);
  return Recorded{id, answer->receipt(), std::move(*verified)};
}

Answer<v1::GetStatusResponse> Client::Status(std::size_t index) {
  grpc::ClientContext context;
  impl_->Prepare(context, impl_->options.timeout_ms);
  v1::GetStatusResponse response;
  const grpc::Status status = impl_->node_stubs[index]->GetStatus(&context, {}, &response);
  if (!status.ok()) return Unexpected{FromStatus(status)};
  return response;
}

const chain::Genesis& Client::genesis() const { return impl_->genesis; }
Hash Client::chain_id() const { return impl_->ChainId(); }
const std::vector<NodeAddress>& Client::nodes() const { return impl_->options.nodes; }
Answer<Millis> Client::LedgerNow() { return impl_->Now(); }
void Client::ForgetLedgerTime() { impl_->Forget(); }
Height Client::last_height() const { return Height(impl_->last_height); }
void Client::SawHeight(Height height) { impl_->SawHeight(height); }

Answer<v1::GetOrganisationResponse> Client::Get(const v1::GetOrganisationRequest& request) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetOrganisation, request);
}
Answer<v1::ListOrganisationsResponse> Client::Get(const v1::ListOrganisationsRequest& request) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::ListOrganisations, request);
}
Answer<v1::ListOffersResponse> Client::Get(const v1::ListOffersRequest& request) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::ListOffers, request);
}
Answer<v1::GetPolicyResponse> Client::Get(const v1::GetPolicyRequest& request) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetPolicy, request);
}
Answer<v1::GetHeaderResponse> Client::Get(const v1::GetHeaderRequest& request) {
  return impl_->Read(impl_->chain, &v1::ChainService::Stub::GetHeader, request);
}
Answer<v1::ListEvidenceResponse> Client::Get(const v1::ListEvidenceRequest& request) {
  return impl_->Read(impl_->chain, &v1::ChainService::Stub::ListEvidence, request);
}

Answer<v1::GetValidatorsResponse> Client::Get(const v1::GetValidatorsRequest& request) {
  return impl_->Read(impl_->chain, &v1::ChainService::Stub::GetValidators, request);
}
Answer<v1::GetMemberResponse> Client::Get(const v1::GetMemberRequest& request,
                                          const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetMember, request, reader);
}
Answer<v1::ListMembersResponse> Client::Get(const v1::ListMembersRequest& request,
                                            const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::ListMembers, request, reader);
}
Answer<v1::GetEntryResponse> Client::Get(const v1::GetEntryRequest& request, const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetEntry, request, reader);
}
Answer<v1::ListEntriesResponse> Client::Get(const v1::ListEntriesRequest& request,
                                            const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::ListEntries, request, reader);
}
Answer<v1::GetRedemptionResponse> Client::Get(const v1::GetRedemptionRequest& request,
                                              const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetRedemption, request, reader);
}
Answer<v1::ListRedemptionsResponse> Client::Get(const v1::ListRedemptionsRequest& request,
                                                const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::ListRedemptions, request, reader);
}
Answer<v1::GetStatementResponse> Client::Get(const v1::GetStatementRequest& request,
                                             const Reader& reader) {
  return impl_->Read(impl_->ledger, &v1::LedgerService::Stub::GetStatement, request, reader);
}
Answer<v1::GetBlockResponse> Client::Get(const v1::GetBlockRequest& request, const Reader& reader) {
  return impl_->Read(impl_->chain, &v1::ChainService::Stub::GetBlock, request, reader);
}

}  // namespace timebank::client
