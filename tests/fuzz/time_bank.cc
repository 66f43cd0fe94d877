#include "tests/fuzz/time_bank.h"

#include <string>

#include "base/check.h"
#include "chain/canonical.h"
#include "ledger/testing/visits.h"

namespace timebank::fuzz {
namespace {

using ledger::kOk;
using ledger::testing::By;
using ledger::testing::OrganisationId;
using ledger::testing::PersonId;
using ledger::testing::TestLedger;
using ledger::testing::Visit;

const By kApprover{"approver_community", v1::ROLE_APPROVER, "community"};
const By kMerchant{"merchant_shop", v1::ROLE_MERCHANT, "shop"};
const By kCashier{"cashier_shop", v1::ROLE_CASHIER, "shop"};
const By kLister{"lister_street", v1::ROLE_LISTER, "street"};
const By kTerminal{"terminal_street", v1::ROLE_TERMINAL, "street"};
const By kClerk{"clerk_street", v1::ROLE_CLERK, "street"};

// The time bank with the ids of what is in it.
struct Story {
  TestLedger bank;
  Visit ordered;
  Visit claimed;
  Visit submitted;
  Visit confirmed;
  Visit approved;
  std::string offer = std::string(16, 'o');
  std::string redemption;
  std::string donation;

  Story();

 private:
  void Visits();
  void Goods();
};

Visit NextVisit(TestLedger& bank, const char* volunteer, const char* elder) {
  bank.Advance(ledger::testing::kHourMs);
  Visit visit = VisitToday(bank, 30);
  visit.volunteer = volunteer;
  visit.elder = elder;
  return visit;
}

Story::Story() {
  bank.Grant({"elder", "elder2"});
  Goods();
  Visits();
}

void Story::Visits() {
  approved = NextVisit(bank, "volunteer", "elder");
  ServeOrder(bank, approved, 30);
  TB_CHECK(Confirm(bank, approved) == kOk);
  TB_CHECK(Approve(bank, approved) == kOk);
  confirmed = NextVisit(bank, "volunteer", "elder2");
  ServeOrder(bank, confirmed, 30);
  TB_CHECK(Confirm(bank, confirmed) == kOk);
  submitted = NextVisit(bank, "volunteer2", "elder");
  ServeOrder(bank, submitted, 30);
  ordered = NextVisit(bank, "volunteer2", "elder2");
  ordered.start_ms = bank.now_ms() + ledger::testing::kHourMs;
  ordered.end_ms = ordered.start_ms + 30 * ledger::testing::kMinuteMs;
  TB_CHECK(Order(bank, ordered, 30) == kOk);
  claimed = NextVisit(bank, "volunteer", "elder");
  claimed.start_ms = bank.now_ms();
  claimed.end_ms = claimed.start_ms + 30 * ledger::testing::kMinuteMs;
  TB_CHECK(Order(bank, claimed, 30) == kOk);
  TB_CHECK(Claim(bank, claimed) == kOk);
}

void Story::Goods() {
  v1::RegisterKin kin;
  kin.set_member(PersonId("volunteer").str());
  kin.set_relative(PersonId("kin").str());
  kin.set_kinship(v1::KINSHIP_CHILD);
  TB_CHECK(bank.Submit({kLister}, kin) == kOk);
  bank.Mint("volunteer", v1::ACCOUNT_KIND_EARNED, 500);
  v1::Donate donate;
  donation = bank.NewId();
  donate.set_hold(donation);
  donate.set_org(OrganisationId("community").str());
  donate.set_minutes(60);
  TB_CHECK(bank.Submit({{"volunteer"}}, donate) == kOk);
  v1::PublishOffer publish;
  publish.set_offer(offer);
  publish.set_org(OrganisationId("shop").str());
  publish.set_kind(v1::OFFER_KIND_SERVICE);
  publish.set_name("Haircut");
  publish.set_price_minutes(30);
  publish.set_stock(5);
  publish.set_limit_per_person(3);
  publish.set_open(true);
  TB_CHECK(bank.Submit({kMerchant}, publish) == kOk);
  v1::RedeemAction action;
  action.set_version(1);
  redemption = bank.NewId();
  action.set_redemption(redemption);
  action.set_offer(offer);
  action.set_holder(PersonId("elder").str());
  action.set_quantity(1);
  v1::Redeem redeem;
  redeem.set_action(chain::CanonicalBytes(action));
  TB_CHECK(bank.Submit({{"elder"}}, redeem) == kOk);
}

// Collects bodies as the story's people would sign them next.
class Bodies {
 public:
  explicit Bodies(Story& story) : story_(story) {}
  void Add(const std::vector<By>& by, const google::protobuf::Message& message) {
    bodies_.push_back(story_.bank.Body(by, message));
  }
  void AddVisits();
  void AddConfirmations();
  void AddMoney();
  void AddGovernance();
  [[nodiscard]] std::vector<v1::TransactionBody> Take() { return std::move(bodies_); }

 private:
  Story& story_;
  std::vector<v1::TransactionBody> bodies_;
};

void Bodies::AddVisits() {
  const Visit fresh = NextVisit(story_.bank, "volunteer2", "elder");
  Add({{"elder"}}, OrderFor(fresh, 45));
  v1::SubmitEntry submit;
  submit.set_content(ContentBytes(fresh));
  Add({{"volunteer2"}}, submit);
  v1::ClaimOrder claim;
  claim.set_entry(story_.ordered.id);
  Add({{"volunteer2"}}, claim);
  v1::CancelOrder cancel;
  cancel.set_entry(story_.ordered.id);
  Add({{"elder2"}}, cancel);
  v1::CheckIn check_in;
  check_in.set_entry(story_.claimed.id);
  check_in.set_at_ms(story_.claimed.start_ms);
  check_in.set_place(v1::PLACE_CLAIM_MATCH);
  Add({{"volunteer"}}, check_in);
  v1::ReviewEntry review;
  review.set_entry(story_.approved.id);
  review.set_verdict(v1::REVIEW_VERDICT_REVERSE);
  Add({{"reviewer_street", v1::ROLE_REVIEWER, "street"}}, review);
  v1::PaperBatch paper;
  paper.set_org(OrganisationId("street").str());
  paper.set_file_hash(std::string(32, 'h'));
  v1::PaperLine& line = *paper.add_lines();
  Visit slip = fresh;
  slip.channel = v1::CHANNEL_PAPER;
  slip.place = v1::PLACE_CLAIM_NONE;
  line.set_content(ContentBytes(slip));
  line.set_serial("P0001");
  line.set_witness(PersonId("witness").str());
  Add({kClerk}, paper);
}

void Bodies::AddConfirmations() {
  v1::ConfirmEntry by_key;
  by_key.set_action(chain::CanonicalBytes(ActionFor(story_.submitted, v1::CHANNEL_APP)));
  Add({{"elder"}}, by_key);
  v1::ConfirmEntry by_card;
  by_card.set_action(chain::CanonicalBytes(ActionFor(story_.submitted, v1::CHANNEL_CARD)));
  *by_card.mutable_pin() = PinFor(story_.bank, "elder", by_card.action());
  Add({kTerminal}, by_card);
  Add({kApprover}, ledger::testing::ApprovalOf({story_.confirmed, story_.submitted}));
  v1::RejectEntry reject;
  reject.set_entry(story_.confirmed.id);
  Add({kApprover}, reject);
}

void Bodies::AddMoney() {
  v1::Transfer transfer;
  transfer.set_to(PersonId("kin").str());
  transfer.set_minutes(60);
  Add({{"volunteer"}}, transfer);
  v1::RevokeDonation revoke;
  revoke.set_hold(story_.donation);
  Add({{"volunteer"}}, revoke);
  v1::AcceptRedemption accept;
  accept.set_redemption(story_.redemption);
  Add({kCashier}, accept);
  v1::FulfilRedemption fulfil;
  fulfil.set_redemption(story_.redemption);
  fulfil.set_minutes(30);
  Add({kCashier}, fulfil);
  v1::ConfirmRedemptionAction action;
  action.set_version(1);
  action.set_redemption(story_.redemption);
  action.set_channel(v1::CHANNEL_APP);
  v1::ConfirmRedemption confirm;
  confirm.set_action(chain::CanonicalBytes(action));
  Add({{"elder"}}, confirm);
}

void Bodies::AddGovernance() {
  const By regulator{"regulator_district", v1::ROLE_REGULATOR, "district"};
  const By second{"regulator2_district", v1::ROLE_REGULATOR, "district"};
  v1::SetPolicy policy;
  policy.set_org(OrganisationId("district").str());
  policy.set_effective_from_ms(story_.bank.now_ms() + 7 * ledger::testing::kDayMs);
  v1::PolicyValue& value = *policy.add_values();
  value.set_parameter(v1::POLICY_PARAMETER_KIN_TRANSFER_YEAR_MINUTES);
  value.set_value(1'200);
  Add({regulator, second}, policy);
  v1::AppointOfficer appoint;
  appoint.set_member(PersonId("witness").str());
  appoint.set_role(v1::ROLE_DISPATCHER);
  appoint.set_org(OrganisationId("street").str());
  Add({regulator, second}, appoint);
  v1::AddKey add;
  add.set_member(PersonId("elder").str());
  *add.mutable_key() =
      ledger::testing::ProvenKey(story_.bank.state().chain_id(), "elder", "elder's new phone");
  Add({{"elder"}}, add);
}

}  // namespace

TestLedger TimeBank() { return Story().bank; }

std::vector<v1::TransactionBody> NextBodies() {
  Story story;
  Bodies bodies(story);
  bodies.AddVisits();
  bodies.AddConfirmations();
  bodies.AddMoney();
  bodies.AddGovernance();
  return bodies.Take();
}

}  // namespace timebank::fuzz
