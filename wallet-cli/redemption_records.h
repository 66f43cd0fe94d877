// Reading and showing redemptions.
#pragma once

#include <string>

#include "timebank/v1/record.pb.h"
#include "wallet-cli/app.h"

namespace timebank::cli {

[[nodiscard]] Result<v1::Redemption> ReadRedemption(Context& context, const std::string& id);
// `show` and `list` below `family`.
void AddRedemptionReads(CLI::App& family, Program& program);

}  // namespace timebank::cli
