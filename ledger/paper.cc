// PAPER_BATCH: a file of paper slips, typed by a clerk. Each line is judged by itself in file order
// and goes straight to CONFIRMED (DOMAIN 8c).
#include "ledger/authority.h"
#include "ledger/entry_checks.h"
#include "ledger/entry_lifecycle.h"
#include "ledger/form.h"
#include "ledger/holds.h"
#include "ledger/org_tree.h"
#include "ledger/rules.h"
#include "ledger/suspicion.h"

namespace timebank::ledger {
namespace {

struct Slip {
  const v1::PaperLine& line;
  const VisitContent& visit;
};

Reason RecordSlip(TxContext& tx, const Signer& clerk, const Slip& slip);
// MISSING_FIELD; BAD_FIELD for another channel than PAPER or an id that is not the slip's.
Reason CheckSlipForm(const OrgId& org, const Slip& slip);
// Known parties, F3, F15, age, in this order.
Reason CheckSlipParties(TxContext& tx, const Signer& clerk, const Policy& policy, const Slip& slip);
void Confirm(TxContext& tx, const Signer& clerk, const Policy& policy, const Slip& slip,
             v1::Entry& entry);

}  // namespace

Reason CheckForm(const v1::PaperBatch& batch) {
  const bool complete = !AnyEmpty({batch.org(), batch.file_hash()}) && !batch.lines().empty();
  return complete ? kOk : v1::REASON_MISSING_FIELD;
}

Reason Execute(TxContext& tx, const v1::PaperBatch& batch) {
  const auto org = As<OrgId>(batch.org());
  if (tx.Find<v1::Organisation>(org) == nullptr) return v1::REASON_UNKNOWN_ORGANISATION;
  if (const Reason no = RequireOfficer(tx, v1::ROLE_CLERK, org)) return no;
  const Signer& clerk = tx.signers().front();
  for (const v1::PaperLine& line : batch.lines()) {
    const auto visit = ParseContent(AsBytes(line.content()));
    const ByteView entity = visit ? AsBytes(visit->content.entry()) : ByteView();
    tx.RunLine(entity, [&] {
      return visit ? RecordSlip(tx, clerk, {line, *visit}) : visit.error();
    });
  }
  if (const Reason no = tx.ListVerdict(batch.all_or_nothing())) return no;

  // The first batch of a file keeps its place: the same file again adds only what is new in it.
  const auto file = As<Hash>(batch.file_hash());
  if (tx.Find<v1::PaperBatchRecord>(file) == nullptr) {
    v1::PaperBatchRecord& record = tx.EditOrCreate<v1::PaperBatchRecord>(file);
    record.set_transaction_id(tx.transaction_id().str());
    record.set_lines(static_cast<std::uint32_t>(batch.lines_size()));
    record.set_recorded_ms(tx.now_ms());
  }
  return kOk;
}

namespace {

Reason RecordSlip(TxContext& tx, const Signer& clerk, const Slip& slip) {
  const v1::EntryContent& content = slip.visit.content;
  const auto id = As<EntryId>(content.entry());
  const Policy policy = tx.PolicyOf(As<OrgId>(content.community()));
  if (const Reason no = CheckSlipForm(clerk.org, slip)) return no;
  if (const Reason no = CheckSlipParties(tx, clerk, policy, slip)) return no;
  if (const v1::Entry* known = tx.Find<v1::Entry>(id)) {
    if (known->content_hash() != slip.visit.hash.text()) return v1::REASON_CONFLICT;
    return TellAgain(tx, *known, v1::OUTCOME_ALREADY_RECORDED);
  }
  if (!IdIsFree(tx, As<HoldId>(content.entry()))) return v1::REASON_CONFLICT;
  v1::Entry& entry = tx.EditOrCreate<v1::Entry>(id);
  entry.set_policy_ms(tx.now_ms());
  if (const Reason no = FillVisit(policy, slip.visit, entry)) return no;
  if (const Reason no = CheckVisit(tx, policy, entry, LateLimit::kBinds)) return no;
  Confirm(tx, clerk, policy, slip, entry);
  if (const Reason no = PlaceHold(tx, {.name = HoldOf(entry),
                                       .minutes = entry.credited_minutes(),
                                       .expires = Millis(entry.due_ms())})) {
    return no;
  }
  AddEntryParties(tx, entry);
  if (const Reason no = CountVisit(tx, entry)) return no;
  NoteSubmission(tx, entry);
  Tell(tx, entry);
  return kOk;
}

Reason CheckSlipForm(const OrgId& org, const Slip& slip) {
  if (AnyEmpty({slip.line.serial(), slip.line.witness()})) return v1::REASON_MISSING_FIELD;
  const v1::EntryContent& content = slip.visit.content;
  const EntryId derived = SlipId(Millis(content.start_ms()), org, AsBytes(slip.line.serial()));
  const bool good = content.channel() == v1::CHANNEL_PAPER && content.entry() == derived.text();
  return good ? kOk : v1::REASON_BAD_FIELD;
}

Reason CheckSlipParties(TxContext& tx, const Signer& clerk, const Policy& policy,
                        const Slip& slip) {
  const v1::EntryContent& content = slip.visit.content;
  const v1::Member* volunteer = tx.Find<v1::Member>(As<MemberId>(content.volunteer()));
  const v1::Member* elder = tx.Find<v1::Member>(As<MemberId>(content.elder()));
  const v1::Member* witness = tx.Find<v1::Member>(As<MemberId>(slip.line.witness()));
  if (volunteer == nullptr || elder == nullptr || witness == nullptr) {
    return v1::REASON_UNKNOWN_MEMBER;
  }
  if (tx.Find<v1::Organisation>(As<OrgId>(content.community())) == nullptr) {
    return v1::REASON_UNKNOWN_ORGANISATION;
  }
  const auto is_party = [&](std::string_view person) {
    return person == content.volunteer() || person == content.elder();
  };
  const bool too_close = content.volunteer() == content.elder() || is_party(slip.line.witness()) ||
                         is_party(clerk.member.text());
  if (too_close) return v1::REASON_F3_SEPARATION_OF_DUTIES;
  const auto home = As<OrgId>(elder->home_org());
  if (content.community() != elder->home_org() || !IsAncestor(tx.records(), clerk.org, home)) {
    return v1::REASON_F15_WRONG_SCOPE;
  }
  return CheckEarnAge(tx, policy, *volunteer);
}

void Confirm(TxContext& tx, const Signer& clerk, const Policy& policy, const Slip& slip,
             v1::Entry& entry) {
  entry.set_state(v1::ENTRY_STATE_CONFIRMED);
  entry.set_submitted_ms(tx.now_ms());
  entry.set_submitted_by(clerk.member.str());
  entry.set_channel(v1::CHANNEL_PAPER);
  entry.set_confirmed_ms(tx.now_ms());
  entry.set_confirmed_by(clerk.member.str());
  entry.set_witness(slip.line.witness());
  entry.set_flags(SubmissionFlags(tx, policy, slip.visit, entry) | v1::FLAG_R1_NOT_OWN_KEY);
  entry.set_due_ms(tx.now_ms() + policy.Ms(v1::POLICY_PARAMETER_APPROVE_DEADLINE_MS) +
                   policy.Ms(v1::POLICY_PARAMETER_APPROVE_GRACE_MS));
}

}  // namespace
}  // namespace timebank::ledger
