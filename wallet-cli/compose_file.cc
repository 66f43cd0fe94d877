// The compose file of a test network: one container per validator folder, nothing shared.
#include "wallet-cli/deploy_files.h"

namespace timebank::cli {

std::string ComposeFile(std::uint32_t validators, FolderOwner owner) {
  std::string out =
      "# One container per validator. Build the image from deploy/Dockerfile first:\n"
      "#   docker build -t timebank-node -f deploy/Dockerfile .\n"
      "# The addresses in the config.toml files are loopback ones: the containers share the\n"
      "# host's network. For several machines write real addresses there.\n"
      "# Each node runs as the user who owns its folder, which nobody else may read; its data is\n"
      "# kept in the folder, too. Whoever gives the folders to another user changes `user`.\n"
      "services:\n";
  const std::string user = std::to_string(owner.user) + ":" + std::to_string(owner.group);
  for (std::uint32_t i = 1; i <= validators; ++i) {
    const std::string name = "validator-" + std::to_string(i);
    out += "  " + name + ":\n    image: timebank-node\n    network_mode: host\n";
    out += "    user: \"" + user + "\"\n";
    out += "    command: [\"timebank-node\", \"--config\", \"/etc/timebank/config.toml\"]\n";
    out += "    volumes:\n      - ./" + name + ":/etc/timebank\n";
    out += "    read_only: true\n    cap_drop: [ALL]\n    restart: on-failure:3\n";
    out += "    stop_grace_period: 60s\n";
    out += "    ulimits:\n      nofile: 65536\n";
    out += "    security_opt: [\"no-new-privileges:true\"]\n";
  }
  return out;
}

}  // namespace timebank::cli
