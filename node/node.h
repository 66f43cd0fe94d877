// One running node: opens what the configuration names, recovers, serves, drains. Its parts are in
// node/replica, node/storage and node/rpc; here they are joined.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/expected.h"
#include "node/config.h"

namespace timebank::node {

// Exit codes of timebank-node; documented in --help.
enum class Exit : int {
  kOk = 0,
  kUsage = 1,     // command line or configuration
  kIdentity = 2,  // keys, certificates or genesis do not fit together
  kStorage = 3,   // the node's data is damaged or of another version
  kSelfTest = 4,  // cryptography of this machine answers differently
  kPort = 5,      // an address cannot be listened on
  kHalted = 6,    // correctness is lost: see the divergence file
};

// Why the node does not start: what is wrong and what to do.
struct StartFailure {
  Exit exit = Exit::kUsage;
  std::string text;
};

class Node {
 public:
  // Loads and checks everything that can be checked without touching data: check-config ends here.
  [[nodiscard]] static Expected<std::unique_ptr<Node>, StartFailure> Prepare(Config config,
                                                                             std::string version);
  ~Node();

  // Opens storage, verifies, replays, and only then opens ports (CONSENSUS P14).
  [[nodiscard]] Expected<bool, StartFailure> Start();
  // To be called about every second: disk watermark, healing of damaged blocks.
  void Housekeep();
  [[nodiscard]] bool halted() const;
  // Stops accepting, lets calls end, syncs and closes.
  void Drain();

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::node
