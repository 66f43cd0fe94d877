// From what nodes answer to what a person reads: one sentence in their language, what to do, and
// the exit code that scripts go by.
#pragma once

#include <string>

#include "api/client/error.h"
#include "wallet-cli/output.h"

namespace timebank::cli {

// What a node or f + 1 validators said, or their silence.
[[nodiscard]] Failure FailureOf(const client::Error& error, Language language);
// A file, key or setting of this machine.
[[nodiscard]] Failure LocalFailure(std::string what, std::string next = "");

}  // namespace timebank::cli
