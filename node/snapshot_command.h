// `timebank-node snapshot save|restore|verify`: arguments, words and exit code.
#pragma once

#include <optional>
#include <string>

#include "node/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace timebank::node {

class SnapshotCommand {
 public:
  // Adds the commands. Requires: both live until Run.
  void AddTo(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // Whether it needs the configuration: verify does not where it is told the genesis file.
  [[nodiscard]] bool needs_config() const;
  // The exit code. Requires: parsed; `config` where it is needed.
  [[nodiscard]] int Run(const std::optional<Config>& config) const;

 private:
  CLI::App* save_ = nullptr;
  CLI::App* restore_ = nullptr;
  CLI::App* verify_ = nullptr;
  std::string file_;
  std::string genesis_;
  bool json_ = false;
};

}  // namespace timebank::node
