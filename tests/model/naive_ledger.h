// A second ledger, as naive as can be: it judges the same transactions by the same documents and
// audits the real one. Slow on purpose. Copyable: a list that does not stand is undone by a copy.
#pragma once

#include "tests/model/naive_books.h"

namespace timebank::model {

// REASON_UNSPECIFIED: the transaction stands, and `lines` tells what became of each part.
struct Verdict {
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  std::vector<LineVerdict> lines;
};

class NaiveLedger : private NaiveBooks {
 public:
  NaiveLedger(const v1::Genesis& genesis, const Hash& chain_id);

  // Starts a block: what is due by `now_ms` happens first (the sweep).
  void BeginBlock(Time now_ms);
  // Judges one transaction in the present block and, when it stands, does it.
  [[nodiscard]] Verdict Judge(const v1::Envelope& envelope);

  // What an auditor looks at after each block.
  [[nodiscard]] const std::map<AccountKey, std::int64_t>& balances() const { return balances_; }
  [[nodiscard]] const std::map<Id, Visit>& visits() const { return visits_; }
  [[nodiscard]] const std::map<Id, Purchase>& purchases() const { return purchases_; }
  [[nodiscard]] const std::map<Id, Person>& people() const { return people_; }
  [[nodiscard]] const std::map<Id, Org>& orgs() const { return orgs_; }
  [[nodiscard]] const std::map<Id, v1::PublishOffer>& offers() const { return offers_; }
  [[nodiscard]] const std::map<Id, HeldMinutes>& holds() const { return holds_; }
  using NaiveBooks::BalanceOf;
  // The first rule of the books that is broken (sums, signs, floors, holds), or empty.
  [[nodiscard]] std::string Audit() const;

 private:
  // naive_ledger.cc: envelope, signers, dispatch, sweep.
  v1::Reason JudgeEnvelope(const v1::Envelope& envelope, const v1::TransactionBody& body) const;
  v1::Reason JudgeSigner(const v1::Signer& signer, const std::string& signature,
                         const std::string& body) const;
  v1::Reason JudgeProofs(const v1::TransactionBody& body) const;
  v1::Reason Dispatch(const v1::TransactionBody& body);
  std::map<std::pair<Time, std::string>, Id> Due() const;
  void DoDue(char table, const Id& id);

  // naive_people.cc
  v1::Reason Do(const v1::CreateOrganisation& tx);
  v1::Reason Do(const v1::AppointOfficer& tx);
  v1::Reason Do(const v1::DismissOfficer& tx);
  v1::Reason Do(const v1::SetPolicy& tx);
  v1::Reason Do(const v1::SetThreshold& tx);
  v1::Reason Do(const v1::ApproveBudget& tx);
  v1::Reason Do(const v1::RegisterMember& tx);
  v1::Reason Do(const v1::AddKey& tx);
  v1::Reason Do(const v1::RevokeKey& tx);
  v1::Reason Do(const v1::SetProxy& tx);
  v1::Reason Do(const v1::RegisterKin& tx);
  v1::Reason Do(const v1::ListMember& tx);
  v1::Reason Do(const v1::UnlistMember& tx);
  v1::Reason Do(const v1::GrantRun& tx);
  v1::Reason List(const Id& org, std::uint32_t list_class, const std::vector<Id>& members, bool on);
  bool ProofHolds(const Id& member, const v1::NewKey& key) const;

  // naive_gifts.cc
  v1::Reason Do(const v1::Donate& tx);
  v1::Reason Do(const v1::RevokeDonation& tx);
  v1::Reason Do(const v1::Transfer& tx);

  // naive_visit.cc
  v1::Reason Do(const v1::PlaceOrder& tx);
  v1::Reason Do(const v1::ClaimOrder& tx);
  v1::Reason Do(const v1::CheckIn& tx);
  v1::Reason Do(const v1::CheckOut& tx);
  v1::Reason Do(const v1::SubmitEntry& tx);
  v1::Reason Do(const v1::CancelOrder& tx);
  v1::Reason Do(const v1::ReportNoShow& tx);
  v1::Reason Do(const v1::PaperBatch& tx);
  v1::Reason PaperLine(const v1::PaperLine& line, const Id& org);
  bool SpeaksForElder(const Visit& visit) const;
  v1::Reason JudgeContent(const v1::EntryContent& content, Visit& visit) const;
  v1::Reason JudgeOverlap(const Visit& visit) const;
  v1::Reason JudgeCaps(const Visit& visit) const;

  // naive_approval.cc
  v1::Reason Do(const v1::ConfirmEntry& tx);
  v1::Reason Do(const v1::ApproveEntries& tx);
  v1::Reason Do(const v1::ReviewEntry& tx);
  v1::Reason Do(const v1::RejectEntry& tx);
  v1::Reason Do(const v1::CorrectEntry& tx);
  v1::Reason ConfirmScope(const v1::ConfirmAction& action, const v1::ConfirmEntry& tx,
                          const Visit& visit) const;
  std::int64_t CardMinutesToday(const Id& elder) const;
  v1::Reason JudgePin(const v1::PinProof& pin, const Id& card, const std::string& action) const;
  static v1::Reason OfLines(const std::vector<LineVerdict>& lines, bool all_or_nothing);
  bool PinSigned(const v1::PinProof& pin) const;
  v1::Reason ApprovalLine(const v1::ApprovalLine& line);
  v1::Reason MayApprove(const Visit& visit) const;
  bool IsParty(const Id& person, const Visit& visit) const;
  std::int64_t ApprovalsWithOwnKeyThisHour() const;
  std::int64_t ApprovalsWithoutOwnKeyToday() const;
  Id ParentOrRoot(const Id& org) const;
  void StartCooling(const Id& id, Visit& visit);
  void Reverse(Visit& visit);
  v1::Reason Replace(const v1::EntryContent& content, const std::string& bytes, const Visit& old,
                     const Id& old_id);

  // naive_suspicion.cc
  void NoteSubmission(const Id& id);
  bool EndsEqualRun(const Id& volunteer) const;
  void FlagBurst(const Visit& last);
  std::size_t EldersOfKeyToday(const Id& key) const;
  void NoteApproval(Visit& visit) const;
  Time ReviewEnd(const Visit& visit) const;

  // naive_redemption.cc
  v1::Reason Do(const v1::PublishOffer& tx);
  v1::Reason Do(const v1::Redeem& tx);
  v1::Reason Do(const v1::AcceptRedemption& tx);
  v1::Reason Do(const v1::DeclineRedemption& tx);
  v1::Reason Do(const v1::FulfilRedemption& tx);
  v1::Reason Do(const v1::ConfirmRedemption& tx);
  v1::Reason Do(const v1::CancelRedemption& tx);
  v1::Reason RedeemScope(const v1::RedeemAction& action, const v1::Redeem& tx) const;
  v1::Reason JudgePurchase(const v1::RedeemAction& action, Purchase& purchase) const;
  bool ServesAt(const Id& person, const Id& org) const;
  v1::Reason ProviderSigns(const Purchase& purchase) const;
  void Undo(const Id& id, v1::RedemptionState state);
};

}  // namespace timebank::model
