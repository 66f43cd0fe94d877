#include "ledger/entry_content.h"

#include <gtest/gtest.h>

#include <functional>

#include "chain/canonical.h"
#include "ledger/testing/visits.h"

namespace timebank::ledger {
namespace {

using testing::OrganisationId;

testing::Visit Sample() {
  testing::Visit visit;
  visit.id = std::string(16, 'e');
  visit.start_ms = 1'700'000'000'000;
  visit.end_ms = visit.start_ms + 30 * kMinuteMs;
  return visit;
}

TEST(EntryContent, ParsesWhatAPhoneWrites) {
  const auto visit = ParseContent(AsBytes(testing::ContentBytes(Sample())));
  ASSERT_TRUE(visit.has_value());
  EXPECT_EQ(visit->bytes, testing::ContentBytes(Sample()));
  EXPECT_EQ(visit->hash.str(), testing::ContentHash(Sample()));
}

TEST(EntryContent, RefusesEveryFaultOfForm) {
  struct Case {
    const char* name;
    std::function<void(v1::EntryContent&)> spoil;
    v1::Reason reason;
  };
  const Case cases[] = {
      {"no version", [](auto& c) { c.clear_version(); }, v1::REASON_MISSING_FIELD},
      {"version 2", [](auto& c) { c.set_version(2); }, v1::REASON_UNKNOWN_VERSION},
      {"no entry", [](auto& c) { c.clear_entry(); }, v1::REASON_MISSING_FIELD},
      {"short entry", [](auto& c) { c.set_entry("e"); }, v1::REASON_MALFORMED},
      {"no community", [](auto& c) { c.clear_community(); }, v1::REASON_MISSING_FIELD},
      {"no kind", [](auto& c) { c.clear_kind(); }, v1::REASON_MISSING_FIELD},
      {"no category", [](auto& c) { c.clear_category(); }, v1::REASON_UNSPECIFIED},
      {"category of another version", [](auto& c) { c.set_category(v1::Category{11}); },
       v1::REASON_UNSPECIFIED},
      {"last category", [](auto& c) { c.set_category(v1::Category{65'535}); },
       v1::REASON_UNSPECIFIED},
      {"category beyond", [](auto& c) { c.set_category(v1::Category{65'536}); },
       v1::REASON_BAD_FIELD},
      {"no volunteer", [](auto& c) { c.clear_volunteer(); }, v1::REASON_MISSING_FIELD},
      {"no elder", [](auto& c) { c.clear_elder(); }, v1::REASON_MISSING_FIELD},
      {"no start", [](auto& c) { c.clear_start_ms(); }, v1::REASON_MISSING_FIELD},
      {"no end", [](auto& c) { c.clear_end_ms(); }, v1::REASON_MISSING_FIELD},
      {"end at start", [](auto& c) { c.set_end_ms(c.start_ms()); }, v1::REASON_BAD_FIELD},
      {"one millisecond", [](auto& c) { c.set_end_ms(c.start_ms() + 1); }, v1::REASON_UNSPECIFIED},
      {"last moment", [](auto& c) { c.set_end_ms(kTimeMsMax); }, v1::REASON_UNSPECIFIED},
      {"beyond 48 bits", [](auto& c) { c.set_end_ms(kTimeMsMax + 1); }, v1::REASON_BAD_FIELD},
      {"no place", [](auto& c) { c.clear_place(); }, v1::REASON_MISSING_FIELD},
      {"no channel", [](auto& c) { c.clear_channel(); }, v1::REASON_MISSING_FIELD},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    v1::EntryContent content = testing::ContentOf(Sample());
    c.spoil(content);
    const auto visit = ParseContent(AsBytes(chain::CanonicalBytes(content)));
    EXPECT_EQ(visit ? v1::REASON_UNSPECIFIED : visit.error(), c.reason);
  }
}

TEST(EntryContent, RefusesBytesThatAreNotCanonical) {
  std::string unknown = testing::ContentBytes(Sample());
  unknown += std::string("\xF8\x01\x01", 3);  // field 31
  EXPECT_EQ(ParseContent(AsBytes(unknown)).error(), v1::REASON_UNKNOWN_FIELD);
  const std::string whole = testing::ContentBytes(Sample());
  const std::string cut = whole.substr(0, whole.size() - 1);
  EXPECT_EQ(ParseContent(AsBytes(cut)).error(), v1::REASON_MALFORMED);
  EXPECT_EQ(ParseContent({}).error(), v1::REASON_MISSING_FIELD);
}

TEST(EntryContent, CountsWholeMinutesOnly) {
  EXPECT_EQ(WholeMinutes(Millis(0), Millis(0)), 0);
  EXPECT_EQ(WholeMinutes(Millis(0), Millis(59'999)), 0);
  EXPECT_EQ(WholeMinutes(Millis(0), Millis(60'000)), 1);
  EXPECT_EQ(WholeMinutes(Millis(30'000), Millis(149'999)), 1);
}

TEST(EntryContent, SlipIdCarriesTheStartAndDependsOnOfficeAndSerial) {
  const Millis start(0x0123'4567'89AB);
  const EntryId id = SlipId(start, OrganisationId("street"), AsBytes("P0001"));
  EXPECT_EQ(ToHex(id.view()).substr(0, 12), "0123456789ab");
  EXPECT_EQ(IdTime(id.view()), start);
  EXPECT_EQ(id, SlipId(start, OrganisationId("street"), AsBytes("P0001")));
  EXPECT_NE(id, SlipId(start, OrganisationId("street"), AsBytes("P0002")));
  EXPECT_NE(id, SlipId(start, OrganisationId("street2"), AsBytes("P0001")));
}

}  // namespace
}  // namespace timebank::ledger
