// timebank_fuzz: libFuzzer over the target that FUZZ_TARGET names. One program for all of them,
// which links once.
//   FUZZ_TARGET=csv timebank_fuzz FILE              runs one input
//   FUZZ_TARGET=csv timebank_fuzz CORPUS SEEDS      looks for more, until it is stopped
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

Target Named() {
  const char* name = std::getenv("FUZZ_TARGET");
  const auto found = std::ranges::find(kTargets, name == nullptr ? "" : name, &Target::name);
  if (found != kTargets.end()) return *found;
  std::fputs("FUZZ_TARGET is to be one of:", stderr);
  for (const Target& target : kTargets) std::fprintf(stderr, " %s", target.name.data());
  std::fputs("\n", stderr);
  std::exit(2);
}

}  // namespace
}  // namespace timebank::fuzz

// libFuzzer calls this with each input; the answer is always 0. In one thread.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const timebank::fuzz::Target target = timebank::fuzz::Named();
  target.run({data, size});
  return 0;
}
