// Which folders `timebank dev up` may begin anew: only those that it made itself.
#pragma once

#include <string>

#include "base/expected.h"
#include "wallet-cli/output.h"

namespace timebank::cli {

// Fails when a demo runs in `dir`, or when there is anything in it that `dev up` did not write: a
// ledger that operators set up looks the same, and its keys are nowhere else. Changes nothing.
[[nodiscard]] Result<Done> CheckDemoFolder(const std::string& dir);
// Removes what a former demo left. Requires: CheckDemoFolder.
[[nodiscard]] Result<Done> ClearDemoFolder(const std::string& dir);
// Says that `dir` was made by this program and may be begun anew.
[[nodiscard]] Expected<bool, std::string> MarkDemoFolder(const std::string& dir,
                                                         const std::string& what);
// Whether `inner` is `outer` or lies in it, links followed.
[[nodiscard]] bool LiesWithin(const std::string& inner, const std::string& outer);

// What is known of the data in `dir`: that it is invented, where its README says so.
[[nodiscard]] std::string ProvenanceOf(const std::string& dir);

}  // namespace timebank::cli
