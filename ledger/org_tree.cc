#include "ledger/org_tree.h"

namespace timebank::ledger {

OrgId ParentOf(Records& records, const OrgId& org) {
  const auto* record = records.Find<v1::Organisation>(org);
  return record == nullptr ? OrgId{} : As<OrgId>(record->parent());
}

OrgId ParentOrRoot(Records& records, const OrgId& org) {
  const OrgId parent = ParentOf(records, org);
  return parent.IsZero() ? org : parent;
}

OrgId DistrictOf(Records& records, const OrgId& org) {
  OrgId at = org;
  for (OrgId up = ParentOf(records, at); !up.IsZero(); up = ParentOf(records, at)) at = up;
  return at;
}

int DepthOf(Records& records, const OrgId& org) {
  int depth = 0;
  for (OrgId at = org; !at.IsZero(); at = ParentOf(records, at)) {
    if (records.Find<v1::Organisation>(at) == nullptr) break;
    ++depth;
  }
  return depth;
}

bool IsAncestor(Records& records, const OrgId& ancestor, const OrgId& org) {
  if (ancestor.IsZero() || records.Find<v1::Organisation>(org) == nullptr) return false;
  for (OrgId at = org; !at.IsZero(); at = ParentOf(records, at)) {
    if (at == ancestor) return true;
  }
  return false;
}

bool IsProperAncestor(Records& records, const OrgId& ancestor, const OrgId& org) {
  return ancestor != org && IsAncestor(records, ancestor, org);
}

}  // namespace timebank::ledger
