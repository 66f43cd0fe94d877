// Which damaged blocks this node has asked its peers for: only such answers are looked at, each
// once from each peer, so that nobody fills the replica's queue with blocks. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "base/strong.h"
#include "node/replica/ports.h"

namespace timebank::rpc {

class BlockRequests {
 public:
  // From now on answers to these are expected, and to none asked for earlier.
  void Ask(const std::vector<Height>& heights);
  // True when `peer` may answer this height; then not again until it is asked for anew.
  [[nodiscard]] bool Take(Height height, const replica::PeerKey& peer);

 private:
  std::mutex mutex_;
  std::map<Height, std::set<replica::PeerKey>> asked_;  // with those who have answered
};

}  // namespace timebank::rpc
