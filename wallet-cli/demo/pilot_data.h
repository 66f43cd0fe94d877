// A data directory laid out like the pilot's: members.csv, orders.csv, entries.csv. Names, sexes
// and phone numbers are not even read: they never go onto the ledger.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "base/strong.h"

namespace timebank::cli {

// UTC+8: all times of the files are local civil time.
inline constexpr std::int64_t kPilotOffsetMinutes = 480;
// The ledger of a demo begins on 28 July of this year: nobody is born after it.
inline constexpr int kGenesisYear = 2020;

// A community is known by its street and name: two streets may have one of the same name.
using CommunityKey = std::pair<std::string, std::string>;

struct PilotMember {
  std::string number;
  std::string street;
  std::string community;
  int birth_year = 0;
  bool volunteer = false;
  bool elder = false;
  bool smartphone = false;
  [[nodiscard]] CommunityKey HomeKey() const { return {street, community}; }
};

enum class PilotChannel { kApp, kCard, kCallback, kPaper };

// An order and the visit that came of it, joined by order number. Without an entry number: an order
// that nobody answered.
struct PilotVisit {
  std::size_t line = 0;        // of entries.csv
  std::size_t order_line = 0;  // of orders.csv
  std::string entry_number;
  std::string order_number;
  std::string volunteer;
  std::string elder;
  std::string category;
  Millis requested_at;
  Millis planned_start;
  std::uint32_t planned_minutes = 0;
  Millis check_in;
  Millis check_out;
  std::int64_t minutes = 0;
  PilotChannel channel = PilotChannel::kApp;
  Millis confirmed_at;
  Millis approved_at;
};

// A row that was refused, by the loader (it makes no sense) or by the ledger (it breaks a rule).
struct RefusedRow {
  std::string file;
  std::size_t line = 0;
  std::string id;
  // Name of a Reason, or of a loader finding in lower case (bad_time, missing_field, ...).
  std::string reason;
  std::string step;
};

struct PilotData {
  std::vector<PilotMember> members;
  std::map<std::string, std::size_t> member_index;
  std::vector<PilotVisit> visits;
  std::vector<RefusedRow> refused;
  std::size_t orders = 0;
  std::size_t entries = 0;
  [[nodiscard]] const PilotMember* Find(const std::string& number) const;
};

// The error is of the directory (a file or column is missing); bad rows are in `refused`. What a
// row says of times after `end` cannot have been: such rows are refused, `future`.
[[nodiscard]] Expected<PilotData, std::string> LoadPilot(const std::string& directory,
                                                         std::optional<Millis> end = std::nullopt);

}  // namespace timebank::cli
