// One running node: opens what the configuration names, recovers, serves, drains. Its parts are in
// node/replica, node/storage and node/rpc; here they are joined.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  kOutdated = 7,  // the next block needs rules of a newer release
};

// Why the node does not start: what is wrong and what to do.
struct StartFailure {
  Exit exit = Exit::kUsage;
  std::string text;
};

// What this program is: its version, and the latest edition of the rules that it knows.
struct Release {
  std::string version;
  std::uint32_t edition_known = 0;
};

class Node {
 public:
  // Loads and checks everything that can be checked without touching data: check-config ends here.
  [[nodiscard]] static Expected<std::unique_ptr<Node>, StartFailure> Prepare(
      Config config, const Release& release);
  ~Node();

  // Opens storage, verifies, replays, and only then opens ports (CONSENSUS P14).
  [[nodiscard]] Expected<bool, StartFailure> Start();
  // To be called about every second: disk watermark, healing of damaged blocks.
  void Housekeep();
  // Why it cannot go on, if so: kHalted or kOutdated. Drain it.
  [[nodiscard]] std::optional<Exit> ended() const;
  // Stops accepting, lets calls end, syncs and closes.
  void Drain();

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::node
