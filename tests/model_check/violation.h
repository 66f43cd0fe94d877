// What the checker finds. An exception, because it may come out of the middle of Core::Step(): a
// check of the production code that fails ends here too, in place of the process.
#pragma once

#include <stdexcept>
#include <string>

namespace timebank::model_check {

class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws unless `holds`.
inline void Require(bool holds, const std::string& what) {
  if (!holds) throw Violation(what);
}

}  // namespace timebank::model_check
