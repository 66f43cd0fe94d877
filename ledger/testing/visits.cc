#include "ledger/testing/visits.h"

#include <map>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "crypto/sha256.h"
#include "ledger/keys.h"

namespace timebank::ledger::testing {

std::function<void(v1::Genesis&)> WithPolicy(std::uint32_t parameter, std::int64_t value) {
  return [=](v1::Genesis& genesis) {
    v1::GenesisPolicy* policy = genesis.add_policies();
    policy->set_org(OrganisationId("district").str());
    policy->mutable_policy()->set_version(1);
    policy->mutable_policy()->set_effective_from_ms(genesis.genesis_ms());
    v1::PolicyValue* row = policy->mutable_policy()->add_values();
    row->set_parameter(parameter);
    row->set_value(value);
  };
}

v1::EntryContent ContentOf(const Visit& visit) {
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(visit.id);
  content.set_community(OrganisationId(visit.community).str());
  content.set_kind(visit.kind);
  content.set_category(visit.category);
  content.set_volunteer(PersonId(visit.volunteer).str());
  content.set_elder(PersonId(visit.elder).str());
  content.set_start_ms(visit.start_ms);
  content.set_end_ms(visit.end_ms);
  content.set_place(visit.place);
  content.set_channel(visit.channel);
  return content;
}

std::string ContentBytes(const Visit& visit) { return chain::CanonicalBytes(ContentOf(visit)); }

std::string ContentHash(const Visit& visit) {
  return crypto::Sha256(AsBytes(ContentBytes(visit))).str();
}

Visit VisitToday(TestLedger& ledger, std::uint64_t minutes) {
  Visit visit;
  visit.id = ledger.NewId();
  visit.start_ms = ledger.now_ms() - 2 * kHourMs;
  visit.end_ms = visit.start_ms + minutes * kMinuteMs;
  return visit;
}

v1::PlaceOrder OrderFor(const Visit& visit, std::uint32_t planned_minutes) {
  v1::PlaceOrder order;
  order.set_entry(visit.id);
  order.set_elder(PersonId(visit.elder).str());
  order.set_community(OrganisationId(visit.community).str());
  order.set_category(visit.category);
  order.set_kind(visit.kind);
  order.set_planned_start_ms(visit.start_ms);
  order.set_planned_minutes(planned_minutes);
  return order;
}

Reason Order(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes) {
  return ledger.Submit({{visit.elder}}, OrderFor(visit, planned_minutes));
}

Reason Claim(TestLedger& ledger, const Visit& visit) {
  v1::ClaimOrder claim;
  claim.set_entry(visit.id);
  return ledger.Submit({{visit.volunteer}}, claim);
}

Reason CheckInAt(TestLedger& ledger, const Visit& visit, std::uint64_t at_ms) {
  v1::CheckIn check;
  check.set_entry(visit.id);
  check.set_at_ms(at_ms);
  check.set_place(visit.place);
  return ledger.Submit({{visit.volunteer}}, check);
}

Reason CheckOutAt(TestLedger& ledger, const Visit& visit, std::uint64_t at_ms) {
  v1::CheckOut check;
  check.set_entry(visit.id);
  check.set_at_ms(at_ms);
  check.set_place(visit.place);
  return ledger.Submit({{visit.volunteer}}, check);
}

Reason SubmitVisit(TestLedger& ledger, const Visit& visit) {
  v1::SubmitEntry submit;
  submit.set_content(ContentBytes(visit));
  return ledger.Submit({{visit.volunteer}}, submit);
}

v1::ConfirmAction ActionFor(const Visit& visit, v1::Channel channel) {
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(visit.id);
  action.set_content_hash(ContentHash(visit));
  action.set_channel(channel);
  return action;
}

Reason Confirm(TestLedger& ledger, const Visit& visit) {
  v1::ConfirmEntry confirm;
  confirm.set_action(chain::CanonicalBytes(ActionFor(visit, v1::CHANNEL_APP)));
  return ledger.Submit({{visit.elder}}, confirm);
}

v1::ApproveEntries ApprovalOf(const std::vector<Visit>& visits) {
  v1::ApproveEntries approve;
  for (const Visit& visit : visits) {
    v1::ApprovalLine* line = approve.add_lines();
    line->set_entry(visit.id);
    line->set_content_hash(ContentHash(visit));
  }
  return approve;
}

Reason Approve(TestLedger& ledger, const Visit& visit, const By& by) {
  return ledger.Submit({by}, ApprovalOf({visit}));
}

Reason Review(TestLedger& ledger, const Visit& visit, v1::ReviewVerdict verdict, const By& by) {
  v1::ReviewEntry review;
  review.set_entry(visit.id);
  review.set_verdict(verdict);
  return ledger.Submit({by}, review);
}

void ServeOrder(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes) {
  TB_CHECK(Order(ledger, visit, planned_minutes) == kOk);
  TB_CHECK(Claim(ledger, visit) == kOk);
  TB_CHECK(CheckInAt(ledger, visit, visit.start_ms) == kOk);
  TB_CHECK(CheckOutAt(ledger, visit, visit.end_ms) == kOk);
  TB_CHECK(SubmitVisit(ledger, visit) == kOk);
}

void CreditOrder(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes) {
  ServeOrder(ledger, visit, planned_minutes);
  TB_CHECK(Confirm(ledger, visit) == kOk);
  TB_CHECK(Approve(ledger, visit) == kOk);
  ledger.Advance(7 * kDayMs);
  ledger.Tick();
  TB_CHECK(EntryOf(ledger, visit).state() == v1::ENTRY_STATE_CREDITED);
}

v1::PinProof PinFor(const TestLedger& ledger, std::string_view card, std::string_view action,
                    std::string_view service) {
  v1::PinStatement statement;
  statement.set_version(1);
  statement.set_card(PersonId(card).str());
  statement.set_action_digest(crypto::Sha256(AsBytes(action)).str());
  statement.set_expiry_ms(ledger.now_ms() + 2 * kMinuteMs);
  v1::PinProof pin;
  pin.set_statement(chain::CanonicalBytes(statement));
  pin.set_service(PersonId(service).str());
  pin.set_key_id(crypto::KeyIdOf(SecretKeyOf(service).public_key()).str());
  pin.set_signature(crypto::SuitedSignature(SecretKeyOf(service).Sign(chain::SignedBytes(
      chain::kPinDomain, ledger.state().chain_id(), {AsBytes(pin.statement())}))));
  return pin;
}

v1::Entry EntryOf(const TestLedger& ledger, const Visit& visit) {
  const auto entry = ledger.state().Find<v1::Entry>(As<EntryId>(visit.id));
  TB_CHECK(entry.has_value());
  return *entry;
}

std::vector<std::string> Postings(const v1::EffectsLine& line) {
  std::map<std::string, std::string> names;
  for (const char* name : {"volunteer", "volunteer2", "volunteer3", "elder", "elder2", "elder3"}) {
    names[PersonId(name).str()] = name;
  }
  for (const char* name : {"community", "street", "district", "shop"}) {
    names[OrganisationId(name).str()] = name;
  }
  std::vector<std::string> words;
  for (const v1::Posting& posting : line.postings()) {
    // ACCOUNT_KIND_EARNED -> EARNED
    const std::string kind = v1::AccountKind_Name(posting.account()).substr(13);
    const std::string lot = posting.lot() == 0 ? "" : "/" + std::to_string(posting.lot());
    words.push_back(kind + lot + ":" + names[posting.owner()] + " " +
                    std::to_string(posting.amount()));
  }
  return words;
}

}  // namespace timebank::ledger::testing
