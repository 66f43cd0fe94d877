// TransactionService over real connections: who sees which receipt, and how calls end.
#include "node/rpc/transaction_service.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "api/client/read_token.h"
#include "node/rpc/testing/one_node.h"
#include "platform/clock.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {
namespace {

using testing::OneNode;
using testing::Person;
using testing::SampleLedger;

constexpr std::uint32_t kLongMs = 60'000;

bool Soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 500 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return holds();
}

class ReceiptTest : public ::testing::Test {
 protected:
  client::SignedTransaction Record(const std::vector<const Person*>& people) {
    auto transaction = node_.ListPeople(people);
    v1::SubmitRequest request;
    request.set_envelope(transaction.envelope);
    request.set_wait_ms(10'000);
    grpc::ClientContext context;
    v1::SubmitResponse response;
    const grpc::Status status = stub_->Submit(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(Shown(response.receipt()), people.size()) << "who submits is shown everything";
    return transaction;
  }
  static std::size_t Shown(const std::string& bytes) {
    v1::Receipt receipt;
    EXPECT_TRUE(receipt.ParseFromString(bytes));
    return static_cast<std::size_t>(receipt.lines_size());
  }
  // The number of lines shown, or why there is no receipt.
  Expected<std::size_t, v1::Reason> Get(const Hash& id, const Person* as = nullptr,
                                        const std::vector<std::uint32_t>& lines = {},
                                        std::uint32_t wait_ms = 0) {
    v1::GetReceiptRequest request;
    request.set_transaction_id(id.str());
    request.set_wait_ms(wait_ms);
    for (const std::uint32_t line : lines) request.add_lines(line);
    grpc::ClientContext context;
    if (as != nullptr) {
      context.AddMetadata(client::kTokenMetadata,
                          client::MakeReadToken(node_.ledger().chain_id(), SampleLedger::As(*as),
                                                "node-1", node_.backend().clock->LedgerNow()));
    }
    v1::GetReceiptResponse response;
    const grpc::Status status = stub_->GetReceipt(&context, request, &response);
    if (!status.ok()) return Unexpected{client::FromStatus(status).reason};
    return Shown(response.receipt());
  }

  OneNode node_{1};
  std::unique_ptr<v1::TransactionService::Stub> stub_ = node_.Connect();
};

TEST_F(ReceiptTest, OfAListShowsTheLinesThatTheReaderMaySee) {
  const SampleLedger& ledger = node_.ledger();
  const auto list = Record({&ledger.elder, &ledger.volunteer});
  EXPECT_EQ(Get(list.id).error(), v1::REASON_NO_TOKEN);
  EXPECT_EQ(Get(list.id, nullptr, {0}).error(), v1::REASON_NO_TOKEN);
  EXPECT_EQ(Get(list.id, &ledger.elder).value(), 1U);
  EXPECT_EQ(Get(list.id, &ledger.elder, {0}).value(), 1U);
  EXPECT_EQ(Get(list.id, &ledger.elder, {1}).error(), v1::REASON_NOT_FOUND);
  EXPECT_EQ(Get(list.id, &ledger.elder, {2}, kLongMs).error(), v1::REASON_NOT_FOUND);
  EXPECT_EQ(Get(list.id, &ledger.approver_a).value(), 2U);
  EXPECT_EQ(Get(list.id, &ledger.exporter, {1}).value(), 1U);
  EXPECT_EQ(Get(list.id, &ledger.stranger).error(), v1::REASON_NOT_FOUND);
  EXPECT_EQ(Get(list.id, &ledger.lister_a).value(), 2U);
}

TEST_F(ReceiptTest, OfOneLineIsForWhoKnowsTheId) {
  const auto one = Record({&node_.ledger().elder});
  EXPECT_EQ(Get(one.id).value(), 1U);
  EXPECT_EQ(Get(one.id, nullptr, {1}).error(), v1::REASON_NOT_FOUND);
  EXPECT_EQ(Get(Hash{}).error(), v1::REASON_NOT_FOUND);
  EXPECT_TRUE(Soon([&] { return node_.backend().calls.size() == 0; }));
}

TEST_F(ReceiptTest, OfADamagedBlockSaysSo) {
  const auto one = Record({&node_.ledger().elder});
  node_.DamageLog();
  EXPECT_EQ(Get(one.id).error(), v1::REASON_BLOCK_DAMAGED);
}

// Nothing becomes final here: three validators are missing.
class StuckTest : public ::testing::Test {
 protected:
  struct Call {
    grpc::ClientContext context;
    grpc::Status status;
    std::thread thread;
  };
  void Submit(Call& call, std::uint32_t wait_ms) {
    const SampleLedger& ledger = node_.ledger();
    v1::SubmitRequest request;
    request.set_envelope(node_.ListPeople({&ledger.elder, &ledger.volunteer}).envelope);
    request.set_wait_ms(wait_ms);
    call.thread = std::thread([&call, request, this] {
      v1::SubmitResponse response;
      call.status = stub_->Submit(&call.context, request, &response);
    });
  }
  void Get(Call& call) {
    call.thread = std::thread([&call, this] {
      v1::GetReceiptRequest request;
      request.set_transaction_id(Hash{}.str());
      request.set_wait_ms(kLongMs);
      v1::GetReceiptResponse response;
      call.status = stub_->GetReceipt(&call.context, request, &response);
    });
  }
  std::size_t open() { return node_.backend().calls.size(); }

  OneNode node_{4};
  std::unique_ptr<v1::TransactionService::Stub> stub_ = node_.Connect();
};

TEST_F(StuckTest, ACallThatIsGivenUpLeavesNothingBehind) {
  Call submit;
  Call get;
  Submit(submit, kLongMs);
  Get(get);
  ASSERT_TRUE(Soon([&] { return open() == 2; }));
  submit.context.TryCancel();
  get.context.TryCancel();
  submit.thread.join();
  get.thread.join();
  EXPECT_TRUE(Soon([&] { return open() == 0; }));
}

TEST_F(StuckTest, AStopEndsWhatIsUnderWayWithinTheGrace) {
  Call submit;
  Call get;
  Submit(submit, kLongMs);
  Get(get);
  grpc::ClientContext context;
  const auto stream = stub_->SubmitStream(&context);
  ASSERT_TRUE(Soon([&] { return open() == 3; }));
  const std::uint64_t began = platform::MonotonicMs();
  node_.server().Stop(4000);
  EXPECT_LT(platform::MonotonicMs() - began, 3900U) << "nothing had to be cut off";
  submit.thread.join();
  get.thread.join();
  EXPECT_EQ(client::FromStatus(submit.status).reason, v1::REASON_SHUTTING_DOWN);
  EXPECT_EQ(client::FromStatus(get.status).reason, v1::REASON_SHUTTING_DOWN);
  EXPECT_EQ(client::FromStatus(stream->Finish()).reason, v1::REASON_SHUTTING_DOWN);
  EXPECT_EQ(open(), 0U);
}

TEST_F(StuckTest, AFrameOfTooManyFieldsEndsTheStream) {
  grpc::ClientContext context;
  const auto stream = stub_->SubmitStream(&context);
  v1::SubmitStreamRequest frame;
  for (int i = 0; i < 300'000; ++i) frame.add_envelopes("");
  EXPECT_TRUE(stream->Write(frame));
  v1::SubmitStreamResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(client::FromStatus(stream->Finish()).reason, v1::REASON_BAD_FIELD);
  EXPECT_EQ(node_.backend().metrics->submitted, 0U);
}

}  // namespace
}  // namespace timebank::rpc
