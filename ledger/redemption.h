// What the kinds of "Redemption" share (DOMAIN 4): the state a redemption must be in, who stands
// for holder and provider, and how a redemption ends without being captured.
#pragma once

#include <initializer_list>

#include "ledger/context.h"
#include "ledger/holds.h"

namespace timebank::ledger {

// Of the holder's home organisation as of the request. Requires: the holder exists.
[[nodiscard]] Policy PolicyOfRedemption(TxContext& tx, const v1::Redemption& redemption);
// DEADLINE_PASSED when the redemption is overdue or expired; WRONG_STATE unless its state is
// listed.
[[nodiscard]] Reason CheckState(const TxContext& tx, const v1::Redemption& redemption,
                                std::initializer_list<v1::RedemptionState> states);
// F15 unless the only signer is merchant or cashier of the provider.
[[nodiscard]] Reason RequireProvider(TxContext& tx, const OrgId& provider);
// Merchant or cashier of the provider, in whatever capacity the person signs.
[[nodiscard]] bool IsProviderStaff(const v1::Member& person, const OrgId& provider);
// F12 when a proxy of the holder or a terminal signs who is of the provider's staff.
[[nodiscard]] Reason CheckF12(TxContext& tx, const OrgId& provider);
// F15 unless the only signer is a terminal of an ancestor of the holder's home or of the provider.
[[nodiscard]] Reason RequireTerminal(TxContext& tx, const OrgId& home, const OrgId& provider);

[[nodiscard]] HoldName HoldOf(const v1::Redemption& redemption);
// Pieces of one offer that one person took: OFFER_PERSON, keyed by a hash of both.
[[nodiscard]] CounterId OfferPersonCounter(const MemberId& holder, const OfferId& offer);
// Minutes of goods in the local year of the request.
[[nodiscard]] CounterId GoodsYearCounter(const TxContext& tx, const v1::Redemption& redemption);

// Copies content hash and state into the current effects line.
void Tell(TxContext& tx, const v1::Redemption& redemption);
// Releases the hold, gives stock and counts back, sets the state.
[[nodiscard]] Reason EndUncaptured(TxContext& tx, v1::Redemption& redemption,
                                   v1::RedemptionState state);

}  // namespace timebank::ledger
