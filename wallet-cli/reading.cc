#include "wallet-cli/reading.h"

namespace timebank::cli {

Result<std::vector<client::Reader>> Capacities(Context& context) {
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  const Identity& identity = **self;
  std::vector<client::Reader> out;
  const std::string& wanted = context.options().role;
  const auto role = RoleOfName(wanted);
  if (wanted.empty() || role == v1::ROLE_MEMBER) {
    out.push_back({identity.member, v1::ROLE_MEMBER, std::nullopt, &*identity.key});
  }
  for (const Office& office : identity.offices) {
    if (!wanted.empty() && role != office.role) continue;
    out.push_back({identity.member, office.role, office.org, &*identity.key});
  }
  if (!out.empty()) return out;
  Failure failure;
  failure.exit = Exit::kUsage;
  failure.what = "'" + identity.name + "' does not hold the office '" + wanted + "'";
  return Unexpected{failure};
}

bool MayAskAgain(const client::Error& error) {
  return error.reason == v1::REASON_NOT_ENTITLED || error.reason == v1::REASON_TOKEN_REFUSED;
}

Result<v1::Entry> ReadEntry(Context& context, const std::string& id) {
  v1::GetEntryRequest request;
  request.set_entry(id);
  auto response = Read<v1::GetEntryResponse>(context, request);
  if (!response) return Unexpected{response.error()};
  return response->entry();
}

Result<v1::Member> ReadMember(Context& context, const MemberId& id) {
  v1::GetMemberRequest request;
  request.set_member(id.str());
  auto response = Read<v1::GetMemberResponse>(context, request);
  if (!response) return Unexpected{response.error()};
  return response->member();
}

}  // namespace timebank::cli
