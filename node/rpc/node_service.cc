// NodeService: status, and the clock of development networks.
#include <spdlog/spdlog.h>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "consensus/limits.h"
#include "node/rpc/ledger_totals.h"
#include "node/rpc/services.h"
#include "node/rpc/unary.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc {

namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// Keeps wall clock plus offset far from the ends of 64 bits.
constexpr std::int64_t kOffsetMsMax = std::int64_t{36'525} * 86'400'000;

class Service final : public v1::NodeService::CallbackService {
 public:
  explicit Service(Backend* backend) : backend_(backend) {}

  Reactor* GetStatus(Context* context, const v1::GetStatusRequest* /*request*/,
                     v1::GetStatusResponse* response) override {
    return Reply(backend_, context, response,
                 [&]() -> Expected<v1::GetStatusResponse, client::Error> { return Status(); });
  }

  Reactor* SetClock(Context* context, const v1::SetClockRequest* request,
                    v1::SetClockResponse* response) override {
    return Reply(backend_, context, response, [&] { return SetClock(*request); });
  }

 private:
  [[nodiscard]] v1::GetStatusResponse Status();
  [[nodiscard]] Expected<v1::SetClockResponse, client::Error> SetClock(
      const v1::SetClockRequest& request);

  Backend* const backend_;
  LedgerTotals totals_;
};

v1::GetStatusResponse Service::Status() {
  const auto now = backend_->loop->published();
  const chain::Header& header = now->final.header;
  const Totals totals = totals_.Of(now->final.state);
  v1::GetStatusResponse out;
  out.set_name(backend_->name);
  out.set_version(backend_->version);
  out.set_chain_id(backend_->chain_id.str());
  out.set_development(backend_->genesis.message.development());
  out.set_epoch(now->status.consensus.position.epoch.value());
  out.set_view(now->status.consensus.position.view.value());
  out.set_height(header.height.value());
  out.set_digest(now->final.digest.str());
  out.set_state_root(header.state_root.str());
  out.set_log_size(header.log_size);
  out.set_ledger_time_ms(backend_->clock->LedgerNow().value());
  const Standing standing = backend_->CurrentStanding();
  out.set_validators(static_cast<std::uint32_t>(standing.validators));
  out.set_quorum(static_cast<std::uint32_t>(chain::Quorum(standing.validators)));
  out.set_reachable(static_cast<std::uint32_t>(standing.reachable));
  out.set_pool_transactions(static_cast<std::uint32_t>(now->status.pool_transactions));
  out.set_accepting(backend_->ClosedBecause() == v1::REASON_UNSPECIFIED);
  for (const PeerState& peer : backend_->peers->states()) {
    v1::PeerStatus* status = out.add_peers();
    status->set_name(peer.name);
    status->set_reachable(peer.reachable);
    status->set_clock_ahead_ms(peer.clock_ahead_ms.value_or(0));
  }
  out.set_validator_key(crypto::SuitedKey(backend_->key.public_key()));
  out.set_members(totals.members);
  out.set_credited_minutes(totals.credited_minutes);
  if (now->status.next_due_ms) out.set_next_due_ms(now->status.next_due_ms->value());
  out.set_validator(standing.is_validator);
  out.set_clock_offset_ms(backend_->clock->offset_ms());
  out.set_voting(backend_->CurrentVoting());
  out.set_clock_skew_max_ms(consensus::kSkewMaxMs);
  out.set_edition(now->status.edition);
  out.set_edition_known(backend_->edition_known);
  if (const auto& coming = now->status.edition_to_come) {
    out.set_edition_to_come(coming->edition);
    out.set_edition_from_height(coming->from.value());
  }
  return out;
}

Expected<v1::SetClockResponse, client::Error> Service::SetClock(
    const v1::SetClockRequest& request) {
  const v1::Genesis& genesis = backend_->genesis.message;
  if (!genesis.development()) {
    return Unexpected{client::MakeError(v1::REASON_NOT_DEVELOPMENT)};
  }
  const auto command = chain::ParseCanonical<v1::ClockCommand>(AsBytes(request.command()));
  if (!command || command->version() != 1 || command->offset_ms() > kOffsetMsMax ||
      command->offset_ms() < -kOffsetMsMax) {
    return Unexpected{client::MakeError(v1::REASON_BAD_FIELD, "command")};
  }
  const auto key = crypto::ParseSuitedKey(AsBytes(genesis.dev_key()));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(request.signature()));
  if (!key || !signature ||
      !crypto::Verify(*key,
                      chain::SignedBytes(chain::kDevClockDomain, backend_->genesis.chain_id,
                                         {AsBytes(request.command())}),
                      *signature)) {
    return Unexpected{client::MakeError(v1::REASON_BAD_SIGNATURE, "of the genesis' dev key")};
  }
  const auto set = backend_->clock->SetOffset(command->offset_ms());
  if (!set) return Unexpected{client::MakeError(v1::REASON_BAD_FIELD, set.error())};
  backend_->peers->ForgetClocks();
  backend_->inbox->PutOwn(replica::Tick{});  // something may be due now
  spdlog::info("clock set: ledger time is {} ms", backend_->clock->LedgerNow().value());
  v1::SetClockResponse out;
  out.set_offset_ms(backend_->clock->offset_ms());
  out.set_ledger_time_ms(backend_->clock->LedgerNow().value());
  return out;
}

}  // namespace

std::unique_ptr<grpc::Service> NewNodeService(Backend* backend) {
  return std::make_unique<Service>(backend);
}

}  // namespace timebank::rpc
