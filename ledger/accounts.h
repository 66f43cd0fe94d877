// Accounts of the two assets and how balances change (DOMAIN 2). Minutes move only by
// TxContext::Move, one account down and another up, so that every transaction sums to zero.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "ledger/keys.h"
#include "ledger/records.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

// An account of a member (EARNED, HELD, DEBT, ...) or of an organisation (POOL, SINK, ...): the
// kind tells which.
struct Account {
  FixedBytes<struct AccountOwnerTag, 16> owner;
  v1::AccountKind kind = v1::ACCOUNT_KIND_UNSPECIFIED;
  std::uint32_t lot = 0;  // yyyymm for GRANT, else 0
  v1::Asset asset = v1::ASSET_TIME;

  // Requires: `kind` is an account of members, or of organisations.
  [[nodiscard]] static Account Of(const MemberId& member, v1::AccountKind kind,
                                  std::uint32_t lot = 0);
  [[nodiscard]] static Account Of(const OrgId& org, v1::AccountKind kind);
};

[[nodiscard]] bool IsMemberAccount(v1::AccountKind kind);

// Zero for an account without a balance.
[[nodiscard]] std::int64_t BalanceOf(const v1::Member& member, v1::AccountKind kind,
                                     std::uint32_t lot = 0);
[[nodiscard]] std::int64_t BalanceOf(Records& records, const Account& account);

// Adds `amount` (of either sign) to the balance. Refuses, changing nothing: F13 where the kind is
// never negative, F10 for ISSUER below its approved budget, AMOUNT_OVERFLOW, UNKNOWN_MEMBER.
// REASON_UNSPECIFIED when done. Requires: an account kind that is in use.
[[nodiscard]] v1::Reason AddToBalance(Records& records, const Account& account,
                                      std::int64_t amount);

// What a record contributes to the sum of all balances of one asset; other records contribute
// nothing. Empty on overflow.
[[nodiscard]] std::optional<std::int64_t> BalanceSum(const StateKey& key,
                                                     const google::protobuf::Message* record,
                                                     v1::Asset asset);

}  // namespace timebank::ledger
