// What the targets start from: the golden vectors, and bytes that our own encoders make. Made at
// run time, so that seeds never lag behind the formats.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace timebank::fuzz {

using Seeds = std::map<std::string, std::vector<Bytes>>;  // by the name of the target

// `vectors` is the text of tests/vectors/chain.json.
[[nodiscard]] Seeds MakeSeeds(std::string_view vectors);

}  // namespace timebank::fuzz
