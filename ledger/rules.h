// The rule functions of every kind of transaction, by family. For each message of
// TransactionBody.kind:
//   CheckForm(message)        stateless: MISSING_FIELD, BAD_FIELD, AMOUNT_NOT_POSITIVE; kOk
//   Execute(context, message) the rest, in the order of docs/ledger.md; kOk or the reason
// kinds.cc binds them to field numbers. The sweep's functions are at the end.
#pragma once

#include "ledger/context.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::ledger {

// ---- organisations.cc ----
[[nodiscard]] Reason CheckForm(const v1::CreateOrganisation& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CreateOrganisation& message);
[[nodiscard]] Reason CheckForm(const v1::AppointOfficer& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::AppointOfficer& message);
[[nodiscard]] Reason CheckForm(const v1::DismissOfficer& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::DismissOfficer& message);
[[nodiscard]] Reason CheckForm(const v1::SetPolicy& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::SetPolicy& message);
[[nodiscard]] Reason CheckForm(const v1::SetThreshold& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::SetThreshold& message);
[[nodiscard]] Reason CheckForm(const v1::ApproveBudget& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ApproveBudget& message);

// ---- validators.cc ----
[[nodiscard]] Reason CheckForm(const v1::ChangeValidators& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ChangeValidators& message);
[[nodiscard]] Reason CheckForm(const v1::ScheduleEdition& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ScheduleEdition& message);
[[nodiscard]] Reason CheckForm(const v1::Ready& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::Ready& message);

// ---- people.cc ----
[[nodiscard]] Reason CheckForm(const v1::RegisterMember& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::RegisterMember& message);
[[nodiscard]] Reason CheckForm(const v1::AddKey& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::AddKey& message);
[[nodiscard]] Reason CheckForm(const v1::RevokeKey& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::RevokeKey& message);
[[nodiscard]] Reason CheckForm(const v1::SetProxy& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::SetProxy& message);
[[nodiscard]] Reason CheckForm(const v1::RegisterKin& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::RegisterKin& message);

// ---- listing.cc, grants.cc ----
[[nodiscard]] Reason CheckForm(const v1::ListMember& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ListMember& message);
[[nodiscard]] Reason CheckForm(const v1::UnlistMember& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::UnlistMember& message);
[[nodiscard]] Reason CheckForm(const v1::GrantRun& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::GrantRun& message);

// ---- entry_*.cc, paper*.cc, correction*.cc ----
[[nodiscard]] Reason CheckForm(const v1::PlaceOrder& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::PlaceOrder& message);
[[nodiscard]] Reason CheckForm(const v1::ClaimOrder& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ClaimOrder& message);
[[nodiscard]] Reason CheckForm(const v1::CheckIn& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CheckIn& message);
[[nodiscard]] Reason CheckForm(const v1::CheckOut& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CheckOut& message);
[[nodiscard]] Reason CheckForm(const v1::SubmitEntry& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::SubmitEntry& message);
[[nodiscard]] Reason CheckForm(const v1::ConfirmEntry& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ConfirmEntry& message);
[[nodiscard]] Reason CheckForm(const v1::ApproveEntries& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ApproveEntries& message);
[[nodiscard]] Reason CheckForm(const v1::ReviewEntry& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ReviewEntry& message);
[[nodiscard]] Reason CheckForm(const v1::RejectEntry& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::RejectEntry& message);
[[nodiscard]] Reason CheckForm(const v1::CancelOrder& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CancelOrder& message);
[[nodiscard]] Reason CheckForm(const v1::ReportNoShow& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ReportNoShow& message);
[[nodiscard]] Reason CheckForm(const v1::PaperBatch& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::PaperBatch& message);
[[nodiscard]] Reason CheckForm(const v1::CorrectEntry& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CorrectEntry& message);

// ---- redemption*.cc ----
[[nodiscard]] Reason CheckForm(const v1::PublishOffer& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::PublishOffer& message);
[[nodiscard]] Reason CheckForm(const v1::Redeem& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::Redeem& message);
[[nodiscard]] Reason CheckForm(const v1::AcceptRedemption& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::AcceptRedemption& message);
[[nodiscard]] Reason CheckForm(const v1::DeclineRedemption& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::DeclineRedemption& message);
[[nodiscard]] Reason CheckForm(const v1::FulfilRedemption& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::FulfilRedemption& message);
[[nodiscard]] Reason CheckForm(const v1::ConfirmRedemption& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::ConfirmRedemption& message);
[[nodiscard]] Reason CheckForm(const v1::CancelRedemption& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::CancelRedemption& message);

// ---- gifts.cc ----
[[nodiscard]] Reason CheckForm(const v1::Donate& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::Donate& message);
[[nodiscard]] Reason CheckForm(const v1::RevokeDonation& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::RevokeDonation& message);
[[nodiscard]] Reason CheckForm(const v1::Transfer& message);
[[nodiscard]] Reason Execute(TxContext& tx, const v1::Transfer& message);

// ---- The sweep: one item that is due. Each begins its own effects line and moves the record on,
// so that it is no longer due at tx.now(). It cannot refuse: kOk unless the ledger is broken ----
[[nodiscard]] Reason SweepEntry(TxContext& tx, const EntryId& entry);
[[nodiscard]] Reason SweepRedemption(TxContext& tx, const RedemptionId& redemption);
[[nodiscard]] Reason SweepDonation(TxContext& tx, const HoldId& hold);       // gifts.cc
[[nodiscard]] Reason SweepGrantLots(TxContext& tx, const MemberId& member);  // grants.cc

}  // namespace timebank::ledger
