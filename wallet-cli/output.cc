#include "wallet-cli/output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace timebank::cli {
namespace {

// Code point at `at`, which advances; a broken byte counts as one narrow character.
std::uint32_t NextCodePoint(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  std::uint32_t code = more == 0 ? first : first & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return code;
}

// East Asian wide and full-width blocks; enough for the texts that we print.
bool IsWide(std::uint32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
         (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x20000 && code <= 0x3FFFD);
}

void AppendRow(std::string& out, const std::vector<std::string>& cells,
               const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - DisplayWidth(cells[i]) + 2, ' ');
  }
  out += line + "\n";
}

}  // namespace

Language ChooseLanguage(std::string_view option) {
  if (!option.empty()) return option.starts_with("zh") ? Language::kChinese : Language::kEnglish;
  for (const char* variable : {"TIMEBANK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

std::size_t DisplayWidth(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < utf8.size();) width += IsWide(NextCodePoint(utf8, at)) ? 2U : 1U;
  return width;
}

std::string Table::Text() const {
  std::vector<std::size_t> widths;
  for (const std::string& cell : header_) widths.push_back(DisplayWidth(cell));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string out;
  AppendRow(out, header_, widths);
  std::vector<std::string> rule;
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  AppendRow(out, rule, widths);
  for (const auto& row : rows_) AppendRow(out, row, widths);
  return out;
}

std::string FormatMinutes(std::int64_t minutes, Language language) {
  const bool negative = minutes < 0;
  // Of the most negative amount, which has no positive twin, one minute less is shown.
  const std::int64_t amount = negative ? -(minutes == INT64_MIN ? minutes + 1 : minutes) : minutes;
  const std::string hours = std::to_string(amount / 60);
  const std::string rest = std::to_string(amount % 60);
  const bool chinese = language == Language::kChinese;
  std::string text = negative ? "-" : "";
  if (amount >= 60) text += hours + (chinese ? "小时" : " h");
  if (amount % 60 != 0 || amount < 60) {
    if (amount >= 60 && !chinese) text += " ";
    text += rest + (chinese ? "分钟" : " min");
  }
  return text;
}

std::string FormatCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

int PrintFailure(const Failure& failure, bool json, Language language) {
  if (json) {
    nlohmann::json error = {
        {"reason", failure.reason}, {"what", failure.what}, {"do", failure.next}};
    for (const auto& [name, value] : failure.facts) {
      // Heights and counts are numbers; hexadecimal ids are longer than any of them.
      std::uint64_t number = 0;
      const char* end = value.data() + value.size();
      const auto read = std::from_chars(value.data(), end, number);
      error[name] = value;
      if (read.ec == std::errc() && read.ptr == end) error[name] = number;
    }
    PrintJson({{"error", error}});
    return static_cast<int>(failure.exit);
  }
  const bool chinese = language == Language::kChinese;
  std::fprintf(stderr, "%s%s\n", chinese ? "错误：" : "error: ", failure.what.c_str());
  const auto line = [](const char* label, const std::string& text) {
    if (!text.empty()) std::fprintf(stderr, "%s%s\n", label, text.c_str());
  };
  line(chinese ? "原因：" : "  why: ", failure.reason);
  line(chinese ? "处理：" : "   do: ", failure.next);
  for (const auto& [name, value] : failure.facts) {
    std::fprintf(stderr, "       %s: %s\n", name.c_str(), value.c_str());
  }
  return static_cast<int>(failure.exit);
}

void PrintText(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
  std::fflush(stdout);
}

void PrintJson(const nlohmann::json& value) {
  PrintText(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace timebank::cli
