// The options of one command turned into ids, times and amounts. The first fault is kept and the
// rest reads on harmlessly, so that a command reads its options in one run and asks once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wallet-cli/arguments.h"
#include "wallet-cli/context.h"

namespace timebank::cli {

class Inputs {
 public:
  explicit Inputs(Context& context) : context_(context) {}

  [[nodiscard]] SlipParty Member(const std::string& text, std::string_view option);
  [[nodiscard]] OrgId Org(const std::string& text, std::string_view option);
  [[nodiscard]] std::int64_t Minutes(const std::string& text, std::string_view option);
  [[nodiscard]] std::int64_t Number(const std::string& text, std::string_view option, Range range);
  [[nodiscard]] Millis Time(const std::string& text, std::string_view option);
  // `size` bytes; empty for empty text, which is for options that may be absent.
  [[nodiscard]] std::string Hex(const std::string& text, std::string_view option, std::size_t size);
  template <typename Enum>
  [[nodiscard]] Enum Word(const std::string& text, std::string_view option) {
    return static_cast<Enum>(
        Keep(ParseWord(*google::protobuf::GetEnumDescriptor<Enum>(), text, option), 0));
  }
  // Ledger time, asked of the network.
  [[nodiscard]] Millis Now();
  // Fails with `what` when `fine` is false.
  void Require(bool fine, std::string what, v1::Reason reason = v1::REASON_MISSING_FIELD);

  [[nodiscard]] bool failed() const { return failure_.has_value(); }
  // Requires: failed().
  [[nodiscard]] Unexpected<Failure> failure() const { return Unexpected{*failure_}; }

 private:
  template <typename T>
  T Keep(Result<T> result, T otherwise) {
    if (result) return *result;
    if (!failure_) failure_ = result.error();
    return otherwise;
  }

  Context& context_;
  std::optional<Failure> failure_;
};

}  // namespace timebank::cli
