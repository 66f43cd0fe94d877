// Reading CSV files as offices really send them: RFC 4180 quoting, LF or CRLF, a UTF-8 byte order
// mark, or GB18030. Cells come out as UTF-8.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace timebank::cli {

struct CsvRow {
  // 1-based line of the file where the row starts.
  std::size_t line = 0;
  std::map<std::string, std::string, std::less<>> cells;
  // The cell of `column`, surrounding blanks removed; empty when the row is short.
  [[nodiscard]] std::string Get(std::string_view column) const;
};

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;
  [[nodiscard]] bool Has(std::string_view column) const;
};

// Text that is not valid UTF-8 is read as GB18030; the error says what is wrong and where.
[[nodiscard]] Expected<std::string, std::string> ToUtf8(std::string_view bytes);
[[nodiscard]] Expected<CsvTable, std::string> ParseCsv(std::string_view bytes);
[[nodiscard]] Expected<CsvTable, std::string> ReadCsvFile(const std::string& path);

// Full-width digits, colon, minus and blanks as their ASCII forms: people type slips on Chinese
// keyboards.
[[nodiscard]] std::string NormaliseWidth(std::string_view utf8);

}  // namespace timebank::cli
