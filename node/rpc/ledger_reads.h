// The reads of LedgerService as plain functions: one final state, one viewer, one answer. Records
// come from the state, the order of lists from the index.
#pragma once

#include <memory>

#include "api/client/error.h"
#include "base/expected.h"
#include "node/replica/replica.h"
#include "node/rpc/access.h"
#include "node/rpc/ledger_index.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

inline constexpr std::uint32_t kPageSizeDefault = 100;
inline constexpr std::uint32_t kPageSizeMax = 500;

template <typename T>
using Answer = Expected<T, client::Error>;

class LedgerReads {
 public:
  // Both outlive this object.
  LedgerReads(const replica::FinalView* view, LedgerIndex* index) : view_(view), index_(index) {}

  // Public.
  [[nodiscard]] Answer<v1::GetOrganisationResponse> Get(const v1::GetOrganisationRequest& request);
  [[nodiscard]] Answer<v1::ListOrganisationsResponse> Get(
      const v1::ListOrganisationsRequest& request);
  [[nodiscard]] Answer<v1::ListOffersResponse> Get(const v1::ListOffersRequest& request);
  // `now`: ledger time, for a request without one.
  [[nodiscard]] Answer<v1::GetPolicyResponse> Get(const v1::GetPolicyRequest& request, Millis now);

  [[nodiscard]] Answer<v1::GetMemberResponse> Get(const v1::GetMemberRequest& request,
                                                  const Viewer& viewer);
  [[nodiscard]] Answer<v1::ListMembersResponse> Get(const v1::ListMembersRequest& request,
                                                    const Viewer& viewer);
  [[nodiscard]] Answer<v1::GetEntryResponse> Get(const v1::GetEntryRequest& request,
                                                 const Viewer& viewer);
  [[nodiscard]] Answer<v1::ListEntriesResponse> Get(const v1::ListEntriesRequest& request,
                                                    const Viewer& viewer);
  [[nodiscard]] Answer<v1::GetRedemptionResponse> Get(const v1::GetRedemptionRequest& request,
                                                      const Viewer& viewer);
  [[nodiscard]] Answer<v1::ListRedemptionsResponse> Get(const v1::ListRedemptionsRequest& request,
                                                        const Viewer& viewer);
  [[nodiscard]] Answer<v1::GetStatementResponse> Get(const v1::GetStatementRequest& request,
                                                     const Viewer& viewer);

 private:
  [[nodiscard]] const ledger::State& state() const { return *view_->state; }
  [[nodiscard]] std::uint64_t height() const { return view_->header.height.value(); }

  const replica::FinalView* const view_;
  LedgerIndex* const index_;
};

}  // namespace timebank::rpc
