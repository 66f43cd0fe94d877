// APPROVE_ENTRIES and REJECT_ENTRY: lists judged line by line, F3, F9, escalation, exact postings.
#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::ApprovalOf;
using testing::Approve;
using testing::By;
using testing::Confirm;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::OrganisationId;
using testing::PersonId;
using testing::Postings;
using testing::ServeOrder;
using testing::SubmitVisit;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using testing::WithPolicy;
using Words = std::vector<std::string>;

const By kApprover{"approver_community", v1::ROLE_APPROVER, "community"};
const By kApprover2{"approver2_community", v1::ROLE_APPROVER, "community"};
const By kStreetApprover{"approver_street", v1::ROLE_APPROVER, "street"};

class Confirmed : public ::testing::Test {
 protected:
  explicit Confirmed(const std::function<void(v1::Genesis&)>& change = nullptr) : ledger(change) {
    ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 1000);
    visit = VisitToday(ledger, 30);
    ServeOrder(ledger, visit, 30);
    EXPECT_EQ(Confirm(ledger, visit), kOk);
  }
  // Another confirmed visit, the n-th quarter of an hour of the morning.
  Visit Another(std::uint64_t n, v1::Channel channel = v1::CHANNEL_APP) {
    Visit another = VisitToday(ledger, 15);
    another.volunteer = "volunteer2";
    another.start_ms -= (100 - n * 15) * kMinuteMs;
    another.end_ms = another.start_ms + 15 * kMinuteMs;
    EXPECT_EQ(SubmitVisit(ledger, another), kOk);
    if (channel == v1::CHANNEL_APP) {
      EXPECT_EQ(Confirm(ledger, another), kOk);
    } else {
      v1::ConfirmAction action = testing::ActionFor(another, v1::CHANNEL_CALLBACK);
      action.set_reference_commitment(std::string(32, 'r'));
      v1::ConfirmEntry confirm;
      confirm.set_action(chain::CanonicalBytes(action));
      const By dispatcher{"dispatcher_street", v1::ROLE_DISPATCHER, "street"};
      EXPECT_EQ(ledger.Submit({dispatcher}, confirm), kOk);
    }
    return another;
  }
  Reason Reject(const By& by = kApprover) {
    v1::RejectEntry reject;
    reject.set_entry(visit.id);
    reject.set_reason(7);
    return ledger.Submit({by}, reject);
  }
  void MakeKin(const char* a, const char* b) {
    v1::RegisterKin kin;
    kin.set_member(PersonId(a).str());
    kin.set_relative(PersonId(b).str());
    kin.set_kinship(v1::KINSHIP_CHILD);
    kin.set_document_commitment(std::string(32, 'd'));
    ASSERT_EQ(ledger.Submit({{"lister_street", v1::ROLE_LISTER, "street"}}, kin), kOk);
  }
  TestLedger ledger;
  Visit visit;
};

TEST_F(Confirmed, ApprovalPaysFromTheHoldAndReleasesTheRest) {
  ASSERT_EQ(Approve(ledger, visit), kOk);
  const v1::EffectsLine line = ledger.lines()[0];
  EXPECT_EQ(line.entity(), visit.id);
  EXPECT_EQ(line.state(), std::uint32_t{v1::ENTRY_STATE_COOLING});
  EXPECT_EQ(Postings(line), (Words{"HELD:elder -45", "COOLING:volunteer 30", "EARNED:elder 15"}));
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_EQ(entry.approved_by(), PersonId("approver_community").str());
  EXPECT_EQ(entry.approver_org(), OrganisationId("community").str());
  EXPECT_EQ(entry.cooling_until_ms(), entry.approved_ms() + 7 * kDayMs);  // one of the first ten
  EXPECT_EQ(entry.due_ms(), entry.cooling_until_ms());
  ASSERT_EQ(entry.paid_size(), 1);
  EXPECT_EQ(entry.paid(0).account(), v1::ACCOUNT_KIND_EARNED);
  EXPECT_EQ(entry.paid(0).minutes(), 30);
  EXPECT_FALSE(ledger.state().Find<v1::Hold>(As<HoldId>(visit.id)).has_value());
  EXPECT_EQ(ledger.member("volunteer").entries_approved(), 1U);
}

TEST_F(Confirmed, TheEleventhEntryCoolsOffThreeDays) {
  for (const std::uint32_t before : {9U, 10U}) {
    const TestLedger saved = ledger;
    ledger.Overwrite<v1::Member>(PersonId("volunteer"),
                                 [&](v1::Member& member) { member.set_entries_approved(before); });
    ASSERT_EQ(Approve(ledger, visit), kOk);
    const v1::Entry entry = EntryOf(ledger, visit);
    EXPECT_EQ(entry.cooling_until_ms() - entry.approved_ms(),
              before == 9 ? 7 * kDayMs : 72 * kHourMs);
    ledger = saved;
  }
}

TEST_F(Confirmed, LinesAreJudgedInOrderByThemselves) {
  const Visit second = Another(1);
  Visit unknown = visit;
  unknown.id = std::string(16, 'x');
  Visit changed = second;
  changed.end_ms += 1;
  v1::ApproveEntries approve = ApprovalOf({unknown, visit, changed, second, visit});
  approve.add_lines()->set_entry(second.id);
  ASSERT_EQ(ledger.Submit({kApprover}, approve), kOk);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 6U);
  const std::pair<v1::Outcome, Reason> expected[] = {
      {v1::OUTCOME_REFUSED, v1::REASON_UNKNOWN_ENTRY},
      {v1::OUTCOME_DONE, kOk},
      {v1::OUTCOME_REFUSED, v1::REASON_CONTENT_MISMATCH},
      {v1::OUTCOME_DONE, kOk},
      {v1::OUTCOME_ALREADY_DONE, kOk},
      {v1::OUTCOME_REFUSED, v1::REASON_MISSING_FIELD},
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(lines[i].outcome(), expected[i].first);
    EXPECT_EQ(lines[i].reason(), expected[i].second);
  }
  EXPECT_EQ(lines[4].postings_size(), 0);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_COOLING), 30);
}

TEST_F(Confirmed, AllOrNothingStandsWhenEveryLineDoes) {
  const Visit second = Another(1);
  Visit unknown = visit;
  unknown.id = std::string(16, 'x');
  v1::ApproveEntries approve = ApprovalOf({visit, unknown, second});
  approve.set_all_or_nothing(true);
  EXPECT_EQ(ledger.Submit({kApprover}, approve), v1::REASON_UNKNOWN_ENTRY);
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CONFIRMED);
  approve = ApprovalOf({visit, second});
  approve.set_all_or_nothing(true);
  EXPECT_EQ(ledger.Submit({kApprover}, approve), kOk);
}

TEST_F(Confirmed, NoLineStandsIsARefusalWithTheLinesReason) {
  EXPECT_EQ(ledger.Submit({kApprover}, v1::ApproveEntries()), v1::REASON_MISSING_FIELD);
  Visit unknown = visit;
  unknown.id = std::string(16, 'x');
  Visit changed = visit;
  changed.end_ms += 1;
  EXPECT_EQ(ledger.Submit({kApprover}, ApprovalOf({unknown})), v1::REASON_UNKNOWN_ENTRY);
  EXPECT_EQ(ledger.Submit({kApprover}, ApprovalOf({unknown, unknown})), v1::REASON_UNKNOWN_ENTRY);
  EXPECT_EQ(ledger.Submit({kApprover}, ApprovalOf({unknown, changed})),
            v1::REASON_NO_LINE_SUCCEEDED);
}

// A line that was refused is not tried again by whoever puts the list into another block.
TEST_F(Confirmed, AListIsDoneOnce) {
  Visit other = VisitToday(ledger, 30);
  other.volunteer = "volunteer2";
  other.start_ms += 30 * kMinuteMs;
  other.end_ms = other.start_ms + 20 * kMinuteMs;
  ASSERT_EQ(SubmitVisit(ledger, other), kOk);
  const v1::TransactionBody body = ledger.Body({kApprover}, ApprovalOf({visit, other}));
  ASSERT_EQ(ledger.SubmitBody(body), kOk);
  EXPECT_EQ(ledger.lines()[1].reason(), v1::REASON_WRONG_STATE);
  ASSERT_EQ(Confirm(ledger, other), kOk);
  EXPECT_EQ(ledger.SubmitBody(body), v1::REASON_REPLAY);
  EXPECT_EQ(ledger.Submit({kApprover}, ApprovalOf({visit, other})), kOk) << "as a new transaction";
}

TEST_F(Confirmed, OnlyTheSamePersonHasAlreadyApproved) {
  ASSERT_EQ(Approve(ledger, visit), kOk);
  ASSERT_EQ(Approve(ledger, visit), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_DONE);
  EXPECT_EQ(Approve(ledger, visit, kApprover2), v1::REASON_WRONG_STATE);
  ledger.Advance(7 * kDayMs);
  ASSERT_EQ(Approve(ledger, visit), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_DONE);
}

TEST_F(Confirmed, F3KeepsThoseTooCloseFromApproving) {
  const auto appoint = [&](const char* person) {
    ledger.Overwrite<v1::Member>(PersonId(person), [](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(OrganisationId("community").str());
      office->set_role(v1::ROLE_APPROVER);
    });
  };
  for (const char* person : {"volunteer", "elder", "proxy", "kin"}) appoint(person);
  const auto approve_by = [&](const char* person) {
    return Approve(ledger, visit, {person, v1::ROLE_APPROVER, "community"});
  };
  EXPECT_EQ(approve_by("volunteer"), v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(approve_by("elder"), v1::REASON_F3_SEPARATION_OF_DUTIES);
  TestLedger saved = ledger;
  EXPECT_EQ(approve_by("kin"), kOk);
  ledger = saved;
  MakeKin("elder", "kin");
  EXPECT_EQ(approve_by("kin"), v1::REASON_F3_SEPARATION_OF_DUTIES);
  ledger = saved;
  MakeKin("kin", "volunteer");
  EXPECT_EQ(approve_by("kin"), v1::REASON_F3_SEPARATION_OF_DUTIES);
  v1::SetProxy set;
  set.set_member(PersonId("elder").str());
  set.set_proxy(PersonId("proxy").str());
  set.set_scope(1);
  set.set_until_ms(ledger.now_ms() + kHourMs);
  ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  EXPECT_EQ(approve_by("proxy"), v1::REASON_F3_SEPARATION_OF_DUTIES);
  ledger.Advance(kHourMs + 1);
  EXPECT_EQ(approve_by("proxy"), kOk);  // no longer a proxy
}

TEST_F(Confirmed, F3KeepsWitnessAndClerkFromApproving) {
  Visit paper = VisitToday(ledger, 15);
  paper.volunteer = "volunteer2";
  ASSERT_EQ(SubmitVisit(ledger, paper), kOk);
  v1::ConfirmAction action = testing::ActionFor(paper, v1::CHANNEL_PAPER);
  action.set_witness(PersonId("witness").str());
  v1::ConfirmEntry confirm;
  confirm.set_action(chain::CanonicalBytes(action));
  ASSERT_EQ(ledger.Submit({{"clerk_street", v1::ROLE_CLERK, "street"}}, confirm), kOk);
  for (const char* person : {"witness", "clerk_street"}) {
    ledger.Overwrite<v1::Member>(PersonId(person), [](v1::Member& member) {
      v1::Office* office = member.add_offices();
      office->set_org(OrganisationId("community").str());
      office->set_role(v1::ROLE_APPROVER);
    });
    EXPECT_EQ(Approve(ledger, paper, {person, v1::ROLE_APPROVER, "community"}),
              v1::REASON_F3_SEPARATION_OF_DUTIES);
  }
  EXPECT_EQ(Approve(ledger, paper), kOk);
}

TEST_F(Confirmed, F15NamesOneResponsibleOrganisation) {
  EXPECT_EQ(Approve(ledger, visit, {"elder2"}), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit, {"approver_community2", v1::ROLE_APPROVER, "community2"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit, {"reviewer_street", v1::ROLE_REVIEWER, "street"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit, {"elder2", v1::ROLE_APPROVER, "community"}),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit, kStreetApprover), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kApprover, kApprover2}, ApprovalOf({visit})),
            v1::REASON_F15_WRONG_SCOPE);
}

TEST_F(Confirmed, AfterThreeDaysTheParentApproves) {
  const std::uint64_t escalates_ms = EntryOf(ledger, visit).confirmed_ms() + 72 * kHourMs;
  ledger.Advance(escalates_ms - 1 - ledger.now_ms());
  const TestLedger before = ledger;
  EXPECT_EQ(Approve(ledger, visit, kStreetApprover), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit), kOk);
  ledger = before;
  ledger.Advance(1);
  EXPECT_EQ(Approve(ledger, visit), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(Approve(ledger, visit, kStreetApprover), kOk);
  EXPECT_EQ(EntryOf(ledger, visit).approver_org(), OrganisationId("street").str());
}

TEST_F(Confirmed, UnapprovedExpiresAfterTheParentsWeek) {
  const std::uint64_t due_ms = EntryOf(ledger, visit).confirmed_ms() + 72 * kHourMs + 7 * kDayMs;
  ledger.Advance(due_ms - 1 - ledger.now_ms());
  const TestLedger before = ledger;
  EXPECT_EQ(Approve(ledger, visit, kStreetApprover), kOk);
  ledger = before;
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_CONFIRMED);
  EXPECT_EQ(Approve(ledger, visit, kStreetApprover), v1::REASON_DEADLINE_PASSED);
  ledger.Tick();
  EXPECT_EQ(EntryOf(ledger, visit).state(), v1::ENTRY_STATE_EXPIRED);
  EXPECT_EQ(Postings(ledger.lines(/*sweep=*/true)[0]),
            (Words{"HELD:elder -45", "EARNED:elder 45"}));
}

TEST_F(Confirmed, AYoungKeyApprovesNothing) {
  ledger.Overwrite<v1::Member>(PersonId("approver_community"), [&](v1::Member& approver) {
    approver.mutable_keys(0)->set_since_ms(ledger.now_ms() - kDayMs + 1);
  });
  EXPECT_EQ(Approve(ledger, visit), v1::REASON_F8_KEY_TOO_YOUNG);
  ledger.Advance(1);
  EXPECT_EQ(Approve(ledger, visit), kOk);
}

TEST_F(Confirmed, AFrozenPartyStopsItsLineOnly) {
  const Visit second = Another(1);
  ledger.Overwrite<v1::Member>(PersonId("volunteer"), [](v1::Member& member) {
    member.set_status(v1::MEMBER_STATUS_FROZEN);
  });
  ASSERT_EQ(ledger.Submit({kApprover}, ApprovalOf({visit, second})), kOk);
  EXPECT_EQ(ledger.lines()[0].reason(), v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(ledger.lines()[1].outcome(), v1::OUTCOME_DONE);
  EXPECT_EQ(ledger.balance("volunteer", v1::ACCOUNT_KIND_COOLING), 0);
}

TEST_F(Confirmed, RejectionReleasesAndForgetsTheVisit) {
  EXPECT_EQ(Reject(kStreetApprover), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(Reject(), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]), (Words{"HELD:elder -45", "EARNED:elder 45"}));
  const v1::Entry entry = EntryOf(ledger, visit);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_REJECTED);
  EXPECT_EQ(entry.reject_reason(), 7U);
  EXPECT_EQ(entry.due_ms(), 0U);
  EXPECT_EQ(Reject(), v1::REASON_WRONG_STATE);
  EXPECT_EQ(Approve(ledger, visit), v1::REASON_WRONG_STATE);
  Visit again = visit;
  again.id = ledger.NewId();
  EXPECT_EQ(SubmitVisit(ledger, again), kOk);  // neither F4 nor F1
}

TEST_F(Confirmed, ASubmittedWalkInIsRejectedWithoutAHold) {
  visit = VisitToday(ledger, 15);
  visit.volunteer = "volunteer2";
  ASSERT_EQ(SubmitVisit(ledger, visit), kOk);
  ASSERT_EQ(Reject(), kOk);
  EXPECT_EQ(ledger.lines()[0].postings_size(), 0);
}

TEST_F(Confirmed, AKinOfTheApproverWhoSpokeForTheElderIsReviewed) {
  Visit spoken = VisitToday(ledger, 15);
  spoken.volunteer = "volunteer2";
  v1::SetProxy set;
  set.set_member(PersonId("elder").str());
  set.set_proxy(PersonId("proxy").str());
  set.set_scope(1);
  set.set_until_ms(ledger.now_ms() + kHourMs);
  ASSERT_EQ(ledger.Submit({{"elder"}}, set), kOk);
  MakeKin("proxy", "approver_community");
  ASSERT_EQ(SubmitVisit(ledger, spoken), kOk);
  v1::ConfirmEntry confirm;
  confirm.set_action(chain::CanonicalBytes(testing::ActionFor(spoken, v1::CHANNEL_PROXY)));
  ASSERT_EQ(ledger.Submit({{"proxy", v1::ROLE_PROXY}}, confirm), kOk);
  const std::uint32_t r2 = v1::FLAG_R2_NO_CHECK_IN;
  ASSERT_EQ(EntryOf(ledger, spoken).flags(), r2);
  const TestLedger before = ledger;
  ASSERT_EQ(Approve(ledger, spoken, kApprover2), kOk);
  EXPECT_EQ(EntryOf(ledger, spoken).flags(), r2);
  ledger = before;
  ASSERT_EQ(Approve(ledger, spoken), kOk);
  EXPECT_EQ(EntryOf(ledger, spoken).flags(), r2 | v1::FLAG_R1_NOT_OWN_KEY);
}

class ConfirmedUnderF9 : public Confirmed {
 protected:
  ConfirmedUnderF9() : Confirmed(WithPolicy(v1::POLICY_PARAMETER_APPROVALS_HOUR_WITH_OWN_KEY, 2)) {}
};

TEST_F(ConfirmedUnderF9, LimitsApprovalsWithOwnKeyByTheClockHour) {
  ledger.Advance(kHourMs - 1 - ledger.now_ms() % kHourMs);  // the last moment of the hour
  ledger.Advance(kHourMs - 100);
  const Visit second = Another(1);
  const Visit third = Another(2);
  ledger.Advance(kHourMs - 1 - ledger.now_ms() % kHourMs);
  ASSERT_EQ(ledger.Submit({kApprover}, ApprovalOf({visit, second, third})), kOk);
  EXPECT_EQ(ledger.lines()[1].outcome(), v1::OUTCOME_DONE);
  EXPECT_EQ(ledger.lines()[2].reason(), v1::REASON_F9_APPROVER_LIMIT);
  EXPECT_EQ(ledger.now_ms() % kHourMs, 0U);
  EXPECT_EQ(Approve(ledger, third), kOk);
}

TEST_F(Confirmed, F9LimitsApprovalsWithoutOwnKeyByTheLocalDay) {
  std::vector<Visit> visits;
  for (std::uint64_t n = 0; n < 11; ++n) visits.push_back(Another(n, v1::CHANNEL_CALLBACK));
  visits.push_back(visit);  // by own key: not counted here
  ASSERT_EQ(ledger.Submit({kApprover}, ApprovalOf(visits)), kOk);
  const auto lines = ledger.lines();
  EXPECT_EQ(lines[9].outcome(), v1::OUTCOME_DONE);
  EXPECT_EQ(lines[10].reason(), v1::REASON_F9_APPROVER_LIMIT);
  EXPECT_EQ(lines[11].outcome(), v1::OUTCOME_DONE);
  // 10:00 until midnight.
  const std::uint64_t midnight_ms = ledger.now_ms() - ledger.now_ms() % kDayMs + 16 * kHourMs;
  ledger.Advance(midnight_ms - 1 - ledger.now_ms());
  const TestLedger before = ledger;
  EXPECT_EQ(Approve(ledger, visits[10]), v1::REASON_F9_APPROVER_LIMIT);
  EXPECT_EQ(Approve(ledger, visits[10], kApprover2), kOk);
  ledger = before;
  ledger.Advance(1);
  EXPECT_EQ(Approve(ledger, visits[10]), kOk);
}

TEST(ApprovalOfGrants, ALotThatLapsedWhileHeldIsCapturedButNotReleased) {
  TestLedger ledger;
  ledger.Grant({"elder"});
  const Visit visit = VisitToday(ledger, 30);
  ledger.Advance(20 * kDayMs);  // the order is for the end of the month
  Visit late = visit;
  late.start_ms += 20 * kDayMs;
  late.end_ms += 20 * kDayMs;
  late.id = ledger.NewId();
  ServeOrder(ledger, late, 30);
  ASSERT_EQ(Confirm(ledger, late), kOk);
  ledger.Advance(2 * kDayMs);  // 2 August: the July lot has lapsed
  ASSERT_EQ(Approve(ledger, late), kOk);
  EXPECT_EQ(Postings(ledger.lines()[0]),
            (Words{"HELD:elder -45", "COOLING:volunteer 30", "SINK:district 15"}));
  const v1::Entry entry = EntryOf(ledger, late);
  ASSERT_EQ(entry.paid_size(), 1);
  EXPECT_EQ(entry.paid(0).lot(), 202407U);
}

}  // namespace
}  // namespace timebank::ledger
