#include "wallet-cli/paper_slips.h"

#include <algorithm>
#include <charconv>

#include "base/civil.h"
#include "chain/domains.h"
#include "crypto/sha256.h"
#include "platform/file.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/csv.h"

namespace timebank::cli {
namespace {

constexpr std::string_view kColumns[] = {"slip_no", "volunteer_no", "elder_no", "category",
                                         "date",    "start",        "minutes",  "witness"};
// A slip is one visit: more than a day of minutes is a typing mistake, not a claim to be judged.
constexpr std::int64_t kMinutesMax = 100'000;
// Bytes of a serial that the schema has room for.
constexpr std::size_t kSerialMax = 32;

void Fail(SlipRow& row, const char* finding, std::string_view column) {
  if (!row.finding.empty()) return;
  row.finding = finding;
  row.column = column;
}

std::optional<std::int64_t> PositiveMinutes(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value <= 0 || value > kMinutesMax) return std::nullopt;
  return value;
}

// Date and time of day, each judged by itself so that the finding names the right column.
std::optional<Millis> Start(SlipRow& row, const std::string& date, const std::string& time,
                            std::int64_t offset) {
  const auto day = date.size() == 10 ? ParseCivil(date) : std::nullopt;
  if (!day) Fail(row, "bad_date", "date");
  const auto clock = time.size() == 5 ? ParseCivil("2000-01-01 " + time) : std::nullopt;
  if (!clock) Fail(row, "bad_time", "start");
  if (!day || !clock) return std::nullopt;
  CivilTime civil = *day;
  civil.hour = clock->hour;
  civil.minute = clock->minute;
  return FromCivil(civil, offset);
}

SlipRow ReadRow(const CsvRow& cells, const OrgId& org, std::int64_t offset, const FindParty& find) {
  const auto text = [&](std::string_view column) { return NormaliseWidth(cells.Get(column)); };
  SlipRow row;
  row.line = cells.line;
  row.serial = text("slip_no");
  row.volunteer = text("volunteer_no");
  row.elder = text("elder_no");
  row.witness = text("witness");
  if (!cells.fault.empty()) Fail(row, cells.fault.c_str(), "");
  for (const std::string_view column : kColumns) {
    if (text(column).empty()) Fail(row, "missing_field", column);
  }
  if (!row.finding.empty()) return row;
  if (row.serial.size() > kSerialMax) Fail(row, "bad_serial", "slip_no");
  const auto start = Start(row, text("date"), text("start"), offset);
  // Local dates of 1970 may lie before the first moment that a ledger can say.
  if (row.finding.empty() && !start) Fail(row, "bad_date", "date");
  const auto minutes = PositiveMinutes(text("minutes"));
  if (!minutes) Fail(row, "bad_minutes", "minutes");
  const v1::Category category = CategoryOfName(text("category"));
  if (category == v1::CATEGORY_UNSPECIFIED) Fail(row, "bad_category", "category");
  const auto volunteer = find(row.volunteer);
  const auto elder = find(row.elder);
  const auto witness = find(row.witness);
  if (!volunteer) Fail(row, "unknown_member", "volunteer_no");
  if (!elder) Fail(row, "unknown_member", "elder_no");
  if (!witness) Fail(row, "unknown_member", "witness");
  if (!row.finding.empty()) return row;
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(SlipEntryId(org, row.serial, *start).str());
  content.set_community(elder->home.str());
  content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  content.set_category(category);
  content.set_volunteer(volunteer->member.str());
  content.set_elder(elder->member.str());
  content.set_start_ms(start->value());
  content.set_end_ms(start->value() + static_cast<std::uint64_t>(*minutes) * 60'000);
  content.set_place(v1::PLACE_CLAIM_NONE);
  content.set_channel(v1::CHANNEL_PAPER);
  row.batch_line.set_content(content.SerializeAsString());
  row.batch_line.set_serial(row.serial);
  row.batch_line.set_witness(witness->member.str());
  return row;
}

// Which two of the persons of a slip are one. A person may have several names here, one per key, so
// the ids count where there are some.
std::string WhoIsParty(const SlipRow& row) {
  v1::EntryContent content;
  const bool known = content.ParseFromString(row.batch_line.content()) &&
                     !content.volunteer().empty() && !content.elder().empty();
  const std::string& volunteer = known ? content.volunteer() : row.volunteer;
  const std::string& elder = known ? content.elder() : row.elder;
  const std::string& witness = known ? row.batch_line.witness() : row.witness;
  if (volunteer == elder) return "self_service";
  const bool witnessed = witness == volunteer || witness == elder;
  return witnessed ? "witness_is_party" : "clerk_is_party";
}

}  // namespace

v1::Category CategoryOfName(const std::string& name) {
  const auto word = ParseWord(*v1::Category_descriptor(), name, "category");
  return word ? static_cast<v1::Category>(*word) : v1::CATEGORY_UNSPECIFIED;
}

EntryId SlipEntryId(const OrgId& org, const std::string& serial, Millis start) {
  const Hash hash = crypto::Sha256({AsBytes(chain::kSlipDomain), org.view(), AsBytes(serial)});
  EntryId id;
  for (std::size_t i = 0; i < 6; ++i) {
    id.data[i] = static_cast<std::byte>((start.value() >> (40 - 8 * i)) & 0xFF);
  }
  std::copy_n(hash.data.begin(), 10, id.data.begin() + 6);
  return id;
}

Expected<SlipFile, std::string> ReadSlips(const std::string& path, const OrgId& org,
                                          std::int64_t civil_offset_minutes,
                                          const FindParty& find) {
  const auto bytes = platform::ReadFile(path);
  if (!bytes) return Unexpected{bytes.error()};
  return ParseSlips(*bytes, path, org, civil_offset_minutes, find);
}

Expected<SlipFile, std::string> ParseSlips(ByteView bytes, const std::string& name,
                                           const OrgId& org, std::int64_t civil_offset_minutes,
                                           const FindParty& find) {
  const auto table = ParseCsv(AsText(bytes));
  if (!table) return Unexpected{name + ": " + table.error()};
  for (const std::string_view column : kColumns) {
    if (!table->Has(column)) {
      return Unexpected{name + ": there is no column '" + std::string(column) + "'"};
    }
  }
  SlipFile file;
  file.file_hash = crypto::Sha256(bytes);
  for (const CsvRow& row : table->rows) {
    file.rows.push_back(ReadRow(row, org, civil_offset_minutes, find));
  }
  return file;
}

std::string SlipFinding(v1::Reason reason, const SlipRow& row) {
  if (reason == v1::REASON_F3_SEPARATION_OF_DUTIES) return WhoIsParty(row);
  if (reason == v1::REASON_F1_OVERLAP) return "overlap";
  if (reason == v1::REASON_F4_DUPLICATE) return "duplicate";
  if (reason == v1::REASON_FUTURE) return "future";
  if (reason == v1::REASON_TOO_LATE) return "too_late";
  if (reason == v1::REASON_ENTRY_TOO_LONG) return "over_entry_limit";
  if (reason == v1::REASON_ENTRY_TOO_SHORT) return "under_entry_limit";
  if (reason == v1::REASON_F6_OUTSIDE_HOURS) return "night_without_order";
  if (reason == v1::REASON_UNKNOWN_MEMBER) return "unknown_member";
  return v1::Reason_Name(reason);
}

}  // namespace timebank::cli
