#include "node/rpc/peer_requests.h"

namespace timebank::rpc {

void BlockRequests::Ask(const std::vector<Height>& heights) {
  const std::scoped_lock lock(mutex_);
  asked_.clear();
  for (const Height height : heights) asked_[height];
}

bool BlockRequests::Take(Height height, const replica::PeerKey& peer) {
  const std::scoped_lock lock(mutex_);
  const auto asked = asked_.find(height);
  return asked != asked_.end() && asked->second.insert(peer).second;
}

}  // namespace timebank::rpc
