// What nodes say to each other as a Mermaid sequence diagram, for small runs.
#pragma once

#include <string>
#include <vector>

#include "consensus/messages.h"
#include "tests/sim/network.h"

namespace timebank::sim {

inline constexpr std::size_t kDiagramLinesMax = 400;

// A line for each that hears it; nothing for Status, which would hide the rest.
void DrawMessage(std::vector<std::string>& diagram, NodeIndex from,
                 const std::vector<NodeIndex>& to, const consensus::Message& message);

}  // namespace timebank::sim
