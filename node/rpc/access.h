// Who may read what: deny by default (DESIGN 7). A read token says who asks, in what capacity; the
// final state says whether that is so; the functions below say what follows from it.
#pragma once

#include <optional>
#include <string_view>

#include "api/client/error.h"
#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "ledger/state.h"
#include "timebank/v1/record.pb.h"

namespace timebank::rpc {

// A reader whose token verifies: this person, with an active key, and holding the office if one is
// named.
struct Viewer {
  MemberId member;
  v1::Role role = v1::ROLE_MEMBER;
  OrgId org;  // zero for MEMBER
};

struct TokenContext {
  const ledger::State& state;
  std::string_view audience;  // this validator's name
  Millis now;                 // ledger time
};

// `metadata`: the value of timebank-token-bin; empty: none was sent (NO_TOKEN). TOKEN_REFUSED says
// in its detail what does not hold.
[[nodiscard]] Expected<Viewer, client::Error> CheckToken(std::string_view metadata,
                                                         const TokenContext& context);

// The member itself, a proxy with scope "view", an officer of the home organisation or an ancestor,
// auditors of an ancestor. Merchants, devices, operators and exporters see no member.
[[nodiscard]] bool MaySeeMember(const Viewer& viewer, const v1::Member& member,
                                const ledger::State& state);
// Whoever may see one of its parties, and officers above its community.
[[nodiscard]] bool MaySeeEntry(const Viewer& viewer, const v1::Entry& entry,
                               const ledger::State& state);
// Whoever may see the holder, and staff of the provider.
[[nodiscard]] bool MaySeeRedemption(const Viewer& viewer, const v1::Redemption& redemption,
                                    const ledger::State& state);
// Lists of everybody and everything below `org`: officers of it or an ancestor.
[[nodiscard]] bool MaySeeSubtree(const Viewer& viewer, const OrgId& org,
                                 const ledger::State& state);
// Staff of the provider itself.
[[nodiscard]] bool MaySeeProvider(const Viewer& viewer, const OrgId& org,
                                  const ledger::State& state);
// Auditors, exporters, validator operators.
[[nodiscard]] bool MaySeeBlocks(const Viewer& viewer);

// `org` is `ancestor` or lies below it.
[[nodiscard]] bool LiesUnder(const OrgId& org, const OrgId& ancestor, const ledger::State& state);

}  // namespace timebank::rpc
