#include "consensus/output.h"

#include <algorithm>

namespace timebank::consensus {

bool Output::NeedsSync() const {
  return std::any_of(persist.begin(), persist.end(), [](const Record& record) {
    return !std::holds_alternative<FirstSeenRecord>(record);
  });
}

}  // namespace timebank::consensus
