#include "wallet-cli/inputs.h"

#include <utility>

namespace timebank::cli {

SlipParty Inputs::Member(const std::string& text, std::string_view option) {
  return Keep(context_.FindMember(text, option), SlipParty{});
}

OrgId Inputs::Org(const std::string& text, std::string_view option) {
  return Keep(context_.FindOrg(text, option), OrgId{});
}

std::int64_t Inputs::Minutes(const std::string& text, std::string_view option) {
  return Keep(ParseMinutes(text, option), std::int64_t{1});
}

std::int64_t Inputs::Number(const std::string& text, std::string_view option, Range range) {
  return Keep(ParseNumber(text, option, range), range.low);
}

Millis Inputs::Time(const std::string& text, std::string_view option) {
  return Keep(ParseTime(text, option, context_.CivilOffset()), Millis(0));
}

std::string Inputs::Hex(const std::string& text, std::string_view option, std::size_t size) {
  if (text.empty()) return "";
  return Keep(ParseHex(text, option, size), std::string());
}

Millis Inputs::Now() {
  if (failed()) return Millis(0);
  return Keep(context_.Now(), Millis(0));
}

void Inputs::Require(bool fine, std::string what, v1::Reason reason) {
  if (!fine && !failure_) failure_ = UsageFailure(std::move(what), reason);
}

}  // namespace timebank::cli
