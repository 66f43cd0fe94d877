// The first hour of the demo's ledger: organisations, staff, members, lists, budget, an offer. All
// by transactions of the people whose office it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/expected.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/stage.h"

namespace timebank::cli {

// Class number under which all elders of the data are listed for the monthly grant.
inline constexpr std::uint32_t kPilotClass = 1;

struct FoundingPlan {
  // Minutes that the district may issue over the whole demo.
  std::int64_t budget_minutes = 0;
  OfferId offer;
};

using Progress = std::function<void(const std::string&)>;

[[nodiscard]] Expected<bool, std::string> Found(Stage& stage, const Cast& cast,
                                                const PilotData& data, const FoundingPlan& plan,
                                                const Progress& progress);

// The month's grant for every elder of the data.
[[nodiscard]] Expected<bool, std::string> RunGrant(Stage& stage, const Cast& cast,
                                                   const PilotData& data, std::uint32_t month);

}  // namespace timebank::cli
