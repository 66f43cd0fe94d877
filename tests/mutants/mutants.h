// The breaks of mutants.txt, as weave.py lists them.
#pragma once

#include <cstdint>
#include <vector>

extern int timebank_mutant;  // number of the break that is on, from 1; 0: none

namespace timebank::mutants {

struct Mutant {
  const char* name;
  const char* text;
  std::uint64_t seed;  // of the simulator, that is known to find it; 0: none
  bool model;          // the exhaustive check finds it
};
extern const std::vector<Mutant> kMutants;

}  // namespace timebank::mutants
