#include "wallet-cli/csv.h"

#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace timebank::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// What the byte after `lead` may be: it rules out overlong forms, surrogates and what lies beyond
// U+10FFFF.
bool IsSecond(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (lead == 0xED) return second >= 0x80 && second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (lead == 0xF4) return second >= 0x80 && second <= 0x8F;
  return (second & 0xC0) == 0x80;
}

// Length of the valid UTF-8 sequence at `at`, 0 when there is none.
std::size_t Utf8Length(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t length = byte < 0x80                    ? 1
                             : byte >= 0xC2 && byte < 0xE0  ? 2
                             : byte >= 0xE0 && byte < 0xF0  ? 3
                             : byte >= 0xF0 && byte <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  if (length > 1 && !IsSecond(byte, static_cast<unsigned char>(text[at + 1]))) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Lines without their ends.
std::vector<std::string_view> LinesOf(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return lines;
}

// Chinese text in UTF-8 has sequences of three bytes. Text whose only sequences have two is taken
// for GB18030, where pairs of bytes are the rule and may happen to look like UTF-8. One line that
// is neither does not decide for a file: GB18030 makes wrong characters of nearly any UTF-8.
bool IsUtf8(const std::vector<std::string_view>& lines) {
  std::size_t sound = 0;  // lines with sequences of three bytes or more
  std::size_t pairs = 0;  // with sequences of two alone
  std::size_t other = 0;
  for (const std::string_view line : lines) {
    std::size_t longest = 1;
    for (std::size_t at = 0; at < line.size() && longest != 0;) {
      const std::size_t length = Utf8Length(line, at);
      longest = length == 0 ? 0 : std::max(longest, length);
      at += length;
    }
    sound += longest > 2 ? 1 : 0;
    pairs += longest == 2 ? 1 : 0;
    other += longest == 0 ? 1 : 0;
  }
  if (other == 0) return sound > 0 || pairs == 0;
  return sound >= other;
}

struct Decoded {
  std::string text;  // UTF-8; U+FFFD for what could not be read
  bool sound = true;
};

Decoded DecodeUtf8(std::string_view line) {
  Decoded out;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = Utf8Length(line, at);
    out.text += length == 0 ? kReplacement : line.substr(at, length);
    out.sound = out.sound && length != 0;
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

class Gb18030 {
 public:
  Gb18030() : converter_(iconv_open("UTF-8", "GB18030")) {}
  ~Gb18030() {
    if (usable()) iconv_close(converter_);
  }
  Gb18030(const Gb18030&) = delete;
  Gb18030& operator=(const Gb18030&) = delete;

  [[nodiscard]] bool usable() const { return converter_ != iconv_t(-1); }
  Decoded Decode(std::string_view line) {
    std::string in(line);
    std::string room(in.size() * 4 + 16, '\0');
    Decoded out;
    char* from = in.data();
    std::size_t left = in.size();
    while (left > 0) {
      char* to = room.data();
      std::size_t room_left = room.size();
      const std::size_t result = iconv(converter_, &from, &left, &to, &room_left);
      out.text.append(room, 0, room.size() - room_left);
      if (result != static_cast<std::size_t>(-1)) break;
      out.sound = false;
      out.text += kReplacement;
      ++from;
      --left;
    }
    iconv(converter_, nullptr, nullptr, nullptr, nullptr);
    return out;
  }

 private:
  iconv_t converter_;
};

std::string Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// The cells of one line; false when a quote stays open. A quoted cell does not go on in the next
// line: one forgotten quote would swallow every row behind it.
bool SplitCells(std::string_view line, std::vector<std::string>& cells) {
  std::string cell;
  bool quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (at + 1 < line.size() && line[at + 1] == '"') {
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
    } else {
      cell += c;
    }
  }
  cells.push_back(Trim(cell));
  return !quoted;
}

CsvRow RowOf(const CsvTable& table, const Decoded& line) {
  std::vector<std::string> cells;
  const bool closed = SplitCells(line.text, cells);
  // Spreadsheets leave empty cells behind.
  while (cells.size() > table.columns.size() && cells.back().empty()) cells.pop_back();
  CsvRow row;
  if (cells.size() > table.columns.size()) row.fault = "too_many_cells";
  if (!closed) row.fault = "open_quote";
  if (!line.sound) row.fault = "bad_encoding";
  const std::size_t count = std::min(cells.size(), table.columns.size());
  for (std::size_t i = 0; i < count; ++i) row.cells[table.columns[i]] = cells[i];
  return row;
}

}  // namespace

std::string CsvRow::Get(std::string_view column) const {
  const auto found = cells.find(column);
  return found == cells.end() ? std::string() : found->second;
}

bool CsvTable::Has(std::string_view column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

Expected<CsvTable, std::string> ParseCsv(std::string_view bytes) {
  const bool marked = bytes.starts_with(kByteOrderMark);
  if (marked) bytes.remove_prefix(kByteOrderMark.size());
  const std::vector<std::string_view> lines = LinesOf(bytes);
  const bool utf8 = marked || IsUtf8(lines);
  Gb18030 gb18030;
  if (!utf8 && !gb18030.usable()) {
    return Unexpected{std::string("this system cannot convert GB18030; save the file as UTF-8")};
  }
  CsvTable table;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Decoded line = utf8 ? DecodeUtf8(lines[i]) : gb18030.Decode(lines[i]);
    if (i == 0) {
      SplitCells(line.text, table.columns);
      continue;
    }
    if (Trim(line.text).empty()) continue;
    table.rows.push_back(RowOf(table, line));
    table.rows.back().line = i + 1;
  }
  if (table.columns.empty()) return Unexpected{std::string("the file is empty")};
  return table;
}

Expected<CsvTable, std::string> ReadCsvFile(const std::string& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, error)) {
    return Unexpected{"cannot read " + path};
  }
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
