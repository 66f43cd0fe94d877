#include "wallet-cli/demo/synthetic.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/civil.h"
#include "base/prng.h"
#include "platform/file.h"

namespace timebank::cli {
namespace {

constexpr std::int64_t kOffsetMinutes = 480;
constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
constexpr std::uint64_t kDayMs = 24 * kHourMs;
constexpr std::uint64_t kDays = 118;  // 2020-09-01 to 2020-12-27.
constexpr std::array<std::string_view, 3> kStreets = {"East Street", "River Street",
                                                      "Temple Street"};
constexpr std::array<std::string_view, 7> kCategories = {
    "companionship",  "meal_delivery", "cleaning",    "errand",
    "medical_escort", "home_visit",    "phone_lesson"};

struct Person {
  std::string number;
  std::size_t community = 0;
  bool volunteer = false;
  bool elder = false;
  bool smartphone = false;
};

std::string Number(char prefix, std::size_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%c%05zu", prefix, value);
  return text.data();
}

std::string Minute(std::uint64_t at) {
  return FormatCivil(ToCivil(Millis(at), kOffsetMinutes)).substr(0, 16);
}

std::vector<Person> People(Prng& prng, std::uint32_t count) {
  std::vector<Person> people;
  for (std::uint32_t i = 0; i < count; ++i) {
    Person person;
    person.number = Number('M', i + 1);
    person.community = static_cast<std::size_t>(prng.Below(12));
    const std::uint64_t draw = prng.Below(100);
    person.volunteer = draw < 65;
    person.elder = draw >= 55;
    person.smartphone = person.volunteer || prng.Chance(1, 2);
    people.push_back(person);
  }
  return people;
}

std::string MembersCsv(Prng& prng, const std::vector<Person>& people) {
  std::string csv = "member_no,birth_year,street,community,hats,smartphone\n";
  for (const Person& person : people) {
    const std::int64_t year = person.elder ? prng.Between(1925, 1955) : prng.Between(1950, 2000);
    csv += person.number + "," + std::to_string(year) + "," +
           std::string(kStreets[person.community % kStreets.size()]) + ",Community " +
           std::to_string(person.community + 1) + "," +
           (person.volunteer && person.elder ? "volunteer+elder"
            : person.volunteer               ? "volunteer"
                                             : "elder") +
           "," + (person.smartphone ? "yes" : "no") + "\n";
  }
  return csv;
}

std::string_view Channel(Prng& prng, const Person& elder) {
  if (elder.smartphone) return "app";
  const std::uint64_t draw = prng.Below(10);
  return draw < 5 ? "card" : draw < 8 ? "callback" : "paper";
}

struct Csv {
  std::string orders = "order_no,requested_at,elder_no,category,planned_start,planned_minutes\n";
  std::string entries =
      "entry_no,order_no,volunteer_no,elder_no,category,check_in,check_out,minutes,channel,"
      "confirmed_at,approved_at\n";
};

// One visit a day for each person keeps F1, F2, F4 and the day caps far away.
Csv Visits(Prng& prng, const std::vector<Person>& people, std::uint32_t count) {
  std::vector<const Person*> volunteers;
  std::vector<const Person*> elders;
  for (const Person& person : people) {
    if (person.volunteer) volunteers.push_back(&person);
    if (person.elder) elders.push_back(&person);
  }
  const auto first = FromCivil({2020, 9, 1, 0, 0, 0}, kOffsetMinutes);
  TB_CHECK(first.has_value() && !volunteers.empty() && !elders.empty());
  std::set<std::pair<std::uint64_t, const Person*>> busy;
  Csv csv;
  for (std::uint32_t made = 0, tried = 0; made < count && tried < count * 20; ++tried) {
    const std::uint64_t day = prng.Below(kDays);
    const Person* volunteer = volunteers[prng.Below(volunteers.size())];
    const Person* elder = elders[prng.Below(elders.size())];
    if (volunteer == elder || busy.contains({day, volunteer}) || busy.contains({day, elder})) {
      continue;
    }
    busy.insert({day, volunteer});
    busy.insert({day, elder});
    ++made;
    const std::uint64_t minutes = 20 + 5 * prng.Below(21);
    const std::uint64_t start =
        first->value() + day * kDayMs + (8 * 60 + 5 * prng.Below(108)) * kMinuteMs;
    const std::uint64_t end = start + minutes * kMinuteMs;
    const std::uint64_t asked = start - kDayMs - 5 * kMinuteMs * prng.Below(400);
    const std::uint64_t confirmed = end + kMinuteMs * (1 + prng.Below(600));
    const std::uint64_t approved = confirmed + kHourMs * (2 + prng.Below(60));
    const std::string category(kCategories[prng.Below(kCategories.size())]);
    const std::string order = Number('O', made);
    csv.orders += order + "," + Minute(asked) + "," + elder->number + "," + category + "," +
                  Minute(start) + "," + std::to_string(minutes) + "\n";
    csv.entries += Number('E', made) + "," + order + "," + volunteer->number + "," + elder->number +
                   "," + category + "," + Minute(start) + "," + Minute(end) + "," +
                   std::to_string(minutes) + "," + std::string(Channel(prng, *elder)) + "," +
                   Minute(confirmed) + "," + Minute(approved) + "\n";
  }
  return csv;
}

}  // namespace

Expected<bool, std::string> WriteSyntheticPilot(const std::string& directory,
                                                const SyntheticOptions& options) {
  const auto made = platform::CreateDirectories(directory);
  if (!made) return Unexpected{made.error()};
  Prng prng(options.seed);
  const std::vector<Person> people = People(prng, options.members);
  const std::string members = MembersCsv(prng, people);
  const Csv visits = Visits(prng, people, options.visits);
  const std::pair<const char*, const std::string*> files[] = {
      {"members.csv", &members}, {"orders.csv", &visits.orders}, {"entries.csv", &visits.entries}};
  for (const auto& [name, text] : files) {
    const auto written = platform::WriteFileAtomically(directory + "/" + name, AsBytes(*text));
    if (!written) return Unexpected{written.error()};
  }
  return true;
}

}  // namespace timebank::cli
