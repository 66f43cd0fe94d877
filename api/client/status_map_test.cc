#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "api/client/error.h"
#include "google/rpc/status.pb.h"

namespace timebank::client {
namespace {

TEST(StatusMap, EveryReasonSurvivesTheWire) {
  for (const ReasonInfo& row : AllReasons()) {
    SCOPED_TRACE(NameOf(row.reason));
    Error sent = MakeError(row.reason, "because of the test");
    sent.metadata[std::string(kHeightKey)] = "17";
    sent.retry_after_ms = 1500;
    const grpc::Status status = ToStatus(sent);
    EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(row.code));
    const Error received = FromStatus(status);
    EXPECT_EQ(received.reason, row.reason);
    EXPECT_EQ(received.code, row.code);
    EXPECT_EQ(received.message, sent.message);
    EXPECT_EQ(received.retry_after_ms, 1500U);
    EXPECT_EQ(received.Number(kHeightKey), 17U);
  }
}

TEST(StatusMap, AMessageSaysWhatWhyAndWhatToDo) {
  EXPECT_EQ(MakeError(v1::REASON_INBOX_FULL, "4096 are waiting").message,
            "the node is busy; 4096 are waiting; send the same bytes again later");
  EXPECT_GT(MakeError(v1::REASON_INBOX_FULL).retry_after_ms, 0U);
}

TEST(StatusMap, AForeignStatusKeepsItsCodeAndText) {
  const Error error = FromStatus({grpc::StatusCode::UNAVAILABLE, "connection refused"});
  EXPECT_EQ(error.reason, v1::REASON_UNSPECIFIED);
  EXPECT_EQ(error.code, RpcCode::kUnavailable);
  EXPECT_EQ(error.message, "connection refused");
  EXPECT_EQ(FromStatus({grpc::StatusCode::CANCELLED, ""}).code, RpcCode::kInternal);
}

TEST(StatusMap, GarbageDetailsAreIgnored) {
  const Error error = FromStatus({grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff\xff"});
  EXPECT_EQ(error.reason, v1::REASON_UNSPECIFIED);
  EXPECT_EQ(error.code, RpcCode::kNotFound);
}

TEST(StatusMap, ANumberThatIsNoneIsZero) {
  Error error = MakeError(v1::REASON_NOT_YET);
  EXPECT_EQ(error.Number(kHeightKey), 0U);
  error.metadata[std::string(kHeightKey)] = "12x";
  EXPECT_EQ(error.Number(kHeightKey), 0U);
}

}  // namespace
}  // namespace timebank::client
