// Some elders redeem: a warm lunch at home for minutes they hold, from request to capture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/stage.h"

namespace timebank::cli {

struct RefusedRedemption {
  std::string elder;  // member number
  std::string step;
  std::string reason;
};

struct Redemptions {
  std::uint64_t captured = 0;
  // What the ledger refused: an elder whose key is too young, or who has too few minutes left.
  std::vector<RefusedRedemption> refused;
};

// The error ends the demo; refusals do not.
[[nodiscard]] Expected<Redemptions, std::string> PlayRedemptions(Stage& stage, const Cast& cast,
                                                                 const PilotData& data,
                                                                 const OfferId& offer);

}  // namespace timebank::cli
