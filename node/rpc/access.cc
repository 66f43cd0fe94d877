#include "node/rpc/access.h"

#include <algorithm>
#include <array>

#include "api/client/read_token.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "crypto/ed25519.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

constexpr std::size_t kTokenBytesMax = 1024;
constexpr int kTreeDepthMax = 16;
constexpr std::uint32_t kProxyScopeView = 4;  // v1::SetProxy.scope

Unexpected<client::Error> Refuse(std::string_view why) {
  return Unexpected{client::MakeError(v1::REASON_TOKEN_REFUSED, why)};
}

const v1::MemberKey* FindKey(const v1::Member& member, std::string_view key_id) {
  const auto key = std::ranges::find(member.keys(), key_id, &v1::MemberKey::key_id);
  return key == member.keys().end() ? nullptr : &*key;
}

bool HoldsOffice(const v1::Member& member, v1::Role role, const OrgId& org) {
  return std::ranges::any_of(member.offices(), [&](const v1::Office& office) {
    return office.role() == role && office.org() == org.text();
  });
}

// Offices whose holders look after the people below their organisation. What is not listed sees
// nobody.
constexpr auto kSeePeople = std::to_array<v1::Role>(
    {v1::ROLE_APPROVER, v1::ROLE_REVIEWER, v1::ROLE_LISTER, v1::ROLE_REGULATOR, v1::ROLE_ASSESSOR,
     v1::ROLE_DISPATCHER, v1::ROLE_CLERK, v1::ROLE_FINANCE, v1::ROLE_AUDITOR,
     v1::ROLE_RECOVERY_OFFICER});
constexpr auto kSeeRedemptions =
    std::to_array<v1::Role>({v1::ROLE_MERCHANT, v1::ROLE_CASHIER, v1::ROLE_SETTLEMENT_CLERK});

bool SeesPeople(v1::Role role) { return std::ranges::find(kSeePeople, role) != kSeePeople.end(); }

bool SeesRedemptions(v1::Role role) {
  return std::ranges::find(kSeeRedemptions, role) != kSeeRedemptions.end();
}

std::optional<client::Error> CheckTimes(const v1::AuthToken& token, Millis now) {
  if (token.not_before_ms() > now.value()) return Refuse("it begins later").error;
  if (token.expiry_ms() <= now.value()) return Refuse("it is over").error;
  if (token.expiry_ms() - token.not_before_ms() > client::kTokenLifeMsMax) {
    return Refuse("it lasts longer than 15 minutes").error;
  }
  return std::nullopt;
}

}  // namespace

Expected<Viewer, client::Error> CheckToken(std::string_view metadata, const TokenContext& context) {
  if (metadata.empty()) return Unexpected{client::MakeError(v1::REASON_NO_TOKEN)};
  if (metadata.size() > kTokenBytesMax) return Refuse("it is too long");
  const auto outer = chain::ParseCanonical<v1::ReadToken>(AsBytes(metadata));
  if (!outer) return Refuse("it is not in canonical form");
  const auto token = chain::ParseCanonical<v1::AuthToken>(AsBytes(outer->token()));
  if (!token || token->version() != 1) return Refuse("it is not in canonical form");
  if (token->audience() != context.audience) return Refuse("it is for another node");
  if (auto error = CheckTimes(*token, context.now)) return Unexpected{std::move(*error)};

  const auto id = MemberId::From(token->member());
  const auto member = id ? context.state.Find<v1::Member>(*id) : std::nullopt;
  if (!member) return Refuse("no such member");
  const v1::MemberKey* key = FindKey(*member, token->key_id());
  if (key == nullptr || key->revoked_ms() != 0) return Refuse("the key is not active");
  const auto public_key = crypto::ParseSuitedKey(AsBytes(key->key()));
  const auto signature = crypto::ParseSuitedSignature(AsBytes(outer->signature()));
  if (!public_key || !signature ||
      !crypto::Verify(*public_key,
                      chain::SignedBytes(chain::kAuthDomain, context.state.chain_id(),
                                         {AsBytes(outer->token())}),
                      *signature)) {
    return Refuse("its signature does not verify");
  }

  Viewer viewer{.member = *id};
  if (token->role() == v1::ROLE_MEMBER) {
    return token->org().empty() ? Expected<Viewer, client::Error>(viewer)
                                : Refuse("a member reads without an organisation");
  }
  const auto org = OrgId::From(token->org());
  viewer.role = static_cast<v1::Role>(token->role());
  if (!org || !v1::Role_IsValid(static_cast<int>(token->role())) ||
      !HoldsOffice(*member, viewer.role, *org)) {
    return Refuse("the member does not hold this office");
  }
  viewer.org = *org;
  return viewer;
}

bool LiesUnder(const OrgId& org, const OrgId& ancestor, const ledger::State& state) {
  OrgId at = org;
  for (int depth = 0; depth < kTreeDepthMax && !at.IsZero(); ++depth) {
    if (at == ancestor) return true;
    const auto record = state.Find<v1::Organisation>(at);
    if (!record) return false;
    at = ledger::As<OrgId>(record->parent());
  }
  return false;
}

bool MaySeeSubtree(const Viewer& viewer, const OrgId& org, const ledger::State& state) {
  return SeesPeople(viewer.role) && LiesUnder(org, viewer.org, state);
}

bool MaySeeMember(const Viewer& viewer, const v1::Member& member, const ledger::State& state) {
  if (viewer.role == v1::ROLE_MEMBER) {
    if (member.member() == viewer.member.text()) return true;
    return std::ranges::any_of(member.proxies(), [&](const v1::ProxyGrant& grant) {
      return grant.proxy() == viewer.member.text() && (grant.scope() & kProxyScopeView) != 0 &&
             (grant.until_ms() == 0 || grant.until_ms() > state.time().value());
    });
  }
  return MaySeeSubtree(viewer, ledger::As<OrgId>(member.home_org()), state);
}

bool MaySeeEntry(const Viewer& viewer, const v1::Entry& entry, const ledger::State& state) {
  if (viewer.role != v1::ROLE_MEMBER) {
    return MaySeeSubtree(viewer, ledger::As<OrgId>(entry.community()), state);
  }
  for (const std::string& party : {entry.elder(), entry.volunteer()}) {
    if (party.empty()) continue;
    const auto member = state.Find<v1::Member>(ledger::As<MemberId>(party));
    if (member && MaySeeMember(viewer, *member, state)) return true;
  }
  return false;
}

bool MaySeeRedemption(const Viewer& viewer, const v1::Redemption& redemption,
                      const ledger::State& state) {
  if (MaySeeProvider(viewer, ledger::As<OrgId>(redemption.org()), state)) return true;
  const auto holder = state.Find<v1::Member>(ledger::As<MemberId>(redemption.holder()));
  return holder && MaySeeMember(viewer, *holder, state);
}

bool MaySeeProvider(const Viewer& viewer, const OrgId& org, const ledger::State& state) {
  return SeesRedemptions(viewer.role) && LiesUnder(org, viewer.org, state);
}

bool MaySeeBlocks(const Viewer& viewer) {
  return viewer.role == v1::ROLE_AUDITOR || viewer.role == v1::ROLE_EXPORTER ||
         viewer.role == v1::ROLE_VALIDATOR_OPERATOR;
}

}  // namespace timebank::rpc
