#include "tests/scenario/script.h"

#include <fstream>
#include <sstream>

#include "base/civil.h"

namespace timebank::scenario {
namespace {

constexpr std::int64_t kCivilOffsetMinutes = 480;

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

Line ParseLine(const std::string& text) {
  Line line{.text = text};
  std::stringstream in(text.substr(0, text.find('#')));
  in >> line.verb;
  bool expecting = line.verb == "expect";
  for (std::string word; in >> word;) {
    const auto equals = word.find('=');
    if (expecting && line.verb != "expect") {
      line.expect.push_back(word);
    } else if (word == "expect") {
      expecting = true;
    } else if (word == "by" && in >> word) {
      line.by = SplitAtCommas(word);
    } else if (equals != std::string::npos) {
      line.options[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      line.words.push_back(word);
    }
  }
  return line;
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.find_last_of('/') + 1); }

}  // namespace

std::vector<Line> ReadScript(const std::string& path, std::string& error) {
  std::ifstream in(path);
  if (!in) error = "cannot read " + path;
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    Line line = ParseLine(text);
    line.file = path;
    line.number = number;
    if (line.verb.empty()) continue;
    if (line.verb != "world" || line.words.size() != 1) {
      lines.push_back(line);
      continue;
    }
    const auto world = ReadScript(FolderOf(path) + line.words.front() + ".world", error);
    lines.insert(lines.end(), world.begin(), world.end());
  }
  return lines;
}

std::string Line::Option(const std::string& key, const std::string& otherwise) const {
  const auto found = options.find(key);
  return found == options.end() ? otherwise : found->second;
}

std::optional<std::uint64_t> ParseTime(const std::string& text) {
  const auto civil = ParseCivil(text);
  if (!civil) return std::nullopt;
  const auto at = FromCivil(*civil, kCivilOffsetMinutes);
  return at ? std::optional(at->value()) : std::nullopt;
}

std::optional<std::int64_t> ParseDuration(const std::string& text) {
  static const std::map<std::string, std::int64_t> kUnits = {
      {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
  std::stringstream in(text);
  std::int64_t sign = 1;
  if (in.peek() == '-') {
    sign = -1;
    in.get();
  }
  std::int64_t total = 0;
  while (in.peek() != std::stringstream::traits_type::eof()) {
    std::int64_t amount = 0;
    std::string unit;
    if (!(in >> amount)) return std::nullopt;
    while (in.peek() >= 'a' && in.peek() <= 'z') unit += static_cast<char>(in.get());
    const auto found = kUnits.find(unit);
    if (found == kUnits.end()) return std::nullopt;
    total += amount * found->second;
  }
  return text.empty() ? std::nullopt : std::optional(sign * total);
}

}  // namespace timebank::scenario
