// Where each record lives: state key = table u8 || id of the table's one fixed width (FORMATS 7).
// A new table gets a `Record` here and a number in v1::Table, never reused.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/strong.h"
#include "chain/header.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/recovery.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

// A hold has the id of the entry or redemption that it pays; a donation's is its own (holds.h).
using HoldId = FixedBytes<struct HoldTag, 16>;

// The id in a bytes field. A field that is absent gives the zero id, which no record has.
template <typename Id>
[[nodiscard]] Id As(std::string_view field) {
  const auto id = Id::From(field);
  return id ? *id : Id{};
}

// A state key as a value without allocation; ordered as its bytes are.
class StateKey {
 public:
  static constexpr std::size_t kSizeMax = 33;
  StateKey() = default;
  explicit StateKey(v1::Table table) { Byte(static_cast<std::uint64_t>(table)); }
  // Requires: at most kSizeMax bytes.
  explicit StateKey(ByteView bytes) { Raw(bytes); }

  StateKey& Raw(ByteView bytes);
  // Big-endian, as every integer of a key.
  StateKey& U8(std::uint8_t v) { return Byte(v); }
  StateKey& U16(std::uint16_t v) { return Byte(v >> 8U).Byte(v); }
  StateKey& U32(std::uint32_t v) { return U16(static_cast<std::uint16_t>(v >> 16U)).U16(Low(v)); }
  StateKey& U64(std::uint64_t v) {
    return U32(static_cast<std::uint32_t>(v >> 32U)).U32(static_cast<std::uint32_t>(v));
  }

  [[nodiscard]] ByteView view() const { return ByteView(data_).first(size_); }
  [[nodiscard]] v1::Table table() const { return static_cast<v1::Table>(data_[0]); }
  // The bytes after the table.
  [[nodiscard]] ByteView id() const { return view().subspan(1); }
  friend std::strong_ordering operator<=>(const StateKey& a, const StateKey& b);
  friend bool operator==(const StateKey& a, const StateKey& b) { return (a <=> b) == 0; }

 private:
  static std::uint16_t Low(std::uint32_t v) { return static_cast<std::uint16_t>(v); }
  StateKey& Byte(std::uint64_t v) {
    TB_CHECK(size_ < kSizeMax);
    data_[size_++] = static_cast<std::byte>(v & 0xFFU);
    return *this;
  }
  std::array<std::byte, kSizeMax> data_{};
  std::uint8_t size_ = 0;
};

// Ids made of several parts.
struct OrgAccountId {
  OrgId owner;
  v1::AccountKind kind = v1::ACCOUNT_KIND_UNSPECIFIED;
  v1::Asset asset = v1::ASSET_TIME;
  std::uint32_t lot = 0;
};
struct PolicyVersionId {
  OrgId org;
  std::uint32_t sequence = 0;  // 1 for the first to take effect
};
struct CounterId {
  // A member, but for OFFER_PERSON, POLICY_DAY and KEY_DAY.
  FixedBytes<struct CounterOwnerTag, 16> owner;
  v1::CounterScope scope = v1::COUNTER_SCOPE_UNSPECIFIED;
  std::uint32_t period = 0;  // of base/civil.h: yyyymmdd, yyyymm, yyyymmddhh or yyyy
};
struct GrantId {
  MemberId member;
  std::uint32_t list_class = 0;
  std::uint32_t month = 0;  // yyyymm
};
struct PairId {
  MemberId a;
  MemberId b;
};
// The one record of its table.
struct Single {};
using DigestSlot = Strong<struct DigestSlotTag, std::uint16_t>;  // height mod kDigestRing

inline constexpr std::uint64_t kDigestRing = 1024;

// Record<M>: the table of messages M and the type of its ids.
template <typename M>
struct Record;
template <v1::Table table, typename IdType>
struct RecordIn {
  using Id = IdType;
  static constexpr v1::Table kTable = table;
};
// clang-format off
template <> struct Record<v1::ChainRecord> : RecordIn<v1::TABLE_CHAIN, Single> {};
template <> struct Record<v1::Organisation> : RecordIn<v1::TABLE_ORGANISATION, OrgId> {};
template <> struct Record<v1::Member> : RecordIn<v1::TABLE_MEMBER, MemberId> {};
template <> struct Record<v1::OrgAccount> : RecordIn<v1::TABLE_ORG_ACCOUNT, OrgAccountId> {};
template <> struct Record<v1::Hold> : RecordIn<v1::TABLE_HOLD, HoldId> {};
template <> struct Record<v1::Entry> : RecordIn<v1::TABLE_ENTRY, EntryId> {};
template <> struct Record<v1::Offer> : RecordIn<v1::TABLE_OFFER, OfferId> {};
template <> struct Record<v1::Redemption> : RecordIn<v1::TABLE_REDEMPTION, RedemptionId> {};
template <> struct Record<v1::PolicyVersion> : RecordIn<v1::TABLE_POLICY, PolicyVersionId> {};
template <> struct Record<v1::Counter> : RecordIn<v1::TABLE_COUNTER, CounterId> {};
template <> struct Record<v1::TransactionMark> : RecordIn<v1::TABLE_TRANSACTION, Hash> {};
template <> struct Record<v1::DigestMark> : RecordIn<v1::TABLE_DIGEST, DigestSlot> {};
template <> struct Record<v1::ValidatorSetRecord> : RecordIn<v1::TABLE_VALIDATORS, Epoch> {};
template <> struct Record<v1::EvidenceRecord> : RecordIn<v1::TABLE_EVIDENCE, Epoch> {};
template <> struct Record<v1::EditionRecord> : RecordIn<v1::TABLE_EDITION, Single> {};
template <> struct Record<v1::PaperBatchRecord> : RecordIn<v1::TABLE_PAPER_BATCH, Hash> {};
template <> struct Record<v1::PairWindow> : RecordIn<v1::TABLE_PAIR, PairId> {};
template <> struct Record<v1::GrantMark> : RecordIn<v1::TABLE_GRANT, GrantId> {};
template <> struct Record<v1::RecoveryRecord> : RecordIn<v1::TABLE_RECOVERY, chain::Era> {};
// clang-format on

template <typename Tag, std::size_t N>
void AppendId(StateKey& key, const FixedBytes<Tag, N>& id) {
  key.Raw(id.view());
}
void AppendId(StateKey& key, const OrgAccountId& id);
void AppendId(StateKey& key, const PolicyVersionId& id);
void AppendId(StateKey& key, const CounterId& id);
void AppendId(StateKey& key, const GrantId& id);
void AppendId(StateKey& key, const PairId& id);
void AppendId(StateKey& key, Single id);
void AppendId(StateKey& key, DigestSlot id);
void AppendId(StateKey& key, Epoch id);
void AppendId(StateKey& key, chain::Era id);

template <typename M>
[[nodiscard]] StateKey KeyOf(const typename Record<M>::Id& id) {
  StateKey key(Record<M>::kTable);
  AppendId(key, id);
  return key;
}

}  // namespace timebank::ledger
