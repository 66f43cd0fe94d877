#include "wallet-cli/csv.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>

namespace timebank::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Length of the valid UTF-8 sequence at `at`, 0 when there is none.
std::size_t Utf8Length(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t length = byte < 0x80                    ? 1
                             : byte >= 0xC2 && byte < 0xE0  ? 2
                             : byte >= 0xE0 && byte < 0xF0  ? 3
                             : byte >= 0xF0 && byte <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Chinese text in UTF-8 has sequences of three bytes. Text whose only sequences have two is taken
// for GB18030, where pairs of bytes are the rule and may happen to look like UTF-8.
bool IsUtf8(std::string_view text) {
  std::size_t longest = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text, at);
    if (length == 0) return false;
    longest = std::max(longest, length);
    at += length;
  }
  return longest != 2;
}

std::string Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

struct Scanner {
  std::string_view text;
  std::size_t at = 0;
  std::size_t line = 1;

  // One record; false at the end. An unclosed quote runs to the end of the file.
  bool Next(std::vector<std::string>& cells) {
    cells.clear();
    if (at >= text.size()) return false;
    std::string cell;
    bool quoted = false;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (c == '\n') ++line;
      if (quoted) {
        if (c != '"') {
          cell += c;
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          cell += '"';
          ++at;
        } else {
          quoted = false;
        }
      } else if (c == '"' && cell.empty()) {
        quoted = true;
      } else if (c == ',') {
        cells.push_back(Trim(cell));
        cell.clear();
      } else if (c == '\n') {
        ++at;
        break;
      } else {
        cell += c;
      }
    }
    cells.push_back(Trim(cell));
    return true;
  }
};

}  // namespace

std::string CsvRow::Get(std::string_view column) const {
  const auto found = cells.find(column);
  return found == cells.end() ? std::string() : found->second;
}

bool CsvTable::Has(std::string_view column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

Expected<std::string, std::string> ToUtf8(std::string_view bytes) {
  const bool marked = bytes.starts_with(kByteOrderMark);
  if (marked) bytes.remove_prefix(kByteOrderMark.size());
  if (marked || IsUtf8(bytes)) return std::string(bytes);
  const iconv_t converter = iconv_open("UTF-8", "GB18030");
  if (converter == iconv_t(-1)) {
    return Unexpected{std::string("this system cannot convert GB18030; save the file as UTF-8")};
  }
  std::string in(bytes);
  std::string out(bytes.size() * 2 + 16, '\0');
  char* from = in.data();
  char* to = out.data();
  std::size_t in_left = in.size();
  std::size_t out_left = out.size();
  const std::size_t result = iconv(converter, &from, &in_left, &to, &out_left);
  iconv_close(converter);
  if (result == static_cast<std::size_t>(-1)) {
    return Unexpected{"byte " + std::to_string(bytes.size() - in_left) +
                      " is neither UTF-8 nor GB18030"};
  }
  out.resize(out.size() - out_left);
  return out;
}

Expected<CsvTable, std::string> ParseCsv(std::string_view bytes) {
  auto text = ToUtf8(bytes);
  if (!text) return Unexpected{text.error()};
  Scanner scanner{*text};
  CsvTable table;
  if (!scanner.Next(table.columns)) return Unexpected{std::string("the file is empty")};
  std::vector<std::string> cells;
  for (std::size_t line = scanner.line; scanner.Next(cells); line = scanner.line) {
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (cells.size() > table.columns.size()) {
      return Unexpected{"line " + std::to_string(line) + " has " + std::to_string(cells.size()) +
                        " cells, the first line names " + std::to_string(table.columns.size())};
    }
    CsvRow row;
    row.line = line;
    for (std::size_t i = 0; i < cells.size(); ++i) row.cells[table.columns[i]] = cells[i];
    table.rows.push_back(std::move(row));
  }
  return table;
}

Expected<CsvTable, std::string> ReadCsvFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Unexpected{"cannot read " + path};
  std::ostringstream bytes;
  bytes << in.rdbuf();
  auto table = ParseCsv(bytes.str());
  if (!table) return Unexpected{path + ": " + table.error()};
  return table;
}

std::string NormaliseWidth(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t length = std::max<std::size_t>(Utf8Length(utf8, at), 1);
    const std::string_view one = utf8.substr(at, length);
    at += length;
    // U+FF01..U+FF5E are the ASCII characters in full width; U+3000 is the wide blank.
    if (one.size() == 3 && one.substr(0, 1) == "\xEF") {
      const auto second = static_cast<unsigned char>(one[1]);
      const auto third = static_cast<unsigned char>(one[2]);
      const std::uint32_t code = 0xF000U | ((second & 0x3FU) << 6) | (third & 0x3FU);
      if (code >= 0xFF01 && code <= 0xFF5E) {
        out += static_cast<char>(code - 0xFF01 + '!');
        continue;
      }
    }
    if (one == "\xE3\x80\x80") {
      out += ' ';
    } else {
      out += one;
    }
  }
  return Trim(out);
}

}  // namespace timebank::cli
