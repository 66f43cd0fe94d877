#include "node/rpc/submit_stream.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "api/client/transaction_builder.h"
#include "node/rpc/submit_frame.h"
#include "node/rpc/testing/sample_ledger.h"
#include "node/rpc/transaction_service.h"

namespace timebank::rpc {
namespace {

using testing::SampleLedger;

// gRPC's side, whose client takes no response until the test says so.
class FakePort final : public StreamPort {
 public:
  void Write(v1::SubmitStreamResponse response) override {
    const std::scoped_lock lock(mutex_);
    for (const v1::SubmitResult& result : response.results()) results_.push_back(result);
    for (const v1::BlockReceipts& block : response.receipts()) proofs_ += block.proofs_size();
  }
  void Read() override { ++reads; }
  void Run(std::function<void()> work) override { work_ = std::thread(std::move(work)); }
  void Finish(const client::Error* error) override {
    if (error != nullptr) reason = error->reason;
    finished = true;
  }
  std::vector<v1::SubmitResult> results() {
    const std::scoped_lock lock(mutex_);
    return results_;
  }
  int proofs() {
    const std::scoped_lock lock(mutex_);
    return proofs_;
  }
  void Join() {
    if (work_.joinable()) work_.join();
  }
  std::atomic<int> reads{0};
  std::atomic<bool> finished{false};
  std::atomic<v1::Reason> reason{v1::REASON_UNSPECIFIED};

 private:
  std::mutex mutex_;
  std::vector<v1::SubmitResult> results_;
  int proofs_ = 0;
  std::thread work_;
};

class SubmitStreamTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(20'000, {}); }
  void TearDown() override {
    stream_->OnCancel();
    port_.Join();
    desk_.Stop();
  }
  void Open(std::uint64_t per_second, const InboxLimits& limits) {
    if (stream_) stream_->OnCancel();
    inbox_ = std::make_unique<Inbox>(limits);
    limit_ = std::make_unique<RateLimit>(per_second);
    backend_.inbox = inbox_.get();
    backend_.desk = &desk_;
    backend_.metrics = &metrics_;
    backend_.limit = limit_.get();
    stream_ = std::make_shared<SubmitStream>(&backend_, &port_, "a");
    stream_->Begin();
  }
  client::SignedTransaction Sign() const {
    v1::TransactionBody body;
    body.mutable_claim_order()->set_entry(std::string(16, 'e'));
    return client::BuildTransaction(sample_.chain_id(), sample_.now(),
                                    {{.member = sample_.elder.id, .key = &sample_.elder.key}},
                                    std::move(body));
  }
  static v1::SubmitStreamRequest Garbage(int count) {
    v1::SubmitStreamRequest frame;
    for (int i = 0; i < count; ++i) frame.add_envelopes("no envelope");
    return frame;
  }
  // Returns when the desk has handled all news so far.
  void Settle() {
    std::promise<void> done;
    desk_.Answer(desk_.Ask([&](const replica::SubmitAnswer&) { done.set_value(); }), {});
    done.get_future().wait();
  }
  void MakeFinal(const Hash& id) {
    replica::FinalBlock block;
    chain::Header header;
    header.height = Height(1);
    block.block.block = consensus::Block(header, std::make_shared<const Bytes>());
    block.rows.push_back({.id = id, .height = Height(1), .lines = {"line"}});
    block.proven_by = header;
    block.log_paths.resize(1);
    block.epochs = std::make_shared<const chain::EpochLinks>();
    desk_.Final(block);
  }
  static bool Soon(const std::function<bool()>& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return holds();
  }

  const SampleLedger sample_;
  Metrics metrics_;
  ClientDesk desk_{&metrics_};
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<RateLimit> limit_;
  Backend backend_{.name = "node-1",
                   .genesis = *chain::ParseGenesis(AsBytes(sample_.genesis_bytes())),
                   .chain_id = sample_.chain_id(),
                   .key = sample_.validator_keys().front()};
  FakePort port_;
  std::shared_ptr<SubmitStream> stream_;
};

TEST_F(SubmitStreamTest, AClientThatTakesNoResponsesIsNotReadFurther) {
  int frames = 0;
  while (port_.reads > frames) {
    stream_->OnFrame(Garbage(kSubmitFrameTransactionsMax));
    ASSERT_LT(++frames, 20);
  }
  EXPECT_LE(frames, 4);
  const int reads = port_.reads;
  while (port_.reads == reads) stream_->OnWritten(true);
  EXPECT_EQ(port_.reads, reads + 1) << "once it takes them, it is";
}

TEST_F(SubmitStreamTest, TheSameTwiceAndOnlyOneTaken) {
  Open(20'000, {.clients = 1});
  const auto transaction = Sign();
  v1::SubmitStreamRequest frame;
  frame.add_envelopes(transaction.envelope);
  frame.add_envelopes(transaction.envelope);
  stream_->OnFrame(std::move(frame));
  ASSERT_EQ(port_.results().size(), 1U);
  EXPECT_EQ(port_.results()[0].sequence(), 1U);
  EXPECT_EQ(port_.results()[0].reason(), v1::REASON_INBOX_FULL);
  MakeFinal(transaction.id);
  Settle();
  stream_->OnWritten(true);
  EXPECT_EQ(port_.proofs(), 1) << "the first is still waited for";
}

TEST_F(SubmitStreamTest, WhatIsOverTheRateIsTakenAndTheNextReadWaits) {
  Open(5, {});
  const int reads = port_.reads;
  stream_->OnFrame(Garbage(500));  // costs 11 requests, 10 are there
  EXPECT_EQ(port_.results().size(), 500U);
  EXPECT_EQ(port_.reads, reads);
  stream_->OnWritten(true);
  EXPECT_EQ(port_.reads, reads) << "the debt is not paid yet";
  EXPECT_TRUE(Soon([&] { return port_.reads == reads + 1; }));
}

TEST_F(SubmitStreamTest, AFrameForALaterHeightIsTakenUpOffTheDesksThread) {
  auto frame = Garbage(1);
  frame.set_min_height(1);
  stream_->OnFrame(std::move(frame));
  EXPECT_TRUE(port_.results().empty());
  MakeFinal(Hash{});
  EXPECT_TRUE(Soon([&] { return port_.results().size() == 1; }));
}

TEST_F(SubmitStreamTest, AStoppingNodeEndsItAndTakesNoOther) {
  EXPECT_EQ(backend_.calls.size(), 1U);
  backend_.calls.EndAll(client::MakeError(v1::REASON_SHUTTING_DOWN));
  EXPECT_TRUE(port_.finished);
  EXPECT_EQ(port_.reason, v1::REASON_SHUTTING_DOWN);
  FakePort late;
  const auto stream = std::make_shared<SubmitStream>(&backend_, &late, "a");
  stream->Begin();
  EXPECT_TRUE(late.finished);
  EXPECT_EQ(late.reads, 0);
}

TEST(SubmitFrame, IsMeasuredBeforeItIsParsed) {
  v1::SubmitStreamRequest frame;
  frame.set_min_height(3);
  for (std::size_t i = 0; i < kSubmitFrameTransactionsMax; ++i) frame.add_envelopes("e");
  const auto largest = ReadFrame(AsBytes(frame.SerializeAsString()));
  ASSERT_TRUE(largest.has_value());
  EXPECT_EQ(static_cast<std::size_t>(largest->envelopes_size()), kSubmitFrameTransactionsMax);
  EXPECT_EQ(largest->min_height(), 3U);
  for (int i = 0; i < 5; ++i) frame.add_envelopes("");
  EXPECT_FALSE(ReadFrame(AsBytes(frame.SerializeAsString())).has_value());
  EXPECT_FALSE(ReadFrame(AsBytes("\x0a\x05no")).has_value()) << "ends too early";
  EXPECT_FALSE(ReadFrame(AsBytes("\x0b\x0c")).has_value()) << "a group";
}

}  // namespace
}  // namespace timebank::rpc
