#include "node/rpc/client_desk.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "platform/clock.h"

namespace timebank::rpc {
namespace {

Hash Id(int number) {
  Hash id;
  id.data[0] = static_cast<std::byte>(number);
  return id;
}

replica::FinalBlock BlockOf(std::uint64_t height, std::vector<Hash> ids) {
  chain::Header header;
  header.height = Height(height);
  replica::FinalBlock out;
  out.block.block = consensus::Block(header, std::make_shared<const Bytes>());
  for (const Hash& id : ids) out.rows.push_back({.id = id, .height = Height(height)});
  return out;
}

class Heard final : public FinalityListener {
 public:
  void OnFinal(const replica::FinalBlock& block, std::span<const std::size_t> rows) override {
    for (const std::size_t row : rows) finals.push_back(block.rows[row].id);
  }
  void OnDropped(const replica::SubmitAnswer& answer) override { drops.push_back(answer.id); }
  std::vector<Hash> finals;
  std::vector<Hash> drops;
};

class ClientDeskTest : public testing::Test {
 protected:
  // Returns when the desk has handled all news so far.
  void Settle() {
    std::promise<void> done;
    desk_.Answer(desk_.Ask([&](const replica::SubmitAnswer&) { done.set_value(); }), {});
    done.get_future().wait();
  }
  Metrics metrics_;
  ClientDesk desk_{&metrics_};
};

TEST_F(ClientDeskTest, AnAnswerReachesItsTicketOnce) {
  int calls = 0;
  const std::uint64_t ticket = desk_.Ask([&](const replica::SubmitAnswer& answer) {
    ++calls;
    EXPECT_EQ(answer.reason, v1::REASON_F4_DUPLICATE);
  });
  desk_.Answer(ticket, {.reason = v1::REASON_F4_DUPLICATE});
  desk_.Answer(ticket, {.reason = v1::REASON_F4_DUPLICATE});
  Settle();
  EXPECT_EQ(calls, 1);
}

TEST_F(ClientDeskTest, AForgottenTicketHearsNothing) {
  const std::uint64_t ticket =
      desk_.Ask([](const replica::SubmitAnswer&) { ADD_FAILURE() << "forgotten"; });
  desk_.Forget(ticket);
  desk_.Answer(ticket, {});
  Settle();
}

TEST_F(ClientDeskTest, AListenerHearsItsRowsAndNoOthers) {
  const auto first = std::make_shared<Heard>();
  const auto second = std::make_shared<Heard>();
  desk_.Listen(Id(1), first);
  desk_.Listen(Id(1), first);
  desk_.Listen(Id(2), second);
  desk_.Listen(Id(3), first);
  desk_.Final(BlockOf(1, {Id(1), Id(2), Id(9)}));
  desk_.Final(BlockOf(2, {Id(1), Id(3)}));
  Settle();
  EXPECT_EQ(first->finals, (std::vector<Hash>{Id(1), Id(3)}));
  EXPECT_EQ(second->finals, (std::vector<Hash>{Id(2)}));
  EXPECT_EQ(metrics_.final_transactions, 5U);
  EXPECT_EQ(metrics_.final_blocks, 2U);
}

TEST_F(ClientDeskTest, WhoStoppedListeningHearsNothing) {
  const auto listener = std::make_shared<Heard>();
  desk_.Listen(Id(1), listener);
  desk_.StopListening(Id(1), listener.get());
  desk_.Final(BlockOf(1, {Id(1)}));
  Settle();
  EXPECT_TRUE(listener->finals.empty());
}

TEST_F(ClientDeskTest, ADropIsToldAndCounted) {
  const auto listener = std::make_shared<Heard>();
  desk_.Listen(Id(1), listener);
  desk_.Dropped({.id = Id(1), .reason = v1::REASON_EXPIRED});
  Settle();
  EXPECT_EQ(listener->drops, (std::vector<Hash>{Id(1)}));
  EXPECT_EQ(metrics_.refusals().at(v1::REASON_EXPIRED), 1U);
}

TEST_F(ClientDeskTest, AHeightIsWaitedForOnlyUntilItsTime) {
  desk_.Begin(Height(5));
  std::vector<bool> told;
  desk_.WhenHeight(Height(5), 0, 0, [&](bool reached) { told.push_back(reached); });
  EXPECT_EQ(told, std::vector<bool>{true}) << "at once";
  std::promise<bool> later;
  std::promise<bool> never;
  const std::uint64_t now = platform::MonotonicMs();
  desk_.WhenHeight(Height(6), now + 10'000, 0, [&](bool reached) { later.set_value(reached); });
  desk_.WhenHeight(Height(7), now + 20, 0, [&](bool reached) { never.set_value(reached); });
  desk_.Final(BlockOf(6, {}));
  EXPECT_TRUE(later.get_future().get());
  EXPECT_FALSE(never.get_future().get());
}

TEST_F(ClientDeskTest, TimersRunInOrder) {
  std::vector<int> order;
  std::promise<void> done;
  const std::uint64_t now = platform::MonotonicMs();
  desk_.CallAt(now + 20, [&] { order.push_back(2), done.set_value(); });
  desk_.CallAt(now + 10, [&] { order.push_back(1); });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(ClientDeskTest, ATimerWakesADeskThatSleeps) {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::promise<void> done;
  desk_.CallAt(platform::MonotonicMs() + 10'000, [] {});
  desk_.CallAt(platform::MonotonicMs() + 10, [&] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(ClientDeskTest, ATimerCalledOffReleasesWhatItHeld) {
  const auto held = std::make_shared<int>(1);
  const auto timer = desk_.CallAt(platform::MonotonicMs() + 10'000, [held] {});
  EXPECT_EQ(held.use_count(), 2);
  desk_.CallOff(timer);
  EXPECT_EQ(held.use_count(), 1);
  desk_.CallOff(timer);
}

TEST_F(ClientDeskTest, WhatWaitsForHeightsIsBounded) {
  int refused = 0;
  const std::uint64_t until = platform::MonotonicMs() + 10'000;
  const auto count = [&](bool reached) { refused += reached ? 0 : 1; };
  desk_.WhenHeight(Height(9), until, kHeightBytesMax - kHeightWaiterBytes, [](bool) {});
  desk_.WhenHeight(Height(9), until, 1, count);
  EXPECT_EQ(refused, 1);
  desk_.Final(BlockOf(9, {}));
  Settle();
  std::promise<bool> later;
  desk_.WhenHeight(Height(10), until, 1, [&](bool reached) { later.set_value(reached); });
  desk_.Final(BlockOf(10, {}));
  EXPECT_TRUE(later.get_future().get()) << "there is room again";
}

TEST_F(ClientDeskTest, StoppingPassesOnWhatWasSaid) {
  int calls = 0;
  const std::uint64_t ticket = desk_.Ask([&](const replica::SubmitAnswer&) { ++calls; });
  desk_.Answer(ticket, {});
  desk_.Stop();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace timebank::rpc
