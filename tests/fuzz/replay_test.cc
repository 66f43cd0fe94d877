// What needs no clang: every target over its seeds, over the inputs that once broke it
// (tests/fuzz/found/TARGET), and over seeds changed at random.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/prng.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

constexpr std::uint64_t kChangedPerTarget = 2'000;
constexpr std::uint64_t kEditsMax = 4;

std::string ReadAll(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void Play(const Target& target, const Bytes& input) {
  target.run({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
}

Bytes Changed(Prng& prng, const std::vector<Bytes>& seeds) {
  Bytes input = seeds[prng.Below(seeds.size())];
  const std::uint64_t edits = 1 + prng.Below(kEditsMax);
  for (std::uint64_t i = 0; i < edits && !input.empty(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(prng.Below(input.size()));
    const std::uint64_t edit = prng.Below(4);
    if (edit == 0)
      input[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1 + prng.Below(255));
    if (edit == 1) input.erase(input.begin() + at);
    if (edit == 2) input.insert(input.begin() + at, static_cast<std::byte>(prng.Below(256)));
    if (edit == 3) input.resize(static_cast<std::size_t>(at));
  }
  return input;
}

class FuzzReplay : public testing::TestWithParam<Target> {
 protected:
  static const std::vector<Bytes>& SeedsOf(const Target& target) {
    static const Seeds seeds = MakeSeeds(ReadAll(TIMEBANK_SOURCE_DIR "/tests/vectors/chain.json"));
    return seeds.at(std::string(target.name));
  }
};

TEST_P(FuzzReplay, Seeds) {
  ASSERT_FALSE(SeedsOf(GetParam()).empty());
  for (const Bytes& seed : SeedsOf(GetParam())) Play(GetParam(), seed);
  Play(GetParam(), {});
}

TEST_P(FuzzReplay, WhatOnceBrokeIt) {
  const auto folder =
      std::filesystem::path(TIMEBANK_SOURCE_DIR "/tests/fuzz/found") / GetParam().name;
  if (!std::filesystem::exists(folder)) return;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string input = ReadAll(file.path());
    SCOPED_TRACE(file.path());
    Play(GetParam(), ToBytes(AsBytes(input)));
  }
}

TEST_P(FuzzReplay, ChangedSeeds) {
  Prng prng = Prng(1).Fork(GetParam().name);
  for (std::uint64_t i = 0; i < kChangedPerTarget; ++i) {
    Play(GetParam(), Changed(prng, SeedsOf(GetParam())));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(kTargets),
                         [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace timebank::fuzz
