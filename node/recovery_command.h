// `timebank-node recovery save|begin`: arguments, words and exit code.
#pragma once

#include <string>

#include "node/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace timebank::node {

class RecoveryCommand {
 public:
  // Adds the commands. Requires: both live until Run.
  void AddTo(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // The exit code. Requires: parsed.
  [[nodiscard]] int Run(const Config& config) const;

 private:
  CLI::App* save_ = nullptr;
  CLI::App* begin_ = nullptr;
  std::string file_;
  bool json_ = false;
};

}  // namespace timebank::node
