// Holds: minutes set aside from their accounts, remembered line by line, until they are captured or
// go back where they came from (docs/ledger.md, "Money"). An entry's or redemption's hold has its
// id, a donation's is client-made: one id is in use for one of them only (IdIsFree).
#pragma once

#include <cstdint>
#include <vector>

#include "ledger/context.h"

namespace timebank::ledger {

enum class HoldSources : std::uint8_t {
  kSpendingOrder,  // GRANT lots not lapsed, earliest first; RECEIVED; EARNED
  kEarnedOnly,     // donations and goods
};

// A hold as the entry, redemption or donation that it pays for knows it. The record must agree in
// all three: whoever shares nothing but the id moves none of its minutes.
struct HoldName {
  HoldId hold;
  MemberId owner;
  v1::HoldPurpose purpose = v1::HOLD_PURPOSE_UNSPECIFIED;
};

struct HoldPlan {
  HoldName name;
  std::int64_t minutes = 0;
  Millis expires;  // informative, but for donations, which the sweep ends
  HoldSources sources = HoldSources::kSpendingOrder;
  OrgId beneficiary;  // donations only
};

// True when no entry, redemption or hold has the id: asked where a client-made id first appears,
// whatever it is to name. What is there already is judged by its kind (ALREADY_RECORDED); any other
// is CONFLICT.
[[nodiscard]] bool IdIsFree(TxContext& tx, const HoldId& id);

// True when there is this very hold.
[[nodiscard]] bool IsHeld(TxContext& tx, const HoldName& name);

// Moves the minutes into HELD and records the hold. DEBT while the owner has debt, F13 when there
// is too little, CONFLICT when a hold with the id exists. Zero minutes make a hold without lines.
[[nodiscard]] Reason PlaceHold(TxContext& tx, const HoldPlan& plan);

// Sends everything back to its sources and removes the hold; a GRANT lot that lapsed meanwhile goes
// to SINK. UNKNOWN_HOLD unless IsHeld.
[[nodiscard]] Reason ReleaseHold(TxContext& tx, const HoldName& name);

// Moves `minutes` to `to`, using the lines in their order (also lapsed lots), releases the rest and
// removes the hold. `paid` (may be null) gets the lines used. UNKNOWN_HOLD unless IsHeld; F13 when
// the hold is smaller.
[[nodiscard]] Reason CaptureHold(TxContext& tx, const HoldName& name, std::int64_t minutes,
                                 const Account& to,
                                 google::protobuf::RepeatedPtrField<v1::HoldLine>* paid);

// Sum of the lines; 0 when there is no such hold.
[[nodiscard]] std::int64_t HeldMinutes(TxContext& tx, const HoldId& hold);

// Pays captured lines back to their sources from `payer`, in order; lapsed GRANT lots go to SINK.
[[nodiscard]] Reason Refund(TxContext& tx, const Account& payer, const MemberId& owner,
                            const google::protobuf::RepeatedPtrField<v1::HoldLine>& lines);

// What the owner could spend now in the order of `sources`.
[[nodiscard]] std::int64_t Spendable(const TxContext& tx, const v1::Member& owner,
                                     HoldSources sources);
// True when the month of a GRANT lot is over: it is no longer spendable, swept or not.
[[nodiscard]] bool IsLapsed(const TxContext& tx, std::uint32_t lot);

}  // namespace timebank::ledger
