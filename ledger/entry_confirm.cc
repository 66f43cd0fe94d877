// CONFIRM_ENTRY: the elder's side says that the visit was as recorded, by one of five channels
// (DOMAIN 8). Walk-in help is paid for from here on: its hold is placed now.
#include "chain/canonical.h"
#include "chain/transaction.h"
#include "ledger/authority.h"
#include "ledger/counters.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/pin_statement.h"
#include "ledger/rules.h"
#include "ledger/suspicion.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kActionVersion = 1;

Reason CheckActionFields(const v1::ConfirmAction& action, bool with_pin);
// F3: who confirms or witnesses is neither volunteer nor elder, but for the elder in person.
Reason CheckConfirmerDistance(const v1::ConfirmAction& action, const v1::Entry& entry,
                              const Signer& signer);
// F15: the signer is who the channel asks for; for a card also its PIN statement.
Reason CheckChannelAuthority(TxContext& tx, const v1::ConfirmEntry& confirm,
                             const v1::ConfirmAction& action, const v1::Member& elder);
// CARD_DAY_MINUTES (F5), counted on the local day of block time.
Reason CountCardMinutes(TxContext& tx, const v1::Entry& entry);
// A walk-in's hold, and F8 of the key that places it.
Reason HoldForWalkIn(TxContext& tx, const v1::Entry& entry, v1::Channel channel);
bool NeedsReview(TxContext& tx, const v1::Entry& entry, v1::Channel channel,
                 const MemberId& confirmer);

}  // namespace

Reason CheckForm(const v1::ConfirmEntry& confirm) {
  if (confirm.action().empty()) return v1::REASON_MISSING_FIELD;
  const auto action = chain::ParseCanonical<v1::ConfirmAction>(AsBytes(confirm.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  if (const Reason no = CheckActionFields(*action, confirm.has_pin())) return no;
  return confirm.has_pin() ? CheckPinForm(confirm.pin()) : kOk;
}

Reason Execute(TxContext& tx, const v1::ConfirmEntry& confirm) {
  const auto action = chain::ParseCanonical<v1::ConfirmAction>(AsBytes(confirm.action()));
  if (!action) return chain::ReasonOf(action.error().fault);
  const auto id = As<EntryId>(action->entry());
  tx.BeginLine(id.view());
  const v1::Entry* known = tx.Find<v1::Entry>(id);
  if (known == nullptr) return v1::REASON_UNKNOWN_ENTRY;
  const v1::Member* elder = tx.Find<v1::Member>(As<MemberId>(known->elder()));
  const bool witness_unknown =
      !action->witness().empty() && tx.Find<v1::Member>(As<MemberId>(action->witness())) == nullptr;
  if (elder == nullptr || witness_unknown) return v1::REASON_UNKNOWN_MEMBER;
  const auto signer = OnlySigner(tx);
  if (!signer) return signer.error();
  if (const Reason no = CheckConfirmerDistance(*action, *known, *signer)) return no;
  if (const Reason no = CheckChannelAuthority(tx, confirm, *action, *elder)) return no;
  if (const Reason no = CheckState(tx, *known, {v1::ENTRY_STATE_SUBMITTED})) return no;
  if (action->content_hash() != known->content_hash()) return v1::REASON_CONTENT_MISMATCH;
  if (action->channel() == v1::CHANNEL_CARD) {
    if (const Reason no = CountCardMinutes(tx, *known)) return no;
  }
  if (const Reason no = HoldForWalkIn(tx, *known, action->channel())) return no;

  v1::Entry& entry = *tx.Edit<v1::Entry>(id);
  entry.set_state(v1::ENTRY_STATE_CONFIRMED);
  entry.set_channel(action->channel());
  entry.set_confirmed_ms(tx.now_ms());
  entry.set_confirmed_by(signer->member.str());
  entry.set_witness(action->witness());
  entry.set_reference_commitment(action->reference_commitment());
  if (NeedsReview(tx, entry, action->channel(), signer->member)) {
    entry.set_flags(entry.flags() | v1::FLAG_R1_NOT_OWN_KEY);
  }
  const bool by_key =
      action->channel() == v1::CHANNEL_APP || action->channel() == v1::CHANNEL_PROXY;
  if (by_key) NoteConfirmation(tx, *signer, entry);
  const Policy policy = PolicyOfEntry(tx, entry);
  entry.set_due_ms(tx.now_ms() + policy.Ms(v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS) +
                   policy.Ms(v1::POLICY_PARAMETER_APPROVE_GRACE_MS));
  AddEntryParties(tx, entry);
  Tell(tx, entry);
  return kOk;
}

namespace {

Reason CheckActionFields(const v1::ConfirmAction& action, bool with_pin) {
  if (action.version() != 0 && action.version() != kActionVersion) {
    return v1::REASON_UNKNOWN_VERSION;
  }
  const bool card = action.channel() == v1::CHANNEL_CARD;
  const bool paper = action.channel() == v1::CHANNEL_PAPER;
  const bool call = action.channel() == v1::CHANNEL_CALLBACK;
  if (AnyEmpty({action.entry(), action.content_hash()}) || action.version() == 0 ||
      action.channel() == v1::CHANNEL_UNSPECIFIED || (card && !with_pin) ||
      (paper && action.witness().empty()) || (call && action.reference_commitment().empty())) {
    return v1::REASON_MISSING_FIELD;
  }
  const bool excess = (!card && with_pin) || (!paper && !action.witness().empty()) ||
                      (!call && !paper && !action.reference_commitment().empty());
  return excess ? v1::REASON_BAD_FIELD : kOk;
}

Reason CheckConfirmerDistance(const v1::ConfirmAction& action, const v1::Entry& entry,
                              const Signer& signer) {
  const auto is_party = [&](std::string_view person) {
    return person == entry.volunteer() || person == entry.elder();
  };
  const bool in_person = signer.role == v1::ROLE_MEMBER && signer.member.text() == entry.elder();
  const bool too_close = (!in_person && is_party(signer.member.text())) ||
                         (!action.witness().empty() && is_party(action.witness()));
  return too_close ? v1::REASON_F3_SEPARATION_OF_DUTIES : kOk;
}

Reason CheckChannelAuthority(TxContext& tx, const v1::ConfirmEntry& confirm,
                             const v1::ConfirmAction& action, const v1::Member& elder) {
  const auto home = As<OrgId>(elder.home_org());
  const Signer& signer = tx.signers().front();
  switch (action.channel()) {
    case v1::CHANNEL_APP:
      return RequireMember(tx, As<MemberId>(elder.member()));
    case v1::CHANNEL_PROXY:
      return signer.role == v1::ROLE_PROXY && IsProxyFor(tx, elder, signer.member, kProxyConfirm)
                 ? kOk
                 : v1::REASON_F15_WRONG_SCOPE;
    case v1::CHANNEL_CARD:
      if (const Reason no = RequireOfficerAbove(tx, v1::ROLE_TERMINAL, home)) return no;
      return CheckPin(tx, confirm.pin(), elder, AsBytes(confirm.action()));
    case v1::CHANNEL_CALLBACK:
      return RequireOfficerAbove(tx, v1::ROLE_DISPATCHER, home);
    case v1::CHANNEL_PAPER:
      return RequireOfficerAbove(tx, v1::ROLE_CLERK, home);
    case v1::CHANNEL_UNSPECIFIED:
    case v1::Channel_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Channel_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return v1::REASON_BAD_FIELD;
}

Reason CountCardMinutes(TxContext& tx, const v1::Entry& entry) {
  const auto elder = As<MemberId>(entry.elder());
  const CounterId counter =
      MemberCounter(elder, v1::COUNTER_SCOPE_CARD_DAY, LocalDay(tx.now(), tx.civil_offset()));
  const std::int64_t cap =
      tx.PolicyOf(As<OrgId>(entry.community())).Get(v1::POLICY_PARAMETER_CARD_DAY_MINUTES);
  if (!FitsUnderCap(tx, counter, entry.served_minutes(), cap)) return v1::REASON_F5_CAP;
  return AddToCounter(tx, counter, {.minutes = entry.served_minutes()});
}

Reason HoldForWalkIn(TxContext& tx, const v1::Entry& entry, v1::Channel channel) {
  if (entry.ordered()) return kOk;
  if (const Reason no =
          PlaceHold(tx, {.name = HoldOf(entry), .minutes = entry.credited_minutes()})) {
    return no;
  }
  const bool own_or_proxy = channel == v1::CHANNEL_APP || channel == v1::CHANNEL_PROXY;
  return own_or_proxy ? RequireKeyAge(tx, tx.signers().front()) : kOk;
}

// R1: only the elder's own key, or a proxy who is neither staff nor kin of the volunteer, speaks
// for the elder unreviewed. Kin of the approver is seen at approval.
bool NeedsReview(TxContext& tx, const v1::Entry& entry, v1::Channel channel,
                 const MemberId& confirmer) {
  if (channel == v1::CHANNEL_APP) return false;
  if (channel != v1::CHANNEL_PROXY) return true;
  const bool staff = tx.Find<v1::Member>(confirmer)->offices_size() != 0;
  return staff || AreKin(tx, confirmer, As<MemberId>(entry.volunteer()));
}

}  // namespace
}  // namespace timebank::ledger
