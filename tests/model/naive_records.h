// What the naive ledger remembers, in plain maps. No counters and no interval lists: caps and
// overlaps are found by looking at all visits. Written from docs/ledger.md and the rule book alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::model {

using Id = std::string;      // Raw bytes, as they stand in the messages.
using Time = std::uint64_t;  // Milliseconds of ledger time.
// {owner, account kind, lot}.
using AccountKey = std::tuple<Id, v1::AccountKind, std::uint32_t>;

struct Key {
  std::string bytes;
  Time since_ms = 0;
  bool revoked = false;
};

struct Proxy {
  std::uint32_t scope = 0;
  Time until_ms = 0;
};

struct Person {
  Id home;
  std::uint32_t birth_year = 0;
  v1::MemberStatus status = v1::MEMBER_STATUS_ACTIVE;
  Time created_ms = 0;
  std::vector<std::string> first_keys;  // As registered: what "same content" compares.
  std::map<std::string, Key> keys;      // By key id.
  std::set<std::pair<Id, v1::Role>> offices;
  std::map<Id, Proxy> proxies;
  std::map<Id, v1::Kinship> kin;
  std::set<std::uint32_t> classes;
  std::int64_t entries_approved = 0;
  std::int64_t honours_minutes = 0;
};

struct Policy {
  Time made_ms = 0;
  Time effective_from_ms = 0;
  std::map<std::uint32_t, std::int64_t> values;
};

struct Org {
  Id parent;  // Empty for a root.
  v1::OrganisationKind kind = v1::ORGANISATION_KIND_UNSPECIFIED;
  std::string name;
  Time created_ms = 0;
  std::map<std::uint32_t, std::uint32_t> thresholds;
  std::vector<Policy> policies;
  std::int64_t budget = 0;
};

struct Source {
  v1::AccountKind account = v1::ACCOUNT_KIND_UNSPECIFIED;
  std::uint32_t lot = 0;
  std::int64_t minutes = 0;
};

struct HeldMinutes {
  Id owner;
  v1::HoldPurpose purpose = v1::HOLD_PURPOSE_UNSPECIFIED;
  std::vector<Source> lines;
  Time expires_ms = 0;
  Id beneficiary;  // Donations only.
};

struct Visit {
  v1::EntryState state = v1::ENTRY_STATE_UNSPECIFIED;
  Id community;
  Id elder;
  Id volunteer;
  v1::EntryKind kind = v1::ENTRY_KIND_UNSPECIFIED;
  v1::Category category = v1::CATEGORY_UNSPECIFIED;
  Time policy_ms = 0;
  bool ordered = false;
  Time planned_start_ms = 0;
  std::int64_t planned_minutes = 0;
  Time check_in_ms = 0;
  Time check_out_ms = 0;
  bool bad_place = false;  // A check-in or check-out claimed MISMATCH or NONE.
  std::string content;     // Bytes of EntryContent once submitted.
  Time start_ms = 0;
  Time end_ms = 0;
  std::int64_t served = 0;
  std::int64_t credited = 0;
  Time submitted_ms = 0;
  Id submitted_by;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  Time confirmed_ms = 0;
  Id confirmed_by;
  Id confirmed_key;  // With which a holder of a key confirmed: APP and PROXY.
  Id witness;
  std::uint32_t flags = 0;
  Time approved_ms = 0;
  Id approved_by;
  Id approver_org;
  Time cooling_until_ms = 0;
  v1::ReviewVerdict review = v1::REVIEW_VERDICT_UNSPECIFIED;
  Time credited_ms = 0;
  Id replaces;
  std::vector<Source> paid;
  std::int64_t pooled = 0;  // Of the credited minutes.
  Time due_ms = 0;          // When the state is left by itself; 0: never.

  // It fills its interval and counts against the caps.
  [[nodiscard]] bool Counts() const {
    return state == v1::ENTRY_STATE_SUBMITTED || state == v1::ENTRY_STATE_CONFIRMED ||
           state == v1::ENTRY_STATE_COOLING || state == v1::ENTRY_STATE_CREDITED;
  }
};

struct Purchase {
  v1::RedemptionState state = v1::REDEMPTION_STATE_UNSPECIFIED;
  Id offer;
  Id org;
  Id holder;
  v1::OfferKind kind = v1::OFFER_KIND_UNSPECIFIED;
  std::uint32_t quantity = 0;
  std::int64_t price = 0;
  std::int64_t fulfilled = 0;
  bool by_card = false;
  std::string action;  // Bytes of RedeemAction: what "same content" compares.
  Time requested_ms = 0;
  Time due_ms = 0;

  // Not released: it counts against stock, limits and shares.
  [[nodiscard]] bool Counts() const {
    return state != v1::REDEMPTION_STATE_CANCELLED && state != v1::REDEMPTION_STATE_DECLINED &&
           state != v1::REDEMPTION_STATE_EXPIRED;
  }
};

struct Gift {
  Id from;
  Time at_ms = 0;
  std::int64_t minutes = 0;
};

}  // namespace timebank::model
