// Organisations, officers, policy, thresholds and budgets: each row that passes has a neighbour
// that fails.
#include <gtest/gtest.h>

#include "ledger/authority.h"
#include "ledger/testing/test_ledger.h"

namespace timebank::ledger::testing {
namespace {

const By kRegulator{"regulator_district", v1::ROLE_REGULATOR, "district"};
const By kRegulator2{"regulator2_district", v1::ROLE_REGULATOR, "district"};
const By kFinance{"finance_district", v1::ROLE_FINANCE, "district"};
const By kStreetRegulator{"regulator_street", v1::ROLE_REGULATOR, "street"};

v1::CreateOrganisation NewOrganisation(std::string_view name, std::string_view parent) {
  v1::CreateOrganisation message;
  message.set_org(OrganisationId(name).str());
  message.set_parent(OrganisationId(parent).str());
  message.set_kind(v1::ORGANISATION_KIND_COMMUNITY);
  message.set_name("Gulou");
  return message;
}

v1::AppointOfficer Appointment(std::string_view org, std::string_view person, v1::Role role) {
  v1::AppointOfficer message;
  message.set_org(OrganisationId(org).str());
  message.set_member(PersonId(person).str());
  message.set_role(role);
  return message;
}

v1::DismissOfficer Dismissal(std::string_view org, std::string_view person, v1::Role role) {
  v1::DismissOfficer message;
  message.set_org(OrganisationId(org).str());
  message.set_member(PersonId(person).str());
  message.set_role(role);
  return message;
}

v1::SetThreshold Threshold(std::string_view org, std::uint32_t action, std::uint32_t persons) {
  v1::SetThreshold message;
  message.set_org(OrganisationId(org).str());
  message.set_action(action);
  message.set_persons(persons);
  return message;
}

v1::ApproveBudget Budget(std::string_view district, std::int64_t minutes) {
  v1::ApproveBudget message;
  message.set_district(OrganisationId(district).str());
  message.set_minutes(minutes);
  return message;
}

v1::SetPolicy NewPolicy(std::string_view org, std::uint64_t from_ms,
                        const std::vector<std::pair<std::uint32_t, std::int64_t>>& values) {
  v1::SetPolicy message;
  message.set_org(OrganisationId(org).str());
  message.set_effective_from_ms(from_ms);
  for (const auto& [parameter, value] : values) {
    v1::PolicyValue& added = *message.add_values();
    added.set_parameter(parameter);
    added.set_value(value);
  }
  return message;
}

TEST(CreateOrganisation, ByRegulatorsOfTheParentOnce) {
  TestLedger ledger;
  const auto message = NewOrganisation("new", "street");
  EXPECT_EQ(ledger.Submit({kRegulator}, message), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(ledger.Submit({kStreetRegulator}, message), kOk);
  const auto created = ledger.state().Find<v1::Organisation>(OrganisationId("new"));
  ASSERT_TRUE(created.has_value());
  EXPECT_EQ(created->name(), "Gulou");
  EXPECT_EQ(created->created_ms(), ledger.state().time().value());
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, message), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_RECORDED);
  auto other = message;
  other.set_name("Xuanwu");
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, other), v1::REASON_ORGANISATION_EXISTS);
}

TEST(CreateOrganisation, FormIsJudgedFirst) {
  TestLedger ledger;
  struct Case {
    const char* name;
    std::function<void(v1::CreateOrganisation&)> edit;
    Reason expected;
  };
  const Case cases[] = {
      {"as it is", [](auto&) {}, kOk},
      {"no id", [](auto& m) { m.clear_org(); }, v1::REASON_MISSING_FIELD},
      {"zero id", [](auto& m) { m.set_org(std::string(16, '\0')); }, v1::REASON_BAD_FIELD},
      {"no parent", [](auto& m) { m.clear_parent(); }, v1::REASON_MISSING_FIELD},
      {"no name", [](auto& m) { m.clear_name(); }, v1::REASON_MISSING_FIELD},
      {"no kind", [](auto& m) { m.clear_kind(); }, v1::REASON_MISSING_FIELD},
      {"name not UTF-8", [](auto& m) { m.set_name("\xE9\x9D"); }, v1::REASON_BAD_FIELD},
      {"overlong UTF-8", [](auto& m) { m.set_name("\xC0\xAF"); }, v1::REASON_BAD_FIELD},
      {"control character", [](auto& m) { m.set_name("a\nb"); }, v1::REASON_BAD_FIELD},
      {"Chinese name", [](auto& m) { m.set_name("\xE9\xBC\x93\xE6\xA5\xBC"); },
       v1::REASON_ORGANISATION_EXISTS},
      {"unknown parent", [](auto& m) { m.set_parent(PersonId("elder").str()); },
       v1::REASON_UNKNOWN_ORGANISATION},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto message = NewOrganisation("new", "street");
    c.edit(message);
    EXPECT_EQ(ledger.Submit({kStreetRegulator}, message), c.expected);
  }
}

TEST(CreateOrganisation, AtMostSixteenLevels) {
  TestLedger ledger([](v1::Genesis& genesis) {
    for (v1::Member& member : *genesis.mutable_members()) {
      if (member.member() != PersonId("regulator_community").str()) continue;
      for (int level = 4; level <= 16; ++level) {
        v1::Organisation& organisation = *genesis.add_organisations();
        organisation.set_org(OrganisationId("level" + std::to_string(level)).str());
        organisation.set_parent(
            OrganisationId(level == 4 ? "community" : "level" + std::to_string(level - 1)).str());
        organisation.set_kind(v1::ORGANISATION_KIND_ESTATE);
        v1::Office& office = *member.add_offices();
        office.set_org(organisation.org());
        office.set_role(v1::ROLE_REGULATOR);
      }
    }
  });
  const By level15{"regulator_community", v1::ROLE_REGULATOR, "level15"};
  const By level16{"regulator_community", v1::ROLE_REGULATOR, "level16"};
  EXPECT_EQ(ledger.Submit({level15}, NewOrganisation("new", "level15")), kOk);
  EXPECT_EQ(ledger.Submit({level16}, NewOrganisation("new2", "level16")), v1::REASON_BAD_FIELD);
}

TEST(Officers, AppointedByTheParentOnceAndDismissed) {
  TestLedger ledger;
  const auto message = Appointment("community", "witness", v1::ROLE_APPROVER);
  const By own{"regulator_community", v1::ROLE_REGULATOR, "community"};
  EXPECT_EQ(ledger.Submit({own}, message), v1::REASON_F15_WRONG_SCOPE);
  ASSERT_EQ(ledger.Submit({kStreetRegulator}, message), kOk);
  const auto member = ledger.member("witness");
  ASSERT_EQ(member.offices_size(), 1);
  EXPECT_EQ(member.offices(0).since_ms(), ledger.state().time().value());
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, message), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_DONE);
  const auto dismissal = Dismissal("community", "witness", v1::ROLE_APPROVER);
  EXPECT_EQ(ledger.Submit({own}, dismissal), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, dismissal), kOk);
  EXPECT_TRUE(ledger.member("witness").offices().empty());
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, dismissal), v1::REASON_WRONG_STATE);
}

TEST(Officers, OfRootsAreAppointedByTheRoot) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({kRegulator}, Appointment("district", "witness", v1::ROLE_AUDITOR)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Appointment("town", "witness", v1::ROLE_AUDITOR)),
            v1::REASON_F15_WRONG_SCOPE);
}

TEST(Officers, OneExclusiveRolePerLine) {
  struct Case {
    const char* name;
    const char* org;
    v1::Role role;
    Reason expected;
  };
  // witness is APPROVER of community.
  const Case cases[] = {
      {"reviewer here", "community", v1::ROLE_REVIEWER, v1::REASON_ROLE_CONFLICT},
      {"reviewer above", "street", v1::ROLE_REVIEWER, v1::REASON_ROLE_CONFLICT},
      {"lister above", "street", v1::ROLE_LISTER, v1::REASON_ROLE_CONFLICT},
      {"settlement clerk", "street", v1::ROLE_SETTLEMENT_CLERK, v1::REASON_ROLE_CONFLICT},
      {"recovery officer", "street", v1::ROLE_RECOVERY_OFFICER, v1::REASON_ROLE_CONFLICT},
      {"auditor", "street", v1::ROLE_AUDITOR, v1::REASON_ROLE_CONFLICT},
      {"the same role above", "street", v1::ROLE_APPROVER, kOk},
      {"a role that does not exclude", "community", v1::ROLE_CLERK, kOk},
      {"beside it", "community2", v1::ROLE_REVIEWER, v1::REASON_ROLE_CONFLICT},
  };
  TestLedger ledger;
  ASSERT_EQ(
      ledger.Submit({kStreetRegulator}, Appointment("community", "witness", v1::ROLE_APPROVER)),
      kOk);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const By parent = std::string_view(c.org) == "street" ? kRegulator : kStreetRegulator;
    EXPECT_EQ(ledger.Submit({parent}, Appointment(c.org, "witness", c.role)), c.expected);
  }
}

TEST(Officers, BesideEachOtherDoNotConflict) {
  TestLedger ledger;
  ASSERT_EQ(
      ledger.Submit({kStreetRegulator}, Appointment("community", "witness", v1::ROLE_APPROVER)),
      kOk);
  EXPECT_EQ(
      ledger.Submit({kStreetRegulator}, Appointment("community2", "witness", v1::ROLE_REVIEWER)),
      kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Appointment("street2", "witness", v1::ROLE_LISTER)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Appointment("district", "witness", v1::ROLE_AUDITOR)),
            v1::REASON_ROLE_CONFLICT);
}

TEST(Officers, PartiesAndForm) {
  TestLedger ledger([](v1::Genesis& genesis) {
    for (v1::Member& member : *genesis.mutable_members()) {
      const bool frozen = member.member() == PersonId("kin").str() ||
                          member.member() == PersonId("regulator2_street").str();
      if (frozen) member.set_status(v1::MEMBER_STATUS_FROZEN);
    }
  });
  auto no_role = Appointment("community", "witness", v1::ROLE_UNSPECIFIED);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, no_role), v1::REASON_MISSING_FIELD);
  auto as_member = Appointment("community", "witness", v1::ROLE_MEMBER);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, as_member), v1::REASON_BAD_FIELD);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, Appointment("community", "?", v1::ROLE_CLERK)),
            v1::REASON_UNKNOWN_MEMBER);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, Appointment("?", "witness", v1::ROLE_CLERK)),
            v1::REASON_UNKNOWN_ORGANISATION);
  const By frozen{"regulator2_street", v1::ROLE_REGULATOR, "street"};
  const auto of_frozen = Appointment("community", "kin", v1::ROLE_CLERK);
  const auto of_witness = Appointment("community", "witness", v1::ROLE_CLERK);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, of_frozen), v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(ledger.Submit({frozen}, of_witness), v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, of_witness), kOk);
  EXPECT_EQ(ledger.Submit({frozen}, of_witness), kOk) << "a repetition is answered as what it is";
}

TEST(Officers, NobodyAppointsOneself) {
  TestLedger ledger;
  const auto of_signer = Appointment("street", "regulator_district", v1::ROLE_CLERK);
  EXPECT_EQ(ledger.Submit({kRegulator}, of_signer), v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({kRegulator2, kRegulator}, of_signer),
            v1::REASON_F3_SEPARATION_OF_DUTIES);
  EXPECT_EQ(ledger.Submit({kRegulator2}, of_signer), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Dismissal("street", "regulator_district", v1::ROLE_CLERK)),
            kOk);
}

TEST(Officers, AtMostSixtyFourOffices) {
  TestLedger ledger([](v1::Genesis& genesis) {
    for (v1::Member& member : *genesis.mutable_members()) {
      if (member.member() != PersonId("witness").str()) continue;
      for (const v1::Role role :
           {v1::ROLE_CLERK, v1::ROLE_DISPATCHER, v1::ROLE_FINANCE, v1::ROLE_ASSESSOR,
            v1::ROLE_TERMINAL, v1::ROLE_PIN_SERVICE, v1::ROLE_MERCHANT, v1::ROLE_CASHIER}) {
        for (const char* org : {"district", "town", "clinic", "street", "street2", "community",
                                "community2", "community3"}) {
          v1::Office& office = *member.add_offices();
          office.set_org(OrganisationId(org).str());
          office.set_role(role);
        }
      }
    }
  });
  ASSERT_EQ(ledger.member("witness").offices_size(), 64);
  const auto another = Appointment("shop", "witness", v1::ROLE_CLERK);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, another), v1::REASON_F5_CAP);
  ASSERT_EQ(ledger.Submit({kStreetRegulator}, Dismissal("community", "witness", v1::ROLE_CLERK)),
            kOk);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, another), kOk);
}

TEST(Thresholds, CountPersonsNotKeys) {
  TestLedger ledger;
  const auto appointment = Appointment("street", "witness", v1::ROLE_CLERK);
  EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", 17, 2)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, appointment), v1::REASON_THRESHOLD_NOT_MET);
  v1::AddKey key;
  key.set_member(PersonId("regulator_district").str());
  *key.mutable_key() = ProvenKey(ledger.state().chain_id(), "regulator_district", "second key");
  ASSERT_EQ(ledger.Submit({{"regulator_district"}}, key), kOk);
  const By same_person{"regulator_district", v1::ROLE_REGULATOR, "district", "second key"};
  EXPECT_EQ(ledger.Submit({kRegulator, same_person}, appointment), v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, appointment), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kRegulator, kRegulator2}, appointment), kOk);
}

TEST(Thresholds, AreOfOneKind) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", 17, 2)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, NewOrganisation("new", "district")), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", 16, 2)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, NewOrganisation("new2", "district")),
            v1::REASON_THRESHOLD_NOT_MET);
  const auto district = ledger.state().Find<v1::Organisation>(OrganisationId("district"));
  ASSERT_EQ(district->thresholds_size(), 2);
  EXPECT_EQ(district->thresholds(0).action(), 16U);
  EXPECT_EQ(ledger.Submit({kRegulator, kRegulator2}, Threshold("district", 17, 1)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Appointment("street", "witness", v1::ROLE_CLERK)), kOk);
}

TEST(Thresholds, AreChangedByAsManyAsTheyAskFor) {
  TestLedger ledger;
  ASSERT_EQ(ledger.Submit({kRegulator}, Threshold("district", 17, 2)), kOk);
  for (const std::uint32_t persons : {1U, 2U, 3U}) {
    EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", 17, persons)),
              v1::REASON_THRESHOLD_NOT_MET);
  }
  ASSERT_EQ(ledger.Submit({kRegulator}, Threshold("district", 20, 2)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", 16, 2)),
            v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kRegulator, kRegulator2}, Threshold("district", 17, 1)), kOk);
}

TEST(Thresholds, OneToSixteenPersonsForAKindThatCountsThem) {
  struct Case {
    std::uint32_t action;
    std::uint32_t persons;
    Reason expected;
  };
  TestLedger ledger;
  for (const Case& c : {Case{16, 16, kOk}, Case{16, 17, v1::REASON_BAD_FIELD},
                        Case{16, 0, v1::REASON_MISSING_FIELD}, Case{0, 1, v1::REASON_MISSING_FIELD},
                        Case{21, 1, v1::REASON_BAD_FIELD}, Case{25, 1, v1::REASON_BAD_FIELD},
                        Case{76, 1, v1::REASON_BAD_FIELD}, Case{123, 1, v1::REASON_BAD_FIELD}}) {
    SCOPED_TRACE(c.action * 100 + c.persons);
    EXPECT_EQ(ledger.Submit({kRegulator}, Threshold("district", c.action, c.persons)), c.expected);
  }
}

TEST(Budget, OnlyRisesBySignatureOfTwo) {
  TestLedger ledger;
  EXPECT_EQ(ledger.Submit({kRegulator}, Budget("district", 100)), v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kRegulator, kRegulator2}, Budget("district", 100)),
            v1::REASON_THRESHOLD_NOT_MET);
  EXPECT_EQ(ledger.Submit({kFinance, kRegulator}, Budget("district", 100)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, Budget("district", 100)), kOk);
  EXPECT_EQ(ledger.lines().at(0).outcome(), v1::OUTCOME_ALREADY_DONE);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, Budget("district", 99)), v1::REASON_WRONG_STATE);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, Budget("district", 101)), kOk);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, Budget("town", 101)), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kRegulator, kFinance, kRegulator2}, Budget("district", 102)),
            v1::REASON_F15_WRONG_SCOPE);
}

TEST(Budget, AmountsAndForm) {
  TestLedger ledger;
  const std::int64_t most = 1'000'000'000'000'000;
  struct Case {
    const char* org;
    std::int64_t minutes;
    Reason expected;
  };
  for (const Case& c :
       {Case{"district", 0, v1::REASON_AMOUNT_NOT_POSITIVE},
        Case{"district", -1, v1::REASON_AMOUNT_NOT_POSITIVE},
        Case{"district", most + 1, v1::REASON_AMOUNT_OVERFLOW}, Case{"district", most, kOk},
        Case{"street", 1, v1::REASON_BAD_FIELD}, Case{"?", 1, v1::REASON_UNKNOWN_ORGANISATION}}) {
    SCOPED_TRACE(c.minutes);
    EXPECT_EQ(ledger.Submit({kRegulator, kFinance}, Budget(c.org, c.minutes)), c.expected);
  }
}

TEST(SetPolicy, NeedsNoticeToTheMillisecond) {
  TestLedger ledger;
  const auto in_force = [&](std::uint64_t ms) {
    return NewPolicy("street", ledger.now_ms() + ms, {{3, 20}});
  };
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, in_force(7 * kDayMs - 1)),
            v1::REASON_NOTICE_TOO_SHORT);
  EXPECT_EQ(ledger.Submit({kRegulator}, in_force(7 * kDayMs)), v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, in_force(7 * kDayMs)), kOk);
}

TEST(SetPolicy, FourALocalDayAndSixteenToCome) {
  TestLedger ledger;
  const auto later = [&](std::uint64_t days) {
    return ledger.Submit({kStreetRegulator},
                         NewPolicy("street", ledger.now_ms() + days * kDayMs, {{3, 20}}));
  };
  for (int day = 0; day < 4; ++day) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(later(20), kOk);
    if (day == 0) {
      EXPECT_EQ(later(20), v1::REASON_F5_CAP) << "the fifth of a day";
    }
    ledger.Advance(kDayMs);
  }
  EXPECT_EQ(later(20), v1::REASON_F5_CAP) << "the seventeenth to come";
  ledger.Advance(16 * kDayMs);  // the first day's are in force
  EXPECT_EQ(later(20), kOk);
}

TEST(SetPolicy, ValuesAscendAndLieInTheHardBounds) {
  struct Case {
    const char* name;
    std::vector<std::pair<std::uint32_t, std::int64_t>> values;
    Reason expected;
  };
  const std::int64_t day = static_cast<std::int64_t>(kDayMs);
  const Case cases[] = {
      {"cooling-off of a day", {{25, day}}, kOk},
      {"one millisecond less", {{25, day - 1}}, v1::REASON_OUTSIDE_HARD_BOUNDS},
      {"500 approvals an hour", {{38, 500}}, kOk},
      {"501", {{38, 501}}, v1::REASON_OUTSIDE_HARD_BOUNDS},
      {"sample of 1 %", {{51, 10}}, kOk},
      {"less", {{51, 9}}, v1::REASON_OUTSIDE_HARD_BOUNDS},
      {"weight 1500", {{1001, 1'500}}, kOk},
      {"weight 1501", {{1001, 1'501}}, v1::REASON_OUTSIDE_HARD_BOUNDS},
      {"category of the rule book to come", {{1011, 1'000}}, v1::REASON_BAD_FIELD},
      {"its last", {{1099, 1'000}}, v1::REASON_BAD_FIELD},
      {"category beyond the last", {{66'536, 1'000}}, v1::REASON_BAD_FIELD},
      {"weight of an added category", {{1100, 1'501}}, v1::REASON_OUTSIDE_HARD_BOUNDS},
      {"the base itself", {{1000, 1'000}}, v1::REASON_BAD_FIELD},
      {"no such parameter", {{57, 1}}, v1::REASON_BAD_FIELD},
      {"two", {{3, 15}, {4, day}}, kOk},
      {"not ascending", {{4, day}, {3, 15}}, v1::REASON_BAD_FIELD},
      {"twice", {{3, 15}, {3, 16}}, v1::REASON_BAD_FIELD},
      {"none", {}, v1::REASON_MISSING_FIELD},
  };
  TestLedger ledger;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ledger.Advance(kDayMs);  // four a day
    const auto message = NewPolicy("street", ledger.now_ms() + 8 * kDayMs, c.values);
    EXPECT_EQ(ledger.Submit({kStreetRegulator}, message), c.expected);
  }
}

TEST(SetPolicy, AGenesisHasItsOwnBounds) {
  TestLedger ledger([](v1::Genesis& genesis) {
    v1::ParameterBound& bound = *genesis.add_bounds();
    bound.set_parameter(v1::POLICY_PARAMETER_POLICY_NOTICE_MS);
    bound.set_min(0);
    bound.set_max(static_cast<std::int64_t>(10 * kDayMs));
    v1::GenesisPolicy& policy = *genesis.add_policies();
    policy.set_org(OrganisationId("district").str());
    v1::PolicyValue& value = *policy.mutable_policy()->add_values();
    value.set_parameter(bound.parameter());
    value.set_value(0);
  });
  EXPECT_EQ(ledger.Submit({kStreetRegulator}, NewPolicy("street", ledger.now_ms(), {{3, 20}})),
            kOk);
}

}  // namespace
}  // namespace timebank::ledger::testing
