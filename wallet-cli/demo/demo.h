// `timebank dev up`: a development network of four validators that lives a pilot's months through
// signed transactions, and the table that says what came of it.
#pragma once

#include <cstdint>
#include <string>

#include "wallet-cli/output.h"

namespace timebank::cli {

struct DemoOptions {
  std::string dir = ".demo";
  std::uint16_t port_base = 7400;
  std::string data;   // empty: one of our own making
  std::string until;  // yyyy-mm-dd: stop at 09:00 local time of that day; empty: go on to today
  Language language = Language::kEnglish;
  bool load = true;
  bool detach = false;
  bool json = false;
  std::uint32_t validators = 4;
  std::string program;       // path of timebank
  std::string node_program;  // path of timebank-node
};

// Returns the exit code of the program.
int DemoUp(const DemoOptions& options);
int DemoDown(const std::string& dir, bool json);

}  // namespace timebank::cli
