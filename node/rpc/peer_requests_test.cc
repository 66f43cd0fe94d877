#include "node/rpc/peer_requests.h"

#include <gtest/gtest.h>

namespace timebank::rpc {
namespace {

replica::PeerKey KeyOf(std::uint32_t number) {
  replica::PeerKey key;
  key.data[0] = static_cast<std::byte>(number);
  return key;
}

TEST(BlockRequests, OnlyWhatWasAskedForAndOnceFromEachPeer) {
  BlockRequests requests;
  EXPECT_FALSE(requests.Take(Height(5), KeyOf(1)));
  requests.Ask({Height(5), Height(6)});
  EXPECT_FALSE(requests.Take(Height(7), KeyOf(1)));
  EXPECT_TRUE(requests.Take(Height(5), KeyOf(1)));
  EXPECT_FALSE(requests.Take(Height(5), KeyOf(1)));
  // A wrong answer of one peer does not keep out another's.
  EXPECT_TRUE(requests.Take(Height(5), KeyOf(2)));
  requests.Ask({Height(6)});
  EXPECT_FALSE(requests.Take(Height(5), KeyOf(3)));
  EXPECT_TRUE(requests.Take(Height(6), KeyOf(1)));
}

}  // namespace
}  // namespace timebank::rpc
