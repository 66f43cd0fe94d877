// What a Reason means to people and programs: the one table behind every refusal in API errors, the
// command line and the documentation. Every value of timebank.v1.Reason has exactly one row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "timebank/v1/vocabulary.pb.h"

namespace timebank::client {

// google.rpc.Code, by number.
enum class RpcCode : std::uint8_t {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// Whether the same signed bytes may succeed later.
enum class Retry : std::uint8_t { kNever, kLater };

// Who can do something about it, and what.
enum class Advice : std::uint8_t {
  kNone,
  kFixProgram,    // the app made bytes that no app should make
  kCheckInput,    // a value that a person typed or chose
  kSignAgain,     // build and sign a new transaction
  kGetReceipt,    // it is recorded: fetch the receipt
  kCheckKey,      // the key or person is not the one that the ledger knows
  kAskOffice,     // somebody with the office has to sign
  kReadAgain,     // the record changed: read it, then decide
  kAskCommunity,  // a rule stands in the way: the community explains or appeals
  kWaitAndRetry,  // send the same bytes again later
  kSendToken,     // make a read token and ask again
  kAskOperator,   // the node's operator has to act
};

struct ReasonInfo {
  v1::Reason reason;
  RpcCode code;
  Retry retry;
  Advice advice;
  std::string_view english;
  std::string_view chinese;
};

struct AdviceText {
  std::string_view english;
  std::string_view chinese;
};

// All rows, ascending by reason.
[[nodiscard]] std::span<const ReasonInfo> AllReasons();

// The row of `reason`. A number that this build does not know (a newer node's) gives the row of
// REASON_UNSPECIFIED.
[[nodiscard]] const ReasonInfo& InfoOf(v1::Reason reason);

[[nodiscard]] AdviceText TextOf(Advice advice);

// The stable name that travels in ErrorInfo, "REASON_F13_INSUFFICIENT"; a number without a name
// gives "REASON_" and the number.
[[nodiscard]] std::string NameOf(v1::Reason reason);

// REASON_UNSPECIFIED for a name of no reason.
[[nodiscard]] v1::Reason ReasonOfName(std::string_view name);

// "what; what to do" in one line of English.
[[nodiscard]] std::string Sentence(v1::Reason reason);

}  // namespace timebank::client
