// Reading CSV files as offices really send them: quotes as in RFC 4180, LF or CRLF, a UTF-8 byte
// order mark, or GB18030. Cells come out as UTF-8. A row is one line: a fault in it is that row's.
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
  // What makes the row unreadable: too_many_cells, open_quote or bad_encoding; empty when nothing
  // does. The cells are then what could be made out.
  std::string fault;
  // The cell of `column`, surrounding blanks removed; empty when the row is short.
  [[nodiscard]] std::string Get(std::string_view column) const;
};

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;
  [[nodiscard]] bool Has(std::string_view column) const;
};

// The encoding is the file's, UTF-8 or GB18030, as most of its lines have it. The error is of the
// file: it is empty or cannot be read.
[[nodiscard]] Expected<CsvTable, std::string> ParseCsv(std::string_view bytes);
[[nodiscard]] Expected<CsvTable, std::string> ReadCsvFile(const std::string& path);

// Full-width digits, colon, minus and blanks as their ASCII forms: people type slips on Chinese
// keyboards.
[[nodiscard]] std::string NormaliseWidth(std::string_view utf8);

}  // namespace timebank::cli
