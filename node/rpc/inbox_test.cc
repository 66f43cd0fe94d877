#include "node/rpc/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "platform/clock.h"

namespace timebank::rpc {
namespace {

replica::PeerKey KeyOf(std::uint32_t number) {
  replica::PeerKey key;
  key.data[0] = static_cast<std::byte>(number);
  return key;
}

replica::PeerMessageReceived FromPeer(std::uint32_t peer) {
  return {.from = KeyOf(peer), .message = replica::GossipMessage{}};
}

TEST(Inbox, P7AFullClientLaneRefusesAndLeavesTheOthersAlone) {
  Inbox inbox({.clients = 2});
  EXPECT_TRUE(inbox.PutClient({.ticket = 1}));
  EXPECT_TRUE(inbox.PutClient({.ticket = 2}));
  EXPECT_FALSE(inbox.PutClient({.ticket = 3}));
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
  inbox.PutOwn(replica::Tick{});
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 4U);
  EXPECT_TRUE(inbox.PutClient({.ticket = 4}));
}

TEST(Inbox, OwnEventsComeFirstAndClientsLast) {
  Inbox inbox({});
  EXPECT_TRUE(inbox.PutClient({.ticket = 1}));
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
  inbox.PutOwn(replica::Tick{});
  const auto events = inbox.Take(std::nullopt).events;
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<replica::Tick>(events[0]));
  EXPECT_TRUE(std::holds_alternative<replica::PeerMessageReceived>(events[1]));
  EXPECT_TRUE(std::holds_alternative<replica::Submitted>(events[2]));
}

TEST(Inbox, AFloodingPeerWaitsWhileAnotherGetsThrough) {
  Inbox inbox({.peer_messages = 2});
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
  std::atomic<bool> through{false};
  std::thread flooding([&] {
    EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
    through = true;
  });
  EXPECT_TRUE(inbox.PutPeer(FromPeer(1), 1));
  EXPECT_FALSE(through);
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 3U);
  flooding.join();
  EXPECT_TRUE(through);
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 1U);
}

TEST(Inbox, OneMessageLargerThanTheShareStillFits) {
  Inbox inbox({.peer_bytes = 10});
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1000));
}

TEST(Inbox, ClosingWakesWhoWaits) {
  Inbox inbox({.peer_messages = 1});
  EXPECT_TRUE(inbox.PutPeer(FromPeer(0), 1));
  std::thread waiting([&] { EXPECT_FALSE(inbox.PutPeer(FromPeer(0), 1)); });
  inbox.Close();
  waiting.join();
  EXPECT_FALSE(inbox.PutClient({.ticket = 1}));
  EXPECT_FALSE(inbox.PutQuery([](replica::Replica&) {}));
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 1U) << "what is inside may still be taken";
}

TEST(Inbox, TakeWakesAtTheTimeAsked) {
  Inbox inbox({});
  const std::uint64_t began = platform::MonotonicMs();
  EXPECT_TRUE(inbox.Take(began + 30).events.empty());
  EXPECT_GE(platform::MonotonicMs(), began + 30);
}

TEST(Inbox, ClientsAreBoundedByBytesToo) {
  Inbox inbox({.client_bytes = 100});
  const auto transaction = std::make_shared<const replica::SignedTransaction>(
      replica::SignedTransaction{std::string(60, 'e'), {}});
  EXPECT_TRUE(inbox.PutClient({.ticket = 1, .transaction = transaction}));
  EXPECT_FALSE(inbox.PutClient({.ticket = 2, .transaction = transaction}));
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 1U);
  EXPECT_TRUE(inbox.PutClient({.ticket = 3, .transaction = transaction}));
}

TEST(Inbox, QueriesAreTakenAFewAtATime) {
  Inbox inbox({.queries_a_batch = 8});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(inbox.PutQuery([](replica::Replica&) {}));
  inbox.PutOwn(replica::Tick{});
  const Inbox::Batch first = inbox.Take(std::nullopt);
  EXPECT_EQ(first.queries.size(), 8U);
  EXPECT_EQ(first.events.size(), 1U);
  EXPECT_EQ(inbox.Take(std::nullopt).queries.size(), 8U);
  EXPECT_EQ(inbox.Take(std::nullopt).queries.size(), 4U);
}

TEST(Inbox, ClientsAreTakenInBoundedBatches) {
  Inbox inbox({.clients_a_batch = 3});
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(inbox.PutClient({.ticket = i}));
  EXPECT_EQ(inbox.Take(std::nullopt).events.size(), 3U);
  EXPECT_EQ(inbox.clients_waiting(), 1U);
}

}  // namespace
}  // namespace timebank::rpc
