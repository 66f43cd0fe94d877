// LedgerService: finds the viewer and hands on to ledger_reads.h.
#include "node/rpc/ledger_reads.h"
#include "node/rpc/services.h"
#include "node/rpc/unary.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::rpc {

namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

class Service final : public v1::LedgerService::CallbackService {
 public:
  explicit Service(Backend* backend) : backend_(backend) {}

  Reactor* GetOrganisation(Context* context, const v1::GetOrganisationRequest* request,
                           v1::GetOrganisationResponse* response) override {
    return Public(context, request, response);
  }
  Reactor* ListOrganisations(Context* context, const v1::ListOrganisationsRequest* request,
                             v1::ListOrganisationsResponse* response) override {
    return Public(context, request, response);
  }
  Reactor* ListOffers(Context* context, const v1::ListOffersRequest* request,
                      v1::ListOffersResponse* response) override {
    return Public(context, request, response);
  }
  Reactor* GetPolicy(Context* context, const v1::GetPolicyRequest* request,
                     v1::GetPolicyResponse* response) override {
    return Reply(backend_, context, response, [&] {
      const auto now = backend_->loop->published();
      return LedgerReads(&now->final, backend_->index).Get(*request, backend_->clock->LedgerNow());
    });
  }

  Reactor* GetMember(Context* context, const v1::GetMemberRequest* request,
                     v1::GetMemberResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* ListMembers(Context* context, const v1::ListMembersRequest* request,
                       v1::ListMembersResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* GetEntry(Context* context, const v1::GetEntryRequest* request,
                    v1::GetEntryResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* ListEntries(Context* context, const v1::ListEntriesRequest* request,
                       v1::ListEntriesResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* GetRedemption(Context* context, const v1::GetRedemptionRequest* request,
                         v1::GetRedemptionResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* ListRedemptions(Context* context, const v1::ListRedemptionsRequest* request,
                           v1::ListRedemptionsResponse* response) override {
    return WithToken(context, request, response);
  }
  Reactor* GetStatement(Context* context, const v1::GetStatementRequest* request,
                        v1::GetStatementResponse* response) override {
    return WithToken(context, request, response);
  }

 private:
  template <typename Request, typename Response>
  Reactor* Public(Context* context, const Request* request, Response* response) {
    return Reply(backend_, context, response, [&] {
      const auto now = backend_->loop->published();
      return LedgerReads(&now->final, backend_->index).Get(*request);
    });
  }
  template <typename Request, typename Response>
  Reactor* WithToken(Context* context, const Request* request, Response* response) {
    return Reply(backend_, context, response, [&]() -> Answer<Response> {
      const auto now = backend_->loop->published();
      const auto viewer = ViewerOf(*backend_, *context, *now->final.state);
      if (!viewer) return Unexpected{viewer.error()};
      return LedgerReads(&now->final, backend_->index).Get(*request, *viewer);
    });
  }

  Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewLedgerService(Backend* backend) {
  return std::make_unique<Service>(backend);
}

}  // namespace timebank::rpc
