#include "wallet-cli/failure.h"

#include <utility>

#include "api/client/reasons.h"
#include "wallet-cli/texts.h"

namespace timebank::cli {
namespace {

Exit ExitOf(const client::Error& error) {
  using client::RpcCode;
  constexpr int kFirstServiceReason = 900;
  if (error.reason == v1::REASON_BLOCK_DAMAGED || error.code == RpcCode::kDataLoss) {
    return Exit::kNotVerified;
  }
  if (error.code == RpcCode::kUnavailable || error.code == RpcCode::kDeadlineExceeded ||
      error.code == RpcCode::kResourceExhausted) {
    // A limit that the rules set is a refusal; one that the node sets passes.
    const bool rule = error.reason != v1::REASON_UNSPECIFIED &&
                      static_cast<int>(error.reason) < kFirstServiceReason;
    return rule ? Exit::kRefused : Exit::kNotRecorded;
  }
  if (error.reason == v1::REASON_NOT_YET) return Exit::kNotRecorded;
  return Exit::kRefused;
}

// The particular why between the table's sentence and its advice.
std::string DetailOf(const client::Error& error, const client::ReasonInfo& info) {
  std::string_view rest = error.message;
  if (rest.starts_with(info.english)) rest.remove_prefix(info.english.size());
  const std::string_view advice = client::TextOf(info.advice).english;
  if (!advice.empty() && rest.ends_with(advice)) rest.remove_suffix(advice.size());
  while (rest.starts_with("; ")) rest.remove_prefix(2);
  while (rest.ends_with("; ")) rest.remove_suffix(2);
  return std::string(rest);
}

}  // namespace

Failure FailureOf(const client::Error& error, Language language) {
  const bool chinese = language == Language::kChinese;
  Failure failure;
  failure.exit = ExitOf(error);
  if (error.reason == v1::REASON_UNSPECIFIED) {
    failure.what = std::string(Say(Text::kNobodyAnswers, language)) + ": " + error.message;
  } else {
    const client::ReasonInfo& info = client::InfoOf(error.reason);
    failure.reason = client::NameOf(error.reason);
    failure.what = chinese ? info.chinese : info.english;
    const std::string detail = DetailOf(error, info);
    if (!detail.empty()) failure.what += (chinese ? "：" : ": ") + detail;
    const client::AdviceText advice = client::TextOf(info.advice);
    failure.next = chinese ? advice.chinese : advice.english;
  }
  for (const auto& [name, value] : error.metadata) failure.facts.emplace_back(name, value);
  return failure;
}

Failure LocalFailure(std::string what, std::string next) {
  Failure failure;
  failure.what = std::move(what);
  failure.next = std::move(next);
  return failure;
}

}  // namespace timebank::cli
