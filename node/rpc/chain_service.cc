// ChainService: headers, bodies for those entitled, fresh tips, genesis.
#include "chain/canonical.h"
#include "chain/domains.h"
#include "ledger/evidence.h"
#include "ledger/validators.h"
#include "node/rpc/receipt_access.h"
#include "node/rpc/services.h"
#include "node/rpc/unary.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc {

namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr std::size_t kNonceSize = 16;
constexpr std::uint64_t kEvidenceEpochsMax = 1'000;  // looked at for one answer
constexpr int kEvidenceItemsMax = 1'000;

class Service final : public v1::ChainService::CallbackService {
 public:
  explicit Service(Backend* backend) : backend_(backend) {}

  Reactor* GetHeader(Context* context, const v1::GetHeaderRequest* request,
                     v1::GetHeaderResponse* response) override {
    return Reply(backend_, context, response,
                 [&]() -> Expected<v1::GetHeaderResponse, client::Error> {
                   const auto block = Read(request->height());
                   if (!block) return Unexpected{block.error()};
                   v1::GetHeaderResponse out;
                   out.set_header(ToString(block->block.header().Encode()));
                   out.set_finalization(ToString(block->finalization.Encode()));
                   return out;
                 });
  }

  Reactor* GetBlock(Context* context, const v1::GetBlockRequest* request,
                    v1::GetBlockResponse* response) override {
    return Reply(
        backend_, context, response, [&]() -> Expected<v1::GetBlockResponse, client::Error> {
          const auto now = backend_->loop->published();
          const auto viewer = ViewerOf(*backend_, *context, *now->final.state);
          if (!viewer) return Unexpected{viewer.error()};
          if (!MaySeeBlocks(*viewer)) {
            return Unexpected{client::MakeError(
                v1::REASON_NOT_ENTITLED, "bodies are for auditors, exporters and operators")};
          }
          const auto block = Read(request->height());
          if (!block) return Unexpected{block.error()};
          v1::GetBlockResponse out;
          out.set_header(ToString(block->block.header().Encode()));
          out.set_body(ToString(*block->block.body()));
          out.set_finalization(ToString(block->finalization.Encode()));
          return out;
        });
  }

  Reactor* GetFreshTip(Context* context, const v1::GetFreshTipRequest* request,
                       v1::GetFreshTipResponse* response) override {
    return Reply(
        backend_, context, response, [&]() -> Expected<v1::GetFreshTipResponse, client::Error> {
          if (request->nonce().size() != kNonceSize) {
            return Unexpected{client::MakeError(v1::REASON_BAD_FIELD, "nonce has 16 bytes")};
          }
          return SignTip(request->nonce());
        });
  }

  Reactor* GetValidators(Context* context, const v1::GetValidatorsRequest* /*request*/,
                         v1::GetValidatorsResponse* response) override {
    return Reply(backend_, context, response,
                 [&]() -> Expected<v1::GetValidatorsResponse, client::Error> {
                   const auto now = backend_->loop->published();
                   const ledger::State& state = *now->final.state;
                   v1::GetValidatorsResponse out;
                   out.set_epoch(state.chain().epoch());
                   out.set_height(state.height().value());
                   *out.mutable_current() = ledger::SetOf(state, Epoch(state.chain().epoch()));
                   if (auto waiting = ledger::WaitingSet(state)) {
                     *out.mutable_waiting() = std::move(*waiting);
                   }
                   return out;
                 });
  }

  Reactor* ListEvidence(Context* context, const v1::ListEvidenceRequest* request,
                        v1::ListEvidenceResponse* response) override {
    return Reply(backend_, context, response,
                 [&]() { return EvidenceFrom(Epoch(request->first_epoch())); });
  }

  Reactor* GetGenesis(Context* context, const v1::GetGenesisRequest* /*request*/,
                      v1::GetGenesisResponse* response) override {
    return Reply(backend_, context, response,
                 [&]() -> Expected<v1::GetGenesisResponse, client::Error> {
                   v1::GetGenesisResponse out;
                   out.set_genesis(backend_->genesis_bytes);
                   out.set_chain_id(backend_->genesis.chain_id.str());
                   return out;
                 });
  }

 private:
  // A final block; 0: the last one.
  Expected<consensus::CommittedBlock, client::Error> Read(std::uint64_t height) {
    const std::uint64_t last = backend_->loop->published()->final.header.height.value();
    const std::uint64_t at = height == 0 ? last : height;
    if (at == 0 || at > last) {
      return Unexpected{client::MakeError(
          v1::REASON_NOT_FOUND, "the last final block has height " + std::to_string(last))};
    }
    auto block = backend_->index->ReadBlock(Height(at));
    if (!block) return Unexpected{BlockMissing(*backend_->index, Height(at))};
    return std::move(*block);
  }

  // Bounded by epochs looked at and by items.
  Expected<v1::ListEvidenceResponse, client::Error> EvidenceFrom(Epoch first) {
    const auto now = backend_->loop->published();
    const ledger::State& state = *now->final.state;
    if (now->final.epochs == nullptr) {
      return Unexpected{client::MakeError(v1::REASON_BLOCK_DAMAGED)};
    }
    v1::ListEvidenceResponse out;
    out.set_epoch(state.chain().epoch());
    std::uint64_t links = 0;
    Epoch epoch = first;
    for (std::uint64_t looked = 0; epoch.value() <= out.epoch(); epoch = epoch.Next(), ++looked) {
      if (looked == kEvidenceEpochsMax || out.items_size() > kEvidenceItemsMax) {
        out.set_next_epoch(epoch.value());
        break;
      }
      const auto record = ledger::EvidenceOf(state, epoch);
      if (!record) continue;
      out.mutable_items()->MergeFrom(record->items());
      links = epoch.value();
    }
    const auto& all = *now->final.epochs;
    if (static_cast<std::uint64_t>(all.size()) < links) {
      return Unexpected{client::MakeError(v1::REASON_BLOCK_DAMAGED)};
    }
    out.mutable_epochs()->Add(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(links));
    return out;
  }

  v1::GetFreshTipResponse SignTip(const std::string& nonce) {
    const auto now = backend_->loop->published();
    v1::FreshTip tip;
    tip.set_version(1);
    tip.set_era(now->final.header.era.value());
    tip.set_height(now->final.header.height.value());
    tip.set_digest(now->final.digest.str());
    tip.set_time_ms(backend_->clock->LedgerNow().value());
    tip.set_nonce(nonce);
    v1::GetFreshTipResponse out;
    out.set_tip(chain::CanonicalBytes(tip));
    out.set_signature(crypto::SuitedSignature(backend_->key.Sign(
        chain::SignedBytes(chain::kTipDomain, backend_->chain_id, {AsBytes(out.tip())}))));
    if (tip.era() > 0 && now->final.epochs != nullptr) *out.mutable_epochs() = *now->final.epochs;
    out.set_validator_key(crypto::SuitedKey(backend_->key.public_key()));
    return out;
  }

  Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewChainService(Backend* backend) {
  return std::make_unique<Service>(backend);
}

}  // namespace timebank::rpc
