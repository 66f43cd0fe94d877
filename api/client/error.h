// How a refusal travels: Error in our programs, google.rpc.Status with ErrorInfo (and RetryInfo) on
// the wire. The node writes it, clients read it; status_map.cc is the only translation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "api/client/reasons.h"

namespace grpc {
class Status;
}  // namespace grpc

namespace timebank::client {

inline constexpr std::string_view kErrorDomain = "timebank";
// Keys of Error::metadata.
inline constexpr std::string_view kTransactionIdKey = "transaction_id";  // hexadecimal
inline constexpr std::string_view kHeightKey = "judged_height";          // decimal
inline constexpr std::string_view kReachableKey = "validators_reachable";
// Whose clocks are too far from the node's, where that is so.
inline constexpr std::string_view kClocksApartKey = "clocks_apart";
inline constexpr std::string_view kQuorumKey = "validators_needed";

struct Error {
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  RpcCode code = RpcCode::kInternal;
  std::string message;  // what; why; what to do
  std::uint32_t retry_after_ms = 0;
  std::map<std::string, std::string> metadata;

  // A decimal number of the metadata, 0 when absent or no number.
  [[nodiscard]] std::uint64_t Number(std::string_view key) const;
};

// The row of `reason`, with `detail` (the particular why, may be empty) between what and what to
// do.
[[nodiscard]] Error MakeError(v1::Reason reason, std::string_view detail = {});

[[nodiscard]] grpc::Status ToStatus(const Error& error);
// A status without our ErrorInfo (a broken connection, a passed deadline) keeps its code and text
// and gets REASON_UNSPECIFIED. Requires: !status.ok().
[[nodiscard]] Error FromStatus(const grpc::Status& status);

}  // namespace timebank::client
