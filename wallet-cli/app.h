// The program's frame: global options, the commands, their help and what a run ends with.
#pragma once

#include <functional>
#include <string>

#include "wallet-cli/context.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace timebank::cli {

// What the program's exit code is, or why the command did not do what it was asked to.
using Command = std::function<Result<Exit>(Context&)>;

struct CommandText {
  std::string name;
  std::string description;
  std::string example;  // shown at the end of its help
};

// The commands add themselves to it; the one that the command line chose runs after parsing.
class Program {
 public:
  CLI::App* Add(CLI::App& parent, const CommandText& text, Command run);
  // A word in front of several commands: `entry` in `entry log`.
  static CLI::App* AddFamily(CLI::App& parent, const CommandText& text);

  [[nodiscard]] const Command& chosen() const { return chosen_; }

 private:
  Command chosen_;
};

// A repeatable option whose values do not swallow what follows.
CLI::Option* AddList(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                     const std::string& description);

// Runs the program; the process's exit code.
int RunProgram(int argc, char** argv);

}  // namespace timebank::cli
