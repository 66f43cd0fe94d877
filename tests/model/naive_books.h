// The naive ledger's memory, and the questions and postings that its transactions share.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "tests/model/naive_records.h"

namespace timebank::model {

struct LineVerdict {
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  friend bool operator==(const LineVerdict&, const LineVerdict&) = default;
};

class NaiveBooks {
 protected:
  v1::Reason Already(v1::Outcome outcome);

  // naive_policy.cc: parameters, the tree of organisations, roles, keys, ages.
  std::int64_t Param(const Id& org, v1::PolicyParameter parameter, Time as_of_ms) const;
  std::optional<std::int64_t> NamedValue(const Id& org, std::uint32_t parameter,
                                         Time as_of_ms) const;
  std::optional<std::int64_t> Weight(const Id& org, v1::Category category, Time as_of_ms) const;
  bool IsAncestor(const Id& ancestor, const Id& org) const;  // Also of itself.
  bool IsProperAncestor(const Id& ancestor, const Id& org) const;
  Id Root(const Id& org) const;
  Id HomeOf(const Id& member) const;
  bool HoldsAt(const v1::Signer& signer, v1::Role role, const Id& org) const;
  bool HoldsOver(const v1::Signer& signer, v1::Role role, const Id& org) const;
  bool SignsAsMember(const v1::Signer& signer, const Id& member) const;
  bool SignsAsProxy(const v1::Signer& signer, const Id& of, std::uint32_t scope) const;
  bool IsProxyOf(const Id& person, const Id& of) const;
  bool KeyTooYoung(const v1::Signer& signer) const;
  bool Blocked(const Id& person) const;
  std::int64_t AgeOf(const Id& person) const;
  std::size_t ThresholdOf(const Id& org, std::uint32_t action) const;
  v1::Reason NeedThreshold(v1::Role role, const Id& org, std::uint32_t action,
                           std::size_t persons_min = 1) const;
  v1::Reason NeedPair(v1::Role first, v1::Role second, const Id& org, bool second_anywhere) const;
  bool IsTaken(const Id& id) const;  // By a visit, a purchase or a hold.
  v1::Reason CheckIdTime(const Id& id, const Id& org) const;
  v1::Reason CheckNearPlan(const Visit& visit, Time start_ms) const;
  v1::Reason CheckClaimTime(Time at_ms, const Id& org, Time policy_ms) const;

  // naive_money.cc: balances, holds, credits.
  std::int64_t BalanceOf(const Id& owner, v1::AccountKind account, std::uint32_t lot = 0) const;
  void Post(const Id& owner, v1::AccountKind account, std::uint32_t lot, std::int64_t amount);
  std::vector<Source> Sources(const Id& owner, std::int64_t minutes, bool earned_only) const;
  bool CanPay(const Id& owner, std::int64_t minutes, bool earned_only) const;
  void PlaceHold(const Id& id, HeldMinutes hold, std::int64_t minutes, bool earned_only);
  std::vector<Source> Capture(const Id& id, std::int64_t minutes, const Id& to,
                              v1::AccountKind account);
  void GiveBack(const Id& owner, const std::vector<Source>& lines);
  void ReleaseHold(const Id& id);
  // Returns what went to POOL.
  std::int64_t Credit(const Id& member, std::int64_t minutes, std::int64_t cap);
  bool InDebt(const Id& member) const;

  Hash chain_id_;
  std::int64_t civil_offset_minutes_ = 0;
  std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>> bounds_;
  std::map<Id, Person> people_;
  std::map<Id, Org> orgs_;
  std::map<AccountKey, std::int64_t> balances_;
  std::map<Id, HeldMinutes> holds_;
  std::map<Id, Visit> visits_;
  std::map<Id, v1::PublishOffer> offers_;
  std::map<Id, Purchase> purchases_;
  std::set<std::tuple<Id, std::uint32_t, std::uint32_t>> granted_;
  std::vector<Gift> gifts_;
  std::set<std::string> seen_;  // Ids of transactions.
  // The present block and transaction.
  Time now_ = 0;
  std::vector<Id> submissions_;  // Visits in the order in which they were submitted or typed.
  std::vector<v1::Signer> by_;
  std::vector<LineVerdict> lines_;
};

}  // namespace timebank::model
