// Listing, grant runs and the end of a lot: each row that passes has a neighbour that fails.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/civil.h"
#include "crypto/sha256.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

const By kLister{"lister_street", v1::ROLE_LISTER, "street"};
const By kAssessor{"assessor_clinic", v1::ROLE_ASSESSOR, "clinic"};
const By kRegulator{"regulator_district", v1::ROLE_REGULATOR, "district"};
const By kFinance{"finance_district", v1::ROLE_FINANCE, "district"};
constexpr std::uint32_t kJuly = 202407;

std::vector<std::string> Ids(const std::vector<std::string>& names) {
  std::vector<std::string> ids;
  for (const std::string& name : names) ids.emplace_back(PersonId(name).text());
  std::sort(ids.begin(), ids.end());
  return ids;
}

template <typename Message>
Message Listing(std::string_view org, const std::vector<std::string>& names) {
  Message message;
  message.set_org(OrganisationId(org).str());
  message.set_list_class(1);
  for (const std::string& id : Ids(names)) message.add_members(id);
  return message;
}

v1::GrantRun GrantFor(const std::vector<std::string>& names, std::uint32_t month = kJuly) {
  v1::GrantRun message;
  message.set_district(OrganisationId("district").str());
  message.set_month(month);
  message.set_list_class(1);
  std::string all;
  for (const std::string& id : Ids(names)) {
    message.add_members(id);
    all += id;
  }
  message.set_list_hash(crypto::Sha256(AsBytes(all)).str());
  return message;
}

void ApproveBudgetOf(TestLedger& ledger, std::int64_t minutes) {
  v1::ApproveBudget message;
  message.set_district(OrganisationId("district").str());
  message.set_minutes(minutes);
  ASSERT_EQ(ledger.Submit({kRegulator, kFinance}, message), kOk);
}

// elder and elder2 are listed; `budget` minutes may be issued.
TestLedger Listed(std::int64_t budget = 100'000) {
  TestLedger ledger;
  ApproveBudgetOf(ledger, budget);
  EXPECT_EQ(
      ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"elder", "elder2"})),
      kOk);
  return ledger;
}

TEST(Listing, ByListerAndAssessor) {
  TestLedger ledger;
  const auto message = Listing<v1::ListMember>("street", {"elder", "elder2"});
  EXPECT_EQ(ledger.Submit({kLister}, message), v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kAssessor}, message), v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kLister, kFinance}, message), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(ledger.Submit({kAssessor, kLister}, message), kOk);
  EXPECT_EQ(ledger.lines().size(), 2U);
  ASSERT_EQ(ledger.member("elder").listings_size(), 1);
  EXPECT_EQ(ledger.member("elder").listings(0).since_ms(), ledger.state().time().value());
  ASSERT_EQ(ledger.Submit({kLister, kAssessor}, message), kOk);
  EXPECT_EQ(ledger.lines().at(1).outcome(), v1::OUTCOME_ALREADY_DONE);
  EXPECT_EQ(ledger.member("elder").listings_size(), 1);
}

TEST(Listing, OfMembersUnderAStreet) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"elder3"})),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("community", {"elder"})),
            v1::REASON_BAD_FIELD);
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"nobody"})),
            v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("?", {"elder"})),
            v1::REASON_UNKNOWN_ORGANISATION);
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {})),
            v1::REASON_MISSING_FIELD);
  EXPECT_EQ(
      ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"elder", "elder"})),
      v1::REASON_BAD_FIELD);
  auto no_class = Listing<v1::ListMember>("street", {"elder"});
  no_class.clear_list_class();
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, no_class), v1::REASON_MISSING_FIELD);
}

TEST(Listing, EndsOnlyWhatWasListed) {
  TestLedger ledger = Listed();
  const auto both = Listing<v1::UnlistMember>("street", {"elder", "proxy"});
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, both), v1::REASON_NOT_LISTED);
  EXPECT_EQ(ledger.member("elder").listings_size(), 1);
  const auto one = Listing<v1::UnlistMember>("street", {"elder"});
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, one), kOk);
  EXPECT_TRUE(ledger.member("elder").listings().empty());
  EXPECT_EQ(ledger.Submit({kLister, kAssessor}, one), v1::REASON_NOT_LISTED);
}

TEST(GrantRun, IssuesOncePerMemberClassAndMonth) {
  TestLedger ledger = Listed();
  ASSERT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"})), kOk);
  EXPECT_EQ(ledger.lines().size(), 1U);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_GRANT, kJuly), 480);
  EXPECT_EQ(ledger.org_balance("district", v1::ACCOUNT_KIND_ISSUER), -480);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder", "elder2"})),
            v1::REASON_F10_CREATES_MINUTES);
  EXPECT_EQ(ledger.balance("elder2", v1::ACCOUNT_KIND_GRANT, kJuly), 0);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder2"})), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"}, 202408)), kOk);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_GRANT, 202408), 480);
}

TEST(GrantRun, StaysInsideTheBudgetToTheMinute) {
  TestLedger exact = Listed(960);
  EXPECT_EQ(exact.Submit({kRegulator, kFinance}, GrantFor({"elder", "elder2"})), kOk);
  TestLedger short_by_one = Listed(959);
  EXPECT_EQ(short_by_one.Submit({kRegulator, kFinance}, GrantFor({"elder", "elder2"})),
            v1::REASON_F10_CREATES_MINUTES);
  TestLedger none;
  EXPECT_EQ(none.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"elder"})), kOk);
  EXPECT_EQ(none.Submit({kRegulator, kFinance}, GrantFor({"elder"})),
            v1::REASON_F10_CREATES_MINUTES);
}

TEST(GrantRun, ThisMonthOrTheNext) {
  struct Case {
    std::uint32_t month;
    Reason expected;
  };
  TestLedger ledger = Listed();
  for (const Case& c : {Case{202406, v1::REASON_BAD_FIELD}, Case{kJuly, kOk}, Case{202408, kOk},
                        Case{202409, v1::REASON_BAD_FIELD}, Case{0, v1::REASON_MISSING_FIELD}}) {
    SCOPED_TRACE(c.month);
    EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"}, c.month)), c.expected);
  }
  // 2024-12-31 23:59:59.999 local time, then a millisecond later.
  const std::uint64_t new_year = FromCivil({.year = 2025}, 480)->value();
  ledger.Advance(new_year - 1 - ledger.now_ms());
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"}, 202501)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"}, 202412)),
            v1::REASON_BAD_FIELD);
}

TEST(GrantRun, SignersListAndForm) {
  TestLedger ledger = Listed();
  EXPECT_EQ(ledger.Submit({kRegulator}, GrantFor({"elder"})), v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kRegulator, kLister}, GrantFor({"elder"})), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"proxy"})), v1::REASON_NOT_LISTED);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"nobody"})), v1::REASON_UNKNOWN_MEMBER);
  auto wrong_hash = GrantFor({"elder"});
  wrong_hash.set_list_hash(GrantFor({"elder2"}).list_hash());
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, wrong_hash), v1::REASON_BAD_FIELD);
  auto descending = GrantFor({"elder", "elder2"});
  descending.mutable_members()->SwapElements(0, 1);
  descending.set_list_hash(
      crypto::Sha256(AsBytes(descending.members(0) + descending.members(1))).str());
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, descending), v1::REASON_BAD_FIELD);
  auto street = GrantFor({"elder"});
  street.set_district(OrganisationId("street").str());
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, street), v1::REASON_BAD_FIELD);
  auto other_class = GrantFor({"elder"});
  other_class.set_list_class(2);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, other_class), v1::REASON_NOT_LISTED);
}

TEST(GrantRun, OfTheDistrictsOwnMembers) {
  TestLedger ledger = Listed();
  auto town = GrantFor({"elder"});
  town.set_district(OrganisationId("town").str());
  EXPECT_EQ(ledger.Submit({{"regulator_town", v1::ROLE_REGULATOR, "town"},
                           {"finance_town", v1::ROLE_FINANCE, "town"}},
                          town),
            v1::REASON_F15_WRONG_SCOPE);
}

TEST(GrantRun, NoneByPolicy) {
  TestLedger ledger([](v1::Genesis& genesis) {
    v1::GenesisPolicy& policy = *genesis.add_policies();
    policy.set_org(OrganisationId("district").str());
    policy.mutable_policy()->add_values()->set_parameter(v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES);
  });
  ApproveBudgetOf(ledger, 480);
  ASSERT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", {"elder"})), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"})),
            v1::REASON_DISABLED_BY_POLICY);
}

TEST(Lots, LapseAtTheEndOfTheirLocalMonth) {
  TestLedger ledger = Listed();
  ASSERT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"})), kOk);
  ASSERT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor({"elder"}, 202408)), kOk);
  const Millis august = *EndOfMonth(kJuly, 480);
  ledger.Advance(august.value() - 1 - ledger.now_ms());
  ledger.Tick();
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_GRANT, kJuly), 480);
  EXPECT_EQ(ledger.state().next_due(), august);
  ledger.Tick();
  EXPECT_EQ(ledger.state().time(), august);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_GRANT, kJuly), 0);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_GRANT, 202408), 480);
  EXPECT_EQ(ledger.org_balance("district", v1::ACCOUNT_KIND_SINK), 480);
  const auto lines = ledger.lines(/*sweep=*/true);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].entity(), PersonId("elder").str());
}

TEST(Sweep, TakesTwoThousandItemsABlockOldestFirst) {
  TestLedger ledger([](v1::Genesis& genesis) {
    for (int i = 0; i < 2'001; ++i) {
      v1::Member& member = *genesis.add_members();
      member.set_member(PersonId("listed" + std::to_string(i)).str());
      member.set_home_org(OrganisationId("community").str());
    }
  });
  std::vector<std::string> names;
  for (int i = 0; i < 2'001; ++i) names.push_back("listed" + std::to_string(i));
  ApproveBudgetOf(ledger, 2'001 * 480);
  for (std::size_t at = 0; at < names.size(); at += 500) {
    const std::vector<std::string> part(
        names.begin() + static_cast<std::ptrdiff_t>(at),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(at + 500, names.size())));
    ASSERT_EQ(ledger.Submit({kLister, kAssessor}, Listing<v1::ListMember>("street", part)), kOk);
    ASSERT_EQ(ledger.Submit({kRegulator, kFinance}, GrantFor(part)), kOk);
  }
  ledger.Advance(EndOfMonth(kJuly, 480)->value() - ledger.now_ms());
  ledger.Tick();  // the ten marks of lists and grant runs are older and come first
  EXPECT_EQ(ledger.lines(/*sweep=*/true).size(), 1'990U);
  ledger.Tick();
  EXPECT_EQ(ledger.lines(/*sweep=*/true).size(), 11U);
  EXPECT_EQ(ledger.org_balance("district", v1::ACCOUNT_KIND_SINK), 2'001 * 480);
  EXPECT_EQ(ledger.state().next_due(), std::nullopt);
}

}  // namespace
}  // namespace timebank::ledger::testing
