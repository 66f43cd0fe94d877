#include "ledger/redemption.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/civil.h"
#include "crypto/sha256.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

Reason GiveBackStock(TxContext& tx, const v1::Redemption& redemption);

}  // namespace

Reason SweepRedemption(TxContext& tx, const RedemptionId& id) {
  tx.BeginLine(id.view());
  v1::Redemption* redemption = tx.Edit<v1::Redemption>(id);
  TB_CHECK(redemption != nullptr);
  if (redemption->state() == v1::REDEMPTION_STATE_FULFILLED) {
    // Silence captures nothing: the minutes stay held until somebody decides.
    redemption->set_state(v1::REDEMPTION_STATE_DISPUTED);
    redemption->set_due_ms(0);
  } else if (const Reason no = EndUncaptured(tx, *redemption, v1::REDEMPTION_STATE_EXPIRED)) {
    return no;
  }
  Tell(tx, *redemption);
  return kOk;
}

Policy PolicyOfRedemption(TxContext& tx, const v1::Redemption& redemption) {
  const v1::Member* holder = tx.Find<v1::Member>(As<MemberId>(redemption.holder()));
  TB_CHECK(holder != nullptr);
  return tx.PolicyOf(As<OrgId>(holder->home_org()), Millis(redemption.requested_ms()));
}

Reason CheckState(const TxContext& tx, const v1::Redemption& redemption,
                  std::initializer_list<v1::RedemptionState> states) {
  if (redemption.state() == v1::REDEMPTION_STATE_EXPIRED) return v1::REASON_DEADLINE_PASSED;
  if (std::find(states.begin(), states.end(), redemption.state()) == states.end()) {
    return v1::REASON_WRONG_STATE;
  }
  const bool overdue = redemption.due_ms() != 0 && redemption.due_ms() <= tx.now_ms();
  return overdue ? v1::REASON_DEADLINE_PASSED : kOk;
}

Reason RequireProvider(TxContext& tx, const OrgId& provider) {
  const Reason merchant = RequireOfficer(tx, v1::ROLE_MERCHANT, provider);
  return merchant == kOk ? kOk : RequireOfficer(tx, v1::ROLE_CASHIER, provider);
}

bool IsProviderStaff(const v1::Member& person, const OrgId& provider) {
  return HoldsOfficeAt(person, v1::ROLE_MERCHANT, provider) ||
         HoldsOfficeAt(person, v1::ROLE_CASHIER, provider);
}

Reason CheckF12(TxContext& tx, const OrgId& provider) {
  const Signer& signer = tx.signers().front();
  if (signer.role != v1::ROLE_PROXY && signer.role != v1::ROLE_TERMINAL) return kOk;
  const bool staff = IsProviderStaff(*tx.Find<v1::Member>(signer.member), provider);
  return staff ? v1::REASON_F12_MERCHANT_AS_PROXY : kOk;
}

Reason RequireTerminal(TxContext& tx, const OrgId& home, const OrgId& provider) {
  const Reason near_home = RequireOfficerAbove(tx, v1::ROLE_TERMINAL, home);
  return near_home == kOk ? kOk : RequireOfficerAbove(tx, v1::ROLE_TERMINAL, provider);
}

HoldName HoldOf(const v1::Redemption& redemption) {
  const bool goods = redemption.kind() == v1::OFFER_KIND_GOODS;
  return {As<HoldId>(redemption.redemption()), As<MemberId>(redemption.holder()),
          goods ? v1::HOLD_PURPOSE_GOODS : v1::HOLD_PURPOSE_SERVICE};
}

CounterId OfferPersonCounter(const MemberId& holder, const OfferId& offer) {
  const Hash hash = crypto::Sha256({holder.view(), offer.view()});
  CounterId id;
  id.owner = *decltype(id.owner)::From(hash.view().first(decltype(id.owner)::kSize));
  id.scope = v1::COUNTER_SCOPE_OFFER_PERSON;
  return id;
}

CounterId GoodsYearCounter(const TxContext& tx, const v1::Redemption& redemption) {
  return MemberCounter(As<MemberId>(redemption.holder()), v1::COUNTER_SCOPE_GOODS_YEAR,
                       LocalYear(Millis(redemption.requested_ms()), tx.civil_offset()));
}

void Tell(TxContext& tx, const v1::Redemption& redemption) {
  tx.line().set_content_hash(redemption.action_hash());
  tx.line().set_state(static_cast<std::uint32_t>(redemption.state()));
}

Reason EndUncaptured(TxContext& tx, v1::Redemption& redemption, v1::RedemptionState state) {
  if (const Reason no = ReleaseHold(tx, HoldOf(redemption))) return no;
  if (const Reason no = GiveBackStock(tx, redemption)) return no;
  if (redemption.kind() == v1::OFFER_KIND_GOODS) {
    if (const Reason no = AddToCounter(tx, GoodsYearCounter(tx, redemption),
                                       {.minutes = -redemption.price_minutes()})) {
      return no;
    }
  }
  redemption.set_state(state);
  redemption.set_due_ms(0);
  return kOk;
}

namespace {

Reason GiveBackStock(TxContext& tx, const v1::Redemption& redemption) {
  const auto offer_id = As<OfferId>(redemption.offer());
  v1::Offer* offer = tx.Edit<v1::Offer>(offer_id);
  TB_CHECK(offer != nullptr);
  // The merchant may have published a new stock meanwhile: it never wraps.
  const std::uint32_t room = std::numeric_limits<std::uint32_t>::max() - offer->stock();
  offer->set_stock(offer->stock() + std::min(redemption.quantity(), room));
  const std::int64_t pieces = redemption.quantity();
  return AddToCounter(tx, OfferPersonCounter(As<MemberId>(redemption.holder()), offer_id),
                      {.count = -pieces});
}

}  // namespace
}  // namespace timebank::ledger
