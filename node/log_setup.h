// Log lines of the node: for people, or one JSON object a line.
#pragma once

#include <string>

namespace timebank::node {

enum class LogFormat { kText, kJson };

// To stderr. Also takes over gRPC's own lines, which are details: level debug.
void SetUpLog(LogFormat format, const std::string& node_name, bool debug);

// `text` as the inside of a JSON string.
[[nodiscard]] std::string JsonEscaped(std::string_view text);

}  // namespace timebank::node
