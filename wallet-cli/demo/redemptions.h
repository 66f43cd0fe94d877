// Some elders redeem: a warm lunch at home for minutes they hold, from request to capture.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/stage.h"

namespace timebank::cli {

// Number of redemptions captured.
[[nodiscard]] Expected<std::uint64_t, std::string> PlayRedemptions(Stage& stage, const Cast& cast,
                                                                   const PilotData& data,
                                                                   const OfferId& offer);

}  // namespace timebank::cli
