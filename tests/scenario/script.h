// The scenario language: one verb per line, then words, key=value options, `by` signers and what to
// expect. Parsing only; README.md lists the verbs and player.h plays them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace timebank::scenario {

struct Line {
  std::string file;
  int number = 0;
  std::string text;
  std::string verb;
  std::vector<std::string> words;              // plain words after the verb
  std::map<std::string, std::string> options;  // key=value
  std::vector<std::string> by;                 // signers, as written
  std::vector<std::string> expect;             // words after `expect`

  [[nodiscard]] std::string Option(const std::string& key, const std::string& otherwise = "") const;
};

// Reads a script and the worlds that it names (`world pilot` is pilot.world beside it). Empty and
// `error` set when a file cannot be read.
[[nodiscard]] std::vector<Line> ReadScript(const std::string& path, std::string& error);

// "2020-09-01T09:00", "2020-09-01T09:00:59", at civil offset 480. Empty when it is no time.
[[nodiscard]] std::optional<std::uint64_t> ParseTime(const std::string& text);
// "72h", "1d12h", "59m59s", "-1s", "5ms", in milliseconds. Empty when it is no duration.
[[nodiscard]] std::optional<std::int64_t> ParseDuration(const std::string& text);

}  // namespace timebank::scenario
