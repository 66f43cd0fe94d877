// Writes the seeds as files, OUT/TARGET/NUMBER.
//   timebank_fuzz_seeds VECTORS.json OUT
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/seeds.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: timebank_fuzz_seeds VECTORS.json OUT\n", stderr);
    return 2;
  }
  std::stringstream vectors;
  vectors << std::ifstream(argv[1]).rdbuf();
  for (const auto& [target, inputs] : timebank::fuzz::MakeSeeds(vectors.str())) {
    const std::filesystem::path folder = std::filesystem::path(argv[2]) / target;
    std::filesystem::create_directories(folder);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::ofstream file(folder / std::to_string(i), std::ios::binary);
      if (!(file << timebank::AsText(inputs[i]) << std::flush)) return 1;
    }
  }
  return 0;
}
