// Paper slips as a clerk types them (DOMAIN 8c): reading the CSV, and one word per row for what
// became of it. What a row must lead to is never read from the file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "timebank/v1/transaction.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::cli {

struct SlipParty {
  MemberId member;
  OrgId home;
};
// Member id and home organisation of a member number of the office's own list; empty when unknown.
using FindParty = std::function<std::optional<SlipParty>(const std::string& number)>;

struct SlipRow {
  std::size_t line = 0;
  std::string serial;
  std::string volunteer;
  std::string elder;
  std::string witness;
  // What is wrong with the row itself (bad_date, bad_time, bad_minutes, bad_category, bad_serial,
  // missing_field, unknown_member, or a fault of CsvRow); empty when it can be sent.
  std::string finding;
  // The column the finding is about.
  std::string column;
  // Set when `finding` is empty.
  v1::PaperLine batch_line;
};

struct SlipFile {
  // H of the file's bytes as they are.
  Hash file_hash;
  std::vector<SlipRow> rows;
};

// Category by its name in the schema, lower case ("meal_delivery"); UNSPECIFIED for none.
[[nodiscard]] v1::Category CategoryOfName(const std::string& name);

// Id of a paper line: start as u48 ms || first 80 bits of H(slip tag || organisation || serial)
// (FORMATS 1).
[[nodiscard]] EntryId SlipEntryId(const OrgId& org, const std::string& serial, Millis start);

// `org` is the clerk's organisation, in whose name the batch is typed.
[[nodiscard]] Expected<SlipFile, std::string> ReadSlips(const std::string& path, const OrgId& org,
                                                        std::int64_t civil_offset_minutes,
                                                        const FindParty& find);

// The same of the bytes of such a file; `name` is for the error.
[[nodiscard]] Expected<SlipFile, std::string> ParseSlips(ByteView bytes, const std::string& name,
                                                         const OrgId& org,
                                                         std::int64_t civil_offset_minutes,
                                                         const FindParty& find);

// The word for a refusal of the ledger, as offices know it: overlap, duplicate, future, too_late,
// over_entry_limit, night_without_order, self_service, witness_is_party, clerk_is_party; else the
// reason's name.
[[nodiscard]] std::string SlipFinding(v1::Reason reason, const SlipRow& row);

}  // namespace timebank::cli
