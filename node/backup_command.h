// `timebank-node backup make|verify|restore`: arguments, words and exit code.
#pragma once

#include <string>

#include "node/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace timebank::node {

class BackupCommand {
 public:
  // Adds the commands. Requires: both live until Run.
  void AddTo(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // The exit code. Requires: parsed.
  [[nodiscard]] int Run(const Config& config, const std::string& version) const;

 private:
  CLI::App* make_ = nullptr;
  CLI::App* verify_ = nullptr;
  CLI::App* restore_ = nullptr;
  std::string folder_;
  bool new_key_ = false;
};

}  // namespace timebank::node
