// The only translation between our errors and gRPC statuses: see error.h.
#include <google/protobuf/any.pb.h>
#include <grpcpp/support/status.h>

#include <charconv>

#include "api/client/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace timebank::client {

namespace {

// Where details of this kind are filed in a google.protobuf.Any.
constexpr char kTypePrefix[] = "type.googleapis.com";

void Pack(const google::protobuf::Message& detail, google::rpc::Status& out) {
  out.add_details()->PackFrom(detail, kTypePrefix);
}

RpcCode CodeOf(grpc::StatusCode code) {
  const auto number = static_cast<std::uint8_t>(code);
  switch (static_cast<RpcCode>(number)) {
    case RpcCode::kInvalidArgument:
    case RpcCode::kDeadlineExceeded:
    case RpcCode::kNotFound:
    case RpcCode::kAlreadyExists:
    case RpcCode::kPermissionDenied:
    case RpcCode::kResourceExhausted:
    case RpcCode::kFailedPrecondition:
    case RpcCode::kAborted:
    case RpcCode::kOutOfRange:
    case RpcCode::kUnimplemented:
    case RpcCode::kUnavailable:
    case RpcCode::kDataLoss:
    case RpcCode::kUnauthenticated:
      return static_cast<RpcCode>(number);
    case RpcCode::kOk:
    case RpcCode::kInternal:
      break;
  }
  return RpcCode::kInternal;
}

}  // namespace

Error MakeError(v1::Reason reason, std::string_view detail) {
  const ReasonInfo& info = InfoOf(reason);
  Error error{.reason = reason, .code = info.code};
  error.message = info.english;
  if (!detail.empty()) error.message.append("; ").append(detail);
  const std::string_view advice = TextOf(info.advice).english;
  if (!advice.empty()) error.message.append("; ").append(advice);
  if (info.code == RpcCode::kResourceExhausted) error.retry_after_ms = 100;
  return error;
}

grpc::Status ToStatus(const Error& error) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(error.code));
  details.set_message(error.message);
  google::rpc::ErrorInfo info;
  info.set_reason(NameOf(error.reason));
  info.set_domain(std::string(kErrorDomain));
  info.mutable_metadata()->insert(error.metadata.begin(), error.metadata.end());
  Pack(info, details);
  if (error.retry_after_ms != 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(error.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(
        static_cast<std::int32_t>(error.retry_after_ms % 1000 * 1000000));
    Pack(retry, details);
  }
  return {static_cast<grpc::StatusCode>(error.code), error.message, details.SerializeAsString()};
}

Error FromStatus(const grpc::Status& status) {
  Error error{.code = CodeOf(status.error_code()), .message = status.error_message()};
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return error;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info) &&
        info.domain() == kErrorDomain) {
      error.reason = ReasonOfName(info.reason());
      error.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.Is<google::rpc::RetryInfo>() && detail.UnpackTo(&retry)) {
      const std::int64_t milliseconds =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1000000;
      error.retry_after_ms = static_cast<std::uint32_t>(
          milliseconds < 0 ? 0 : (milliseconds > 60000 ? 60000 : milliseconds));
    }
  }
  return error;
}

std::uint64_t Error::Number(std::string_view key) const {
  const auto found = metadata.find(std::string(key));
  if (found == metadata.end()) return 0;
  std::uint64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto parsed = std::from_chars(found->second.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end ? value : 0;
}

}  // namespace timebank::client
