// What the program prints: tables that respect the width of Chinese characters, JSON on request,
// and errors that say what, why and what to do. Answers go to stdout, everything else to stderr.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"

namespace timebank::cli {

// Documented in `timebank help exit-codes` and docs/cli.md.
enum class Exit : int {
  kOk = 0,
  kRefused = 1,      // the ledger refused it; nothing changed
  kUsage = 2,        // the command line is wrong
  kNotRecorded = 3,  // not recorded yet: too few validators, a deadline; ask again
  kNotVerified = 4,  // a proof does not hold
  kLocal = 5,        // a file, key or setting on this machine
};

enum class Language { kEnglish, kChinese };

// --lang, else TIMEBANK_LANG, else LC_ALL, LC_MESSAGES and LANG: "zh..." is Chinese.
[[nodiscard]] Language ChooseLanguage(std::string_view option);

// Columns a terminal gives to `utf8`: wide characters take two.
[[nodiscard]] std::size_t DisplayWidth(std::string_view utf8);

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Left-aligned columns two blanks apart, a rule below the header.
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// 95 -> "1 h 35 min" or "1小时35分钟"; negative amounts keep their sign.
[[nodiscard]] std::string FormatMinutes(std::int64_t minutes, Language language);
// 83340 -> "83,340".
[[nodiscard]] std::string FormatCount(std::int64_t count);

struct Failure {
  Exit exit = Exit::kLocal;
  std::string reason;  // stable name, may be empty
  std::string what;
  std::string next;
  // What a program would want to go on with: transaction_id, validators_reachable, ...
  std::vector<std::pair<std::string, std::string>> facts;
};

template <typename T>
using Result = Expected<T, Failure>;
struct Done {};

// Prints "error: what" and, where given, "why: ...", "do: ..." and the facts to stderr, or with
// `json` one object {"error": {"reason", "what", "do", facts...}} to stdout. Returns the exit code
// for the caller to return.
int PrintFailure(const Failure& failure, bool json, Language language = Language::kEnglish);

void PrintText(std::string_view text);
void PrintJson(const nlohmann::json& value);

}  // namespace timebank::cli
