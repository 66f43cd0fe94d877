// PAPER_BATCH: slips typed by a clerk, each line by itself in file order.
#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "ledger/entry_content.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::By;
using testing::ContentBytes;
using testing::EntryOf;
using testing::kDayMs;
using testing::kHourMs;
using testing::OrganisationId;
using testing::PersonId;
using testing::Postings;
using testing::TestLedger;
using testing::Visit;
using testing::VisitToday;
using Words = std::vector<std::string>;

const By kClerk{"clerk_street", v1::ROLE_CLERK, "street"};
constexpr std::uint32_t kR1R2 = v1::FLAG_R1_NOT_OWN_KEY | v1::FLAG_R2_NO_CHECK_IN;

// One slip as it lies on the table.
struct Slip {
  Visit visit;
  std::string serial = "P0001";
  std::string witness = "witness";
};

class Paper : public ::testing::Test {
 protected:
  Paper() { ledger.Mint("elder", v1::ACCOUNT_KIND_EARNED, 100); }

  // Of today, `minutes` long; its id is that of its serial.
  Slip Write(const std::string& serial, std::uint64_t minutes) {
    Slip slip{.visit = VisitToday(ledger, minutes), .serial = serial};
    slip.visit.channel = v1::CHANNEL_PAPER;
    slip.visit.place = v1::PLACE_CLAIM_NONE;
    Name(slip);
    return slip;
  }
  static void Name(Slip& slip, const char* org = "street") {
    slip.visit.id =
        SlipId(Millis(slip.visit.start_ms), OrganisationId(org), AsBytes(slip.serial)).str();
  }
  static v1::PaperBatch Type(const std::vector<Slip>& slips, const char* org = "street") {
    v1::PaperBatch batch;
    batch.set_org(OrganisationId(org).str());
    std::string file;
    for (const Slip& slip : slips) {
      v1::PaperLine* line = batch.add_lines();
      line->set_content(ContentBytes(slip.visit));
      line->set_serial(slip.serial);
      line->set_witness(PersonId(slip.witness).str());
      file += line->content();
    }
    batch.set_file_hash(crypto::Sha256(AsBytes(file)).str());
    return batch;
  }
  Reason Send(const std::vector<Slip>& slips) { return ledger.Submit({kClerk}, Type(slips)); }
  struct Case {
    const char* name;
    std::function<void(Slip&)> edit;
    Reason reason;
  };
  // Each edit of a sound slip, typed alone.
  void ExpectEach(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
      SCOPED_TRACE(c.name);
      const TestLedger before = ledger;
      Slip slip = Write("P0001", 30);
      c.edit(slip);
      Name(slip);
      EXPECT_EQ(Send({slip}), c.reason);
      ledger = before;
    }
  }
  TestLedger ledger;
};

TEST_F(Paper, ALineGoesStraightToConfirmed) {
  const Slip slip = Write("P0001", 30);
  ASSERT_EQ(Send({slip}), kOk);
  const v1::EffectsLine line = ledger.lines()[0];
  EXPECT_EQ(line.entity(), slip.visit.id);
  EXPECT_EQ(line.flags(), kR1R2);
  EXPECT_EQ(Postings(line), (Words{"EARNED:elder -30", "HELD:elder 30"}));
  const v1::Entry entry = EntryOf(ledger, slip.visit);
  EXPECT_EQ(entry.state(), v1::ENTRY_STATE_CONFIRMED);
  EXPECT_EQ(entry.channel(), v1::CHANNEL_PAPER);
  EXPECT_EQ(entry.witness(), PersonId("witness").str());
  EXPECT_EQ(entry.submitted_by(), PersonId("clerk_street").str());
  EXPECT_EQ(entry.confirmed_by(), PersonId("clerk_street").str());
  EXPECT_EQ(entry.policy_ms(), entry.confirmed_ms());
  EXPECT_EQ(entry.due_ms(), entry.confirmed_ms() + 72 * kHourMs + 7 * kDayMs);
  const auto record = ledger.state().Find<v1::PaperBatchRecord>(As<Hash>(Type({slip}).file_hash()));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->lines(), 1U);
  EXPECT_EQ(record->recorded_ms(), entry.confirmed_ms());
  EXPECT_EQ(record->transaction_id().size(), 32U);
}

TEST_F(Paper, LinesAreJudgedInFileOrderSeeingThoseBefore) {
  const Slip first = Write("P0001", 60);
  Slip duplicate = Write("P0002", 60);
  Slip overlap = Write("P0003", 15);
  overlap.visit.start_ms += 45 * kMinuteMs;
  overlap.visit.end_ms += 45 * kMinuteMs;
  overlap.visit.elder = "elder2";
  Name(overlap);
  Slip dear = Write("P0004", 41);
  dear.visit.start_ms += 60 * kMinuteMs;
  dear.visit.end_ms += 60 * kMinuteMs;
  Name(dear);
  Slip affordable = dear;
  affordable.visit.end_ms -= kMinuteMs;
  affordable.serial = "P0005";
  Name(affordable);
  ASSERT_EQ(Send({first, duplicate, overlap, dear, affordable, first}), kOk);
  const std::pair<v1::Outcome, Reason> expected[] = {
      {v1::OUTCOME_DONE, kOk},
      {v1::OUTCOME_REFUSED, v1::REASON_F4_DUPLICATE},
      {v1::OUTCOME_REFUSED, v1::REASON_F1_OVERLAP},
      {v1::OUTCOME_REFUSED, v1::REASON_F13_INSUFFICIENT},
      {v1::OUTCOME_DONE, kOk},
      {v1::OUTCOME_ALREADY_RECORDED, kOk},
  };
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), std::size(expected));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(lines[i].outcome(), expected[i].first);
    EXPECT_EQ(lines[i].reason(), expected[i].second);
  }
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_HELD), 100);
}

TEST_F(Paper, TheSameFileAgainHasTheSameOutcome) {
  const Slip good = Write("P0001", 30);
  Slip bad = Write("P0002", 14);
  ASSERT_EQ(Send({good, bad}), kOk);
  const std::uint64_t recorded_ms = ledger.state().time().value();
  ledger.Advance(kHourMs);
  ASSERT_EQ(Send({good, bad}), kOk);
  EXPECT_EQ(ledger.lines()[0].outcome(), v1::OUTCOME_ALREADY_RECORDED);
  EXPECT_EQ(ledger.lines()[1].reason(), v1::REASON_ENTRY_TOO_SHORT);
  const auto record =
      ledger.state().Find<v1::PaperBatchRecord>(As<Hash>(Type({good, bad}).file_hash()));
  EXPECT_EQ(record->recorded_ms(), recorded_ms);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_HELD), 30);
}

TEST_F(Paper, TheSameSlipWithOtherContentIsAConflict) {
  Slip slip = Write("P0001", 30);
  ASSERT_EQ(Send({slip}), kOk);
  slip.visit.end_ms += kMinuteMs;
  EXPECT_EQ(Send({slip}), v1::REASON_CONFLICT);
}

TEST_F(Paper, AllOrNothingIsRefusedForItsFirstBadLine) {
  v1::PaperBatch batch = Type({Write("P0001", 30), Write("P0002", 14)});
  batch.set_all_or_nothing(true);
  EXPECT_EQ(ledger.Submit({kClerk}, batch), v1::REASON_ENTRY_TOO_SHORT);
  EXPECT_EQ(ledger.balance("elder", v1::ACCOUNT_KIND_HELD), 0);
}

TEST_F(Paper, EachFaultOfFormAndPartiesHasItsReason) {
  ExpectEach({
      {"sound", [](auto&) {}, kOk},
      {"no serial", [](auto& s) { s.serial = ""; }, v1::REASON_MISSING_FIELD},
      {"app channel", [](auto& s) { s.visit.channel = v1::CHANNEL_APP; }, v1::REASON_BAD_FIELD},
      {"unknown volunteer", [](auto& s) { s.visit.volunteer = "nobody"; },
       v1::REASON_UNKNOWN_MEMBER},
      {"unknown elder", [](auto& s) { s.visit.elder = "nobody"; }, v1::REASON_UNKNOWN_MEMBER},
      {"unknown witness", [](auto& s) { s.witness = "nobody"; }, v1::REASON_UNKNOWN_MEMBER},
      {"unknown community", [](auto& s) { s.visit.community = "nowhere"; },
       v1::REASON_UNKNOWN_ORGANISATION},
      {"self service", [](auto& s) { s.visit.volunteer = "elder"; },
       v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"witness is the volunteer", [](auto& s) { s.witness = "volunteer"; },
       v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"witness is the elder", [](auto& s) { s.witness = "elder"; },
       v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"the clerk's own visit", [](auto& s) { s.visit.volunteer = "clerk_street"; },
       v1::REASON_F3_SEPARATION_OF_DUTIES},
      {"not the elder's home", [](auto& s) { s.visit.community = "community2"; },
       v1::REASON_F15_WRONG_SCOPE},
      {"elder of another street",
       [](auto& s) {
         s.visit.elder = "elder3";
         s.visit.community = "community3";
       },
       v1::REASON_F15_WRONG_SCOPE},
      {"volunteer and witness of another street",
       [](auto& s) {
         s.visit.volunteer = "volunteer3";
         s.witness = "elder3";
       },
       kOk},
  });
}

TEST_F(Paper, EachFaultOfTheVisitHasItsReason) {
  const std::uint64_t late_ms = ledger.now_ms() - 30 * kDayMs;
  const auto until_ten = [&](Slip& s, std::uint64_t minutes_more) {  // yesterday evening
    s.visit.end_ms = ledger.now_ms() - 12 * kHourMs + minutes_more * kMinuteMs;
    s.visit.start_ms = s.visit.end_ms - 15 * kMinuteMs;
  };
  ExpectEach({
      {"no category", [](auto& s) { s.visit.category = v1::CATEGORY_UNSPECIFIED; },
       v1::REASON_UNKNOWN_CATEGORY},
      {"future", [&](auto& s) { s.visit.end_ms = ledger.now_ms() + 5'001; }, v1::REASON_FUTURE},
      {"too late",
       [&](auto& s) {
         s.visit.end_ms = late_ms - 1;
         s.visit.start_ms = late_ms - kHourMs;
       },
       v1::REASON_TOO_LATE},
      {"too short", [](auto& s) { s.visit.end_ms = s.visit.start_ms + 14 * kMinuteMs; },
       v1::REASON_ENTRY_TOO_SHORT},
      {"too long", [](auto& s) { s.visit.start_ms = s.visit.end_ms - 241 * kMinuteMs; },
       v1::REASON_ENTRY_TOO_LONG},
      {"night", [&](auto& s) { until_ten(s, 1); }, v1::REASON_F6_OUTSIDE_HOURS},
      {"evening", [&](auto& s) { until_ten(s, 0); }, kOk},
      {"too dear", [](auto& s) { s.visit.start_ms = s.visit.end_ms - 101 * kMinuteMs; },
       v1::REASON_F13_INSUFFICIENT},
  });
}

TEST_F(Paper, AnIdThatIsNotTheSlipsIsRefused) {
  Slip slip = Write("P0001", 30);
  Name(slip, "street2");
  EXPECT_EQ(Send({slip}), v1::REASON_BAD_FIELD);
  slip.visit.id = ledger.NewId();
  EXPECT_EQ(Send({slip}), v1::REASON_BAD_FIELD);
}

TEST_F(Paper, BytesThatAreNoContentRefuseTheirLineOnly) {
  v1::PaperBatch batch = Type({Write("P0001", 30), Write("P0002", 30)});
  batch.mutable_lines(0)->set_content("\xFF");
  ASSERT_EQ(ledger.Submit({kClerk}, batch), kOk);
  EXPECT_EQ(ledger.lines()[0].reason(), v1::REASON_MALFORMED);
  EXPECT_EQ(ledger.lines()[0].entity(), "");
  EXPECT_EQ(ledger.lines()[1].outcome(), v1::OUTCOME_DONE);
}

TEST_F(Paper, IsTypedByAClerkOfTheOrganisation) {
  const v1::PaperBatch batch = Type({Write("P0001", 30)});
  EXPECT_EQ(ledger.Submit({{"clerk_street2", v1::ROLE_CLERK, "street2"}}, batch),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"clerk_district", v1::ROLE_CLERK, "district"}}, batch),
            v1::REASON_F15_WRONG_SCOPE);
  EXPECT_EQ(ledger.Submit({{"elder"}}, batch), v1::REASON_F15_WRONG_SCOPE);
  v1::PaperBatch nowhere = batch;
  nowhere.set_org(std::string(16, 'x'));
  EXPECT_EQ(ledger.Submit({kClerk}, nowhere), v1::REASON_UNKNOWN_ORGANISATION);
  nowhere = batch;
  nowhere.clear_lines();
  EXPECT_EQ(ledger.Submit({kClerk}, nowhere), v1::REASON_MISSING_FIELD);
  Slip slip = Write("P0001", 30);
  Name(slip, "district");
  EXPECT_EQ(
      ledger.Submit({{"clerk_district", v1::ROLE_CLERK, "district"}}, Type({slip}, "district")),
      kOk);
}

TEST_F(Paper, LateSlipsAndNewVolunteersCarryTheirFlags) {
  Slip slip = Write("P0001", 30);
  ledger.Advance(slip.visit.end_ms + 72 * kHourMs + 1 - ledger.now_ms());
  ledger.Overwrite<v1::Member>(PersonId("volunteer"), [&](v1::Member& member) {
    member.set_created_ms(slip.visit.start_ms - 1);
  });
  ASSERT_EQ(Send({slip}), kOk);
  EXPECT_EQ(ledger.lines()[0].flags(), kR1R2 | v1::FLAG_R3_SUBMITTED_LATE | v1::FLAG_NEW_VOLUNTEER);
}

TEST_F(Paper, AFrozenElderStopsItsLineOnly) {
  ledger.Mint("elder2", v1::ACCOUNT_KIND_EARNED, 100);
  ledger.Overwrite<v1::Member>(
      PersonId("elder"), [](v1::Member& member) { member.set_status(v1::MEMBER_STATUS_FROZEN); });
  const Slip frozen = Write("P0001", 30);
  Slip good = Write("P0002", 30);
  good.visit.elder = "elder2";
  ASSERT_EQ(Send({frozen, good}), kOk);
  EXPECT_EQ(ledger.lines()[0].reason(), v1::REASON_F14_PARTY_BLOCKED);
  EXPECT_EQ(ledger.lines()[1].outcome(), v1::OUTCOME_DONE);
}

}  // namespace
}  // namespace timebank::ledger
