// Envelope, dispatch and the sweep of the naive ledger.
#include "tests/model/naive_ledger.h"

#include <algorithm>

#include "base/civil.h"
#include "chain/domains.h"
#include "crypto/ed25519.h"
#include "tests/model/naive_form.h"

namespace timebank::model {
namespace {

// Kinds whose repetition nothing else would tell: they are remembered.
bool LeavesMark(v1::TransactionBody::KindCase kind) {
  using Body = v1::TransactionBody;
  return kind == Body::kAppointOfficer || kind == Body::kDismissOfficer ||
         kind == Body::kSetPolicy || kind == Body::kSetThreshold || kind == Body::kSetProxy ||
         kind == Body::kListMember || kind == Body::kUnlistMember || kind == Body::kPublishOffer ||
         kind == Body::kDonate || kind == Body::kTransfer || kind == Body::kRevokeDonation ||
         kind == Body::kGrantRun || kind == Body::kApproveEntries || kind == Body::kPaperBatch;
}

}  // namespace

NaiveLedger::NaiveLedger(const v1::Genesis& genesis, const Hash& chain_id) {
  chain_id_ = chain_id;
  civil_offset_minutes_ = genesis.civil_offset_minutes();
  now_ = genesis.genesis_ms();
  for (const auto& bound : genesis.bounds()) {
    bounds_[bound.parameter()] = {bound.min(), bound.max()};
  }
  for (const auto& record : genesis.organisations()) {
    Org& org = orgs_[record.org()];
    org = {.parent = record.parent(), .kind = record.kind(), .name = record.name()};
    org.created_ms = now_;
    org.budget = record.budget_minutes();
    for (const auto& t : record.thresholds()) org.thresholds[t.action()] = t.persons();
  }
  for (const auto& policy : genesis.policies()) {
    Policy version{.effective_from_ms = policy.policy().effective_from_ms()};
    for (const auto& value : policy.policy().values()) {
      version.values[value.parameter()] = value.value();
    }
    orgs_[policy.org()].policies.push_back(version);
  }
  for (const auto& record : genesis.members()) {
    Person& person = people_[record.member()];
    person.home = record.home_org();
    person.birth_year = record.birth_year();
    person.status = record.status();
    person.created_ms = record.created_ms();
    for (const auto& key : record.keys()) {
      person.keys[key.key_id()] = {.bytes = key.key(), .since_ms = key.since_ms()};
      person.first_keys.push_back(key.key());
    }
    for (const auto& office : record.offices()) {
      person.offices.insert({office.org(), office.role()});
    }
  }
}

void NaiveLedger::BeginBlock(Time now_ms) {
  constexpr int kSweepItemsMax = 2'000;
  now_ = now_ms;
  int items = 0;
  for (const auto& [when_and_key, id] : Due()) {
    if (++items > kSweepItemsMax) return;
    DoDue(when_and_key.second.front(), id);
  }
}

Verdict NaiveLedger::Judge(const v1::Envelope& envelope) {
  lines_.clear();
  v1::TransactionBody body;
  if (!body.ParseFromString(envelope.body())) return {.reason = v1::REASON_MALFORMED};
  if (const auto reason = JudgeEnvelope(envelope, body); reason != v1::REASON_UNSPECIFIED) {
    return {.reason = reason};
  }
  by_.assign(body.signers().begin(), body.signers().end());
  // F14, the last check of every kind: nobody who is blocked signs.
  const bool blocked = std::any_of(
      by_.begin(), by_.end(), [&](const v1::Signer& signer) { return Blocked(signer.member()); });
  const auto before = blocked ? std::optional(*this) : std::nullopt;
  auto reason = Dispatch(body);
  // What is there already is answered as what it is.
  const bool repeats =
      !lines_.empty() && std::all_of(lines_.begin(), lines_.end(), [](const LineVerdict& line) {
        return line.outcome == v1::OUTCOME_ALREADY_DONE ||
               line.outcome == v1::OUTCOME_ALREADY_RECORDED;
      });
  if (reason == v1::REASON_UNSPECIFIED && blocked && !repeats) {
    *this = *before;
    reason = v1::REASON_F14_PARTY_BLOCKED;
  }
  if (reason != v1::REASON_UNSPECIFIED) return {.reason = reason, .lines = lines_};
  if (LeavesMark(body.kind_case())) seen_.insert(envelope.body());
  if (lines_.empty()) Already(v1::OUTCOME_DONE);
  return {.lines = lines_};
}

v1::Reason NaiveLedger::JudgeEnvelope(const v1::Envelope& envelope,
                                      const v1::TransactionBody& body) const {
  if (envelope.chain_tag() != chain_id_.str().substr(0, 8)) return v1::REASON_WRONG_CHAIN;
  if (body.version() != 1) return v1::REASON_UNKNOWN_VERSION;
  if (body.signers_size() == 0) return v1::REASON_MISSING_FIELD;
  if (envelope.signatures_size() != body.signers_size()) return v1::REASON_SIGNATURE_COUNT;
  for (int i = 0; i < body.signers_size(); ++i) {
    for (int j = 0; j < i; ++j) {
      const bool same_member = body.signers(i).member() == body.signers(j).member();
      if (same_member && body.signers(i).key_id() == body.signers(j).key_id()) {
        return v1::REASON_DUPLICATE_SIGNER;
      }
    }
  }
  for (int i = 0; i < body.signers_size(); ++i) {
    const auto reason = JudgeSigner(body.signers(i), envelope.signatures(i), envelope.body());
    if (reason != v1::REASON_UNSPECIFIED) return reason;
  }
  if (const auto reason = JudgeProofs(body); reason != v1::REASON_UNSPECIFIED) return reason;
  const auto validity = body.kind_case() == v1::TransactionBody::kSubmitEntry
                            ? v1::POLICY_PARAMETER_ENTRY_VALIDITY_MS
                            : v1::POLICY_PARAMETER_VALIDITY_MS;
  for (const auto& signer : body.signers()) {
    const bool officer = signer.role() != v1::ROLE_MEMBER && signer.role() != v1::ROLE_PROXY;
    if (officer && signer.org().empty()) return v1::REASON_MISSING_FIELD;
    if (!officer && !signer.org().empty()) return v1::REASON_BAD_FIELD;
  }
  if (const auto form = FormOf(body); form != v1::REASON_UNSPECIFIED) return form;
  if (body.valid_until_ms() < now_) return v1::REASON_EXPIRED;
  if (body.valid_until_ms() >
      now_ + static_cast<Time>(Param(HomeOf(body.signers(0).member()), validity, now_))) {
    return v1::REASON_VALIDITY_TOO_LONG;
  }
  if (seen_.contains(envelope.body())) return v1::REASON_REPLAY;
  for (const auto& signer : body.signers()) {
    if (people_.at(signer.member()).keys.at(signer.key_id()).revoked) return v1::REASON_KEY_REVOKED;
  }
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::JudgeSigner(const v1::Signer& signer, const std::string& signature,
                                    const std::string& body) const {
  const auto person = people_.find(signer.member());
  if (person == people_.end()) return v1::REASON_UNKNOWN_MEMBER;
  const auto key = person->second.keys.find(signer.key_id());
  if (key == person->second.keys.end()) return v1::REASON_UNKNOWN_KEY;
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key->second.bytes));
  const auto parsed = crypto::ParseSuitedSignature(AsBytes(signature));
  const Bytes message = chain::SignedBytes(chain::kTransactionDomain, chain_id_, {AsBytes(body)});
  if (!public_key || !parsed || !crypto::Verify(*public_key, message, *parsed)) {
    return v1::REASON_BAD_SIGNATURE;
  }
  return v1::REASON_UNSPECIFIED;
}

// Signatures inside the body: proofs of new keys, and the PIN service's.
v1::Reason NaiveLedger::JudgeProofs(const v1::TransactionBody& body) const {
  const auto& member = body.register_member();
  for (const auto& key : member.keys()) {
    if (!ProofHolds(member.member(), key)) return v1::REASON_BAD_KEY_PROOF;
  }
  if (body.has_add_key() && !ProofHolds(body.add_key().member(), body.add_key().key())) {
    return v1::REASON_BAD_KEY_PROOF;
  }
  for (const v1::PinProof* pin :
       {body.redeem().has_pin() ? &body.redeem().pin() : nullptr,
        body.confirm_entry().has_pin() ? &body.confirm_entry().pin() : nullptr,
        body.confirm_redemption().has_pin() ? &body.confirm_redemption().pin() : nullptr}) {
    if (pin != nullptr && !PinSigned(*pin)) return v1::REASON_BAD_PIN_STATEMENT;
  }
  return v1::REASON_UNSPECIFIED;
}

v1::Reason NaiveLedger::Dispatch(const v1::TransactionBody& body) {
  using Body = v1::TransactionBody;
  // clang-format off
  switch (body.kind_case()) {
    case Body::kCreateOrganisation: return Do(body.create_organisation());
    case Body::kAppointOfficer: return Do(body.appoint_officer());
    case Body::kDismissOfficer: return Do(body.dismiss_officer());
    case Body::kSetPolicy: return Do(body.set_policy());
    case Body::kSetThreshold: return Do(body.set_threshold());
    case Body::kApproveBudget: return Do(body.approve_budget());
    case Body::kRegisterMember: return Do(body.register_member());
    case Body::kAddKey: return Do(body.add_key());
    case Body::kRevokeKey: return Do(body.revoke_key());
    case Body::kSetProxy: return Do(body.set_proxy());
    case Body::kRegisterKin: return Do(body.register_kin());
    case Body::kListMember: return Do(body.list_member());
    case Body::kUnlistMember: return Do(body.unlist_member());
    case Body::kGrantRun: return Do(body.grant_run());
    case Body::kPlaceOrder: return Do(body.place_order());
    case Body::kClaimOrder: return Do(body.claim_order());
    case Body::kCheckIn: return Do(body.check_in());
    case Body::kCheckOut: return Do(body.check_out());
    case Body::kSubmitEntry: return Do(body.submit_entry());
    case Body::kConfirmEntry: return Do(body.confirm_entry());
    case Body::kApproveEntries: return Do(body.approve_entries());
    case Body::kReviewEntry: return Do(body.review_entry());
    case Body::kRejectEntry: return Do(body.reject_entry());
    case Body::kCancelOrder: return Do(body.cancel_order());
    case Body::kReportNoShow: return Do(body.report_no_show());
    case Body::kPaperBatch: return Do(body.paper_batch());
    case Body::kCorrectEntry: return Do(body.correct_entry());
    case Body::kPublishOffer: return Do(body.publish_offer());
    case Body::kRedeem: return Do(body.redeem());
    case Body::kAcceptRedemption: return Do(body.accept_redemption());
    case Body::kDeclineRedemption: return Do(body.decline_redemption());
    case Body::kFulfilRedemption: return Do(body.fulfil_redemption());
    case Body::kConfirmRedemption: return Do(body.confirm_redemption());
    case Body::kCancelRedemption: return Do(body.cancel_redemption());
    case Body::kDonate: return Do(body.donate());
    case Body::kRevokeDonation: return Do(body.revoke_donation());
    case Body::kTransfer: return Do(body.transfer());
    case Body::kChangeValidators:
    case Body::kScheduleEdition:
    case Body::kReady: return v1::REASON_UNKNOWN_FIELD;  // who validates by what is not modelled
    case Body::KIND_NOT_SET: return v1::REASON_MISSING_FIELD;
  }
  // clang-format on
  return v1::REASON_MISSING_FIELD;
}

// Everything due by now, oldest first, ties by state key: {time, table || id} -> id.
std::map<std::pair<Time, std::string>, Id> NaiveLedger::Due() const {
  std::map<std::pair<Time, std::string>, Id> due;
  const auto add = [&](Time when, v1::Table table, const Id& id) {
    if (when != 0 && when <= now_) due[{when, std::string(1, static_cast<char>(table)) + id}] = id;
  };
  for (const auto& [key, amount] : balances_) {
    const auto& [owner, account, lot] = key;
    if (account != v1::ACCOUNT_KIND_GRANT || amount == 0) continue;
    add(EndOfMonth(lot, civil_offset_minutes_)->value(), v1::TABLE_MEMBER, owner);
  }
  for (const auto& [id, hold] : holds_) {
    if (hold.purpose == v1::HOLD_PURPOSE_DONATION) add(hold.expires_ms, v1::TABLE_HOLD, id);
  }
  for (const auto& [id, visit] : visits_) add(visit.due_ms, v1::TABLE_ENTRY, id);
  for (const auto& [id, purchase] : purchases_) add(purchase.due_ms, v1::TABLE_REDEMPTION, id);
  return due;
}

void NaiveLedger::DoDue(char table, const Id& id) {
  if (table == v1::TABLE_MEMBER) {
    std::vector<Source> lapsed;
    for (const auto& [key, amount] : balances_) {
      const auto& [owner, account, lot] = key;
      if (owner != id || account != v1::ACCOUNT_KIND_GRANT || amount == 0) continue;
      if (EndOfMonth(lot, civil_offset_minutes_)->value() <= now_) {
        lapsed.push_back({account, lot, amount});
      }
    }
    for (const Source& line : lapsed) {
      Post(id, line.account, line.lot, -line.minutes);
      Post(Root(HomeOf(id)), v1::ACCOUNT_KIND_SINK, 0, line.minutes);
    }
    return;
  }
  if (table == v1::TABLE_HOLD) {
    const HeldMinutes hold = holds_.at(id);
    // In debt nobody gives.
    if (InDebt(hold.owner)) return ReleaseHold(id);
    Capture(id, hold.lines.front().minutes, hold.beneficiary, v1::ACCOUNT_KIND_POOL);
    return;
  }
  if (table == v1::TABLE_REDEMPTION) {
    Purchase& purchase = purchases_.at(id);
    purchase.due_ms = 0;
    if (purchase.state == v1::REDEMPTION_STATE_FULFILLED) {
      purchase.state = v1::REDEMPTION_STATE_DISPUTED;
      return;
    }
    Undo(id, v1::REDEMPTION_STATE_EXPIRED);
    return;
  }
  Visit& visit = visits_.at(id);
  visit.due_ms = 0;
  if (visit.state != v1::ENTRY_STATE_COOLING) {
    visit.state = v1::ENTRY_STATE_EXPIRED;
    ReleaseHold(id);
  } else if (visit.flags != 0 && visit.review != v1::REVIEW_VERDICT_UPHOLD) {
    Reverse(visit);
  } else {
    visit.state = v1::ENTRY_STATE_CREDITED;
    visit.credited_ms = now_;
    Post(visit.volunteer, v1::ACCOUNT_KIND_COOLING, 0, -visit.credited);
    const auto cap = Param(HomeOf(visit.volunteer), v1::POLICY_PARAMETER_EARNED_CAP_MINUTES, now_);
    visit.pooled = Credit(visit.volunteer, visit.credited, cap);
  }
}

std::string NaiveLedger::Audit() const {
  std::int64_t sum = 0;
  for (const auto& [key, amount] : balances_) {
    sum += amount;
    const auto account = std::get<1>(key);
    const bool below = account == v1::ACCOUNT_KIND_ISSUER || account == v1::ACCOUNT_KIND_DEBT;
    if (below && amount > 0) return "an ISSUER or DEBT account is positive";
    if (!below && amount < 0) return "an account is negative";
  }
  if (sum != 0) return "the books do not sum to zero";
  for (const auto& [id, org] : orgs_) {
    if (-BalanceOf(id, v1::ACCOUNT_KIND_ISSUER) > org.budget) return "a budget is overdrawn";
  }
  std::map<Id, std::int64_t> held;
  for (const auto& [id, hold] : holds_) {
    for (const Source& line : hold.lines) held[hold.owner] += line.minutes;
  }
  for (const auto& [id, person] : people_) {
    if (BalanceOf(id, v1::ACCOUNT_KIND_HELD) != held[id]) return "HELD is not the sum of holds";
  }
  return {};
}

}  // namespace timebank::model
