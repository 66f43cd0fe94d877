// scenario_runner FILE...: plays scenario files through both ledgers, printing each line with its
// answer. Exit code 0 when all is as expected, 1 otherwise.
#include <iostream>

#include "tests/scenario/player.h"

int main(int argc, char** argv) {
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    std::string error;
    const auto lines = timebank::scenario::ReadScript(argv[i], error);
    timebank::scenario::Player player;
    player.set_print([](const std::string& text) { std::cout << text << "\n"; });
    std::vector<std::string> failures = player.Play(lines);
    if (!error.empty()) failures.push_back(error);
    for (const std::string& failure : failures) std::cerr << failure << "\n";
    if (!failures.empty()) ++failed;
  }
  std::cout << argc - 1 << " scenarios, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
