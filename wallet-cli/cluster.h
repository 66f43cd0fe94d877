// A running network as this program knows it: cluster.json, and the processes of a development
// network that `timebank dev up` started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/client/channel.h"
#include "base/expected.h"

namespace timebank::cli {

struct ClusterNode {
  std::string name;
  std::string grpc;  // client port, host:port
  std::string dir;
  int pid = 0;                    // 0: not started by us
  std::string tls_key_hash = "";  // hex; of who is not in genesis with this key
};

struct Cluster {
  std::string chain_id;  // hex
  std::string genesis;   // path of genesis.bin
  std::int64_t offset_ms = 0;
  std::vector<ClusterNode> nodes;
  std::string identities_dir;
  bool development = false;

  [[nodiscard]] std::vector<client::NodeAddress> Addresses() const;
};

[[nodiscard]] Expected<Cluster, std::string> ReadCluster(const std::string& path);
[[nodiscard]] Expected<bool, std::string> WriteCluster(const std::string& path,
                                                       const Cluster& cluster);

// Starts `program --config dir/config.toml` in a session of its own, output appended to
// dir/node.log. Returns its process id.
[[nodiscard]] Expected<int, std::string> StartNode(const std::string& program,
                                                   const std::string& dir);
// Whether somebody accepts TCP connections at host:port, an IPv4 address.
[[nodiscard]] bool IsListening(const std::string& address);
// True while the process exists and is no zombie.
[[nodiscard]] bool IsRunning(int pid);
// True while the process of `node` exists and runs a node in its folder: a process id in an old
// cluster.json may belong to somebody else by now.
[[nodiscard]] bool IsRunningNode(const ClusterNode& node);
// SIGTERM to all, then SIGKILL to those that are still there after `patience_ms`. Only processes
// whose command line names their folder are touched. Returns how many had to be killed.
int StopNodes(const std::vector<ClusterNode>& nodes, std::uint64_t patience_ms);
// The last lines of dir/node.log: why a node did not come up.
[[nodiscard]] std::string LogTail(const std::string& dir, std::size_t lines);

}  // namespace timebank::cli
