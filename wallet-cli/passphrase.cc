#include "wallet-cli/passphrase.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace timebank::cli {
namespace {

constexpr char kVariable[] = "TIMEBANK_PASSPHRASE";
constexpr std::size_t kLengthMax = 1024;

// Typed on the terminal, its echo off while it is typed.
platform::Result<std::string> Ask(const char* prompt) {
  if (isatty(STDIN_FILENO) == 0) {
    return platform::Fail("the key is encrypted: give --passphrase-file FILE or set " +
                          std::string(kVariable));
  }
  std::fputs(prompt, stderr);
  termios shown{};
  const bool known = tcgetattr(STDIN_FILENO, &shown) == 0;
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (known) tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n' && line.size() < kLengthMax;
       c = std::getchar()) {
    line += static_cast<char>(c);
  }
  if (known) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  std::fputs("\n", stderr);
  if (line.empty()) return platform::Fail("no passphrase was typed");
  return line;
}

platform::Result<std::string> AskTwice() {
  auto first = Ask("new passphrase: ");
  if (!first) return first;
  const auto second = Ask("once more: ");
  if (!second) return second;
  if (*first != *second) return platform::Fail("the two passphrases differ");
  return first;
}

platform::PassphraseSource SourceOr(const std::string& file,
                                    platform::Result<std::string> (*ask)()) {
  if (!file.empty()) return platform::PassphraseFromFile(file);
  if (std::getenv(kVariable) != nullptr) return platform::PassphraseFromEnvironment(kVariable);
  // Shared by the copies of the source, so that several keys ask once.
  auto typed = std::make_shared<std::optional<std::string>>();
  return [typed, ask]() -> platform::Result<std::string> {
    if (!*typed) {
      auto answer = ask();
      if (!answer) return answer;
      *typed = *answer;
    }
    return **typed;
  };
}

}  // namespace

platform::PassphraseSource Passphrase(const std::string& file) {
  return SourceOr(file, [] { return Ask("passphrase: "); });
}

platform::PassphraseSource NewPassphrase(const std::string& file) {
  return SourceOr(file, AskTwice);
}

}  // namespace timebank::cli
