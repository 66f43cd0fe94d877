// Who may act: roles at organisations (F15), thresholds, the age of keys (F8), and who is too close
// to whom (F3). Conflicts are judged by person, never by key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/expected.h"
#include "ledger/context.h"

namespace timebank::ledger {

// Bits of ProxyGrant::scope.
enum ProxyScope : std::uint32_t {
  kProxyConfirm = 1,
  kProxyRedeem = 2,
  kProxyView = 4,
  kProxyOrder = 8,
};
inline constexpr std::uint32_t kProxyScopeAll = 15;

// A threshold is 1..16 persons.
inline constexpr std::uint32_t kThresholdPersonsMax = 16;
// Who holds more offices than this holds none of them well; and member records stay small.
inline constexpr int kMemberOfficesMax = 64;

// Resolves the body's signers into tx.signers(): UNKNOWN_MEMBER, UNKNOWN_KEY, KEY_REVOKED.
[[nodiscard]] Reason IdentifySigners(TxContext& tx, const v1::TransactionBody& body);

// ---- F15: what each returns when it does not hold, unless another reason is named ----

// The only signer of the transaction; F15 when there are several.
[[nodiscard]] Expected<Signer, Reason> OnlySigner(const TxContext& tx);
// Exactly one signer: `member` in the role MEMBER.
[[nodiscard]] Reason RequireMember(const TxContext& tx, const MemberId& member);
// True when the signer signs in `role` for an organisation where the person holds that office.
[[nodiscard]] bool HoldsOffice(TxContext& tx, const Signer& signer, v1::Role role);
// Exactly one signer, holding `role` at exactly `org`.
[[nodiscard]] Reason RequireOfficer(TxContext& tx, v1::Role role, const OrgId& org);
// Exactly one signer, holding `role` at an ancestor of `org` (itself included).
[[nodiscard]] Reason RequireOfficerAbove(TxContext& tx, v1::Role role, const OrgId& org);
// All signers hold `role` at `org`; THRESHOLD_NOT_MET when they are fewer distinct persons than
// the largest of the organisation's thresholds for the kinds with these field numbers (1 unless
// set).
[[nodiscard]] Reason RequireThreshold(TxContext& tx, v1::Role role, const OrgId& org,
                                      std::initializer_list<std::uint32_t> kinds);
struct OfficeAsked {
  v1::Role role;
  OrgId org;  // zero: at any organisation
};
// Exactly two signers, two persons, one for each office. THRESHOLD_NOT_MET for one person or one
// signer of the two.
[[nodiscard]] Reason RequireTwoOfficers(TxContext& tx, const OfficeAsked& a, const OfficeAsked& b);

// True when the signer signs as COUNCIL for an organisation of the council.
[[nodiscard]] bool SitsInCouncil(TxContext& tx, const Signer& signer);
// All signers sit in the council (F15); as many persons of as many of its organisations as its
// threshold (THRESHOLD_NOT_MET).
[[nodiscard]] Reason RequireCouncil(TxContext& tx);

// True while `proxy` may act for `member` in all of `scope`; for scope 0, in any.
[[nodiscard]] bool IsProxyFor(const TxContext& tx, const v1::Member& member, const MemberId& proxy,
                              std::uint32_t scope);
[[nodiscard]] bool HoldsOfficeAt(const v1::Member& member, v1::Role role, const OrgId& org);
// Roles that are held at an organisation: all but MEMBER and PROXY.
[[nodiscard]] bool IsOffice(v1::Role role);
// ROLE_CONFLICT (DOMAIN 1): of approver, reviewer, lister, settlement clerk, recovery officer and
// auditor the person holds another one at `org`, an ancestor or a descendant of it.
[[nodiscard]] bool ConflictsWithOffices(Records& records, const v1::Member& member, v1::Role role,
                                        const OrgId& org);

// ---- F3 ----
// Registered in either direction.
[[nodiscard]] bool AreKin(TxContext& tx, const MemberId& a, const MemberId& b);
// True when the person is `party`, kin of `party`, or a proxy in force of `party`, whatever the
// scope.
[[nodiscard]] bool IsCloseTo(TxContext& tx, const MemberId& person, const MemberId& party);

// ---- F8, F14 ----
// F8_KEY_TOO_YOUNG when the signer's key is younger than KEY_AGE_MS of the signer's home as of
// block time.
[[nodiscard]] Reason RequireKeyAge(TxContext& tx, const Signer& signer);

// Local year of block time minus year of birth; 0 for a device, which has none.
[[nodiscard]] std::int64_t AgeYears(const TxContext& tx, const v1::Member& member);

// The active key of a member, or null: unknown or revoked.
[[nodiscard]] const v1::MemberKey* ActiveKey(const v1::Member& member, const KeyId& key_id);
[[nodiscard]] const v1::MemberKey* FindKey(const v1::Member& member, const KeyId& key_id);

}  // namespace timebank::ledger
