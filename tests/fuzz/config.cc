// The configuration of a node: refused with a sentence, or taken; and what is taken, written and
// read again is the same configuration.
//   input: TOML text
#include "node/config.h"

#include <string>

#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunConfig(Input input) {
  const std::string path = "/etc/timebank/config.toml";
  const auto config = node::ParseConfig(ToString(input.Rest()), path);
  if (!config) {
    TB_CHECK(config.error().starts_with(path));
    return;
  }
  const std::string text = node::ConfigText(*config);
  const auto again = node::ParseConfig(text, path);
  TB_CHECK(again.has_value());
  TB_CHECK(node::ConfigText(*again) == text);
}

}  // namespace timebank::fuzz
