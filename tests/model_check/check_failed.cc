// Stands in for base/check.cc: a failed TB_CHECK is a finding with a trace, not the end.
#include <string>

#include "base/check.h"
#include "tests/model_check/violation.h"

namespace timebank {

void CheckFailed(const char* file, int line, const char* expression) {
  throw model_check::Violation(std::string(file) + ":" + std::to_string(line) +
                               ": check failed: " + expression);
}

}  // namespace timebank
