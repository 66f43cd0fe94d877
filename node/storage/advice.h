// What an operator should do when a node's data does not open. Every refusal ends with it.
#pragma once

#include <string>
#include <string_view>

namespace timebank::storage {

// For data that is damaged, lost or from a backup.
inline constexpr std::string_view kKeepData =
    ". Keep the whole data directory: its votes keep this validator honest. Do not start this "
    "validator with an empty one or from a backup, for it could vote against what it voted; the "
    "other validators go on without it. What to do: RUNBOOK.md, 'A validator that lost its data'";

// `text`, and what to do: about the machine where the system refused (another process holds the
// data, no descriptor or space left, not permitted), else kKeepData.
[[nodiscard]] std::string WithAdvice(std::string text);

}  // namespace timebank::storage
