// The tree of organisations (DOMAIN 1). Its depth is bounded, so walks are short.
#pragma once

#include "ledger/keys.h"
#include "ledger/records.h"

namespace timebank::ledger {

inline constexpr int kOrgDepthMax = 16;  // levels, the root included

// Zero for a root and for an unknown organisation.
[[nodiscard]] OrgId ParentOf(Records& records, const OrgId& org);
// The parent, or the organisation itself where the tree ends: who stands in ("Escalation").
[[nodiscard]] OrgId ParentOrRoot(Records& records, const OrgId& org);
// The root of its tree: whose ISSUER, SINK and GUARANTEE count.
[[nodiscard]] OrgId DistrictOf(Records& records, const OrgId& org);
// Number of organisations from `org` up to its root; 0 when unknown.
[[nodiscard]] int DepthOf(Records& records, const OrgId& org);
// True also when both are the same. False when `org` is unknown or zero.
[[nodiscard]] bool IsAncestor(Records& records, const OrgId& ancestor, const OrgId& org);
[[nodiscard]] bool IsProperAncestor(Records& records, const OrgId& ancestor, const OrgId& org);

}  // namespace timebank::ledger
