// Showing and listing visits, in the same way for orders and entries: an order is its entry.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "timebank/v1/record.pb.h"
#include "wallet-cli/app.h"

namespace timebank::cli {

[[nodiscard]] nlohmann::json JsonOf(Context& context, const v1::Entry& entry);
// `show` and `list` below `family`, whose examples name `word`.
void AddEntryReads(CLI::App& family, Program& program, const std::string& word);

}  // namespace timebank::cli
