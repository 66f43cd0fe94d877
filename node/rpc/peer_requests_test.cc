#include "node/rpc/peer_requests.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

TEST(BlockRequests, OnlyWhatWasAskedForAndOnceFromEachPeer) {
  BlockRequests requests;
  EXPECT_FALSE(requests.Take(Height(5), consensus::PeerId(1)));
  requests.Ask({Height(5), Height(6)});
  EXPECT_FALSE(requests.Take(Height(7), consensus::PeerId(1)));
  EXPECT_TRUE(requests.Take(Height(5), consensus::PeerId(1)));
  EXPECT_FALSE(requests.Take(Height(5), consensus::PeerId(1)));
  // A wrong answer of one peer does not keep out another's.
  EXPECT_TRUE(requests.Take(Height(5), consensus::PeerId(2)));
  requests.Ask({Height(6)});
  EXPECT_FALSE(requests.Take(Height(5), consensus::PeerId(3)));
  EXPECT_TRUE(requests.Take(Height(6), consensus::PeerId(1)));
}

}  // namespace
}  // namespace timebank::rpc
