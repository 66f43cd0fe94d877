// The files of deploy/ that `testnet init` hands out, embedded at build time, and the compose file,
// which depends on the number of validators.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace timebank::cli {

extern const std::string_view kNodeServiceUnit;  // deploy/timebank-node.service
extern const std::string_view kRunbook;          // deploy/RUNBOOK.md

// Who may read the folders that were written: the containers run as nobody else.
struct FolderOwner {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
};

// compose.yaml for `validators` folders validator-1.. beside it.
[[nodiscard]] std::string ComposeFile(std::uint32_t validators, FolderOwner owner);

}  // namespace timebank::cli
